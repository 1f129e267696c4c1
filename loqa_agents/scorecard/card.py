"""One card for everyone's algorithm: how good is it on a social dilemma, and against whom."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import jax
import numpy as np
from annotated_types import Len

from loqa_agents.common.settings import game_to_dict
from loqa_agents.common.versions import versions
from loqa_agents.league.entrants import Entrant, as_shown, ready, seat
from loqa_agents.league.intervals import Floats, over_seeds
from loqa_agents.league.play import play_league
from loqa_agents.league.statistics import Estimates, estimate
from loqa_agents.league.summary import mean_of
from loqa_agents.players.python.foreign_code import Limit
from loqa_agents.responses.best_response import Budget
from loqa_agents.responses.needs import require_for_responses
from loqa_agents.scorecard.answers import Answers, exact_responses, respond
from loqa_agents.scorecard.published_values import PUBLISHED
from loqa_envs.coin_game.game import CoinGame
from loqa_envs.game import Game
from loqa_envs.keys import boundary
from loqa_envs.validation import Count, check, checked

PROTOCOL = "loqa-scorecard-v2"
"""Changes when a number of the card would come out otherwise for the same agent."""
EPISODES, BUDGET = 1024, Budget()
"""What the protocol says; a card that was made with others says so."""
OPPONENTS = ("always_cooperate", "always_defect", "random", "tit_for_tat", "k_strikes")
"""Scripted players that an agent meets, as far as the game has them."""


@boundary
@checked
def scorecard(
    key: jax.Array,
    game: Game,
    agents: Sequence[Entrant],
    num_episodes: Count = EPISODES,
    budget: Budget | None = BUDGET,
    *,
    devices: Sequence[jax.Device] | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, whole: None,
    act_timeout: Limit = None,
) -> dict[str, Any]:
    """The card of ``agents``, the seeds of one training, as JSON data.

    Self-play (each seed with itself), cross-play (different seeds) and play against the scripted
    players are over ``num_episodes`` episodes a pair, half in each seat. The best response to each
    seed is the best of ``budget.restarts`` fresh policy-gradient learners; which is best is told on
    other episodes than those that are reported. Without a budget it is left out. For players
    without memory of a matrix game there is the exact one, over whole episodes, besides.
    Exploitability is what a response gets from a seed less what the seed gets from itself: from a
    trained response, a lower bound.

    Where the seats of two players differ, ``by_seat`` has the same lines of agents while they sat
    in each, and of whom they met in the other.

    In a game of N > 2 players, ``always_defect x2`` holds two seats, and copies of an agent the
    others. In cross-play one agent is among copies of another seed, and so is the responder among
    copies of an agent; it is looked for where seats are alike.

    Intervals of 95 % are over seeds, by Student's t; those of one seed have none, nor has the
    cross-play of two. ``changed`` lists what differs from the protocol.

    Raises:
        PlayerError: where a Python player raises or does not answer with an action.
        ValueError: for no agents, agents of one name, no episodes, a game of one player, a player
            of another game, or best responses where the seats of more than two players differ.
    """
    check("agents", agents, Annotated[list[Entrant] | tuple[Entrant, ...], Len(1)])
    agents = [ready(agent, game) for agent in agents]  # made once for all that follows
    devices = jax.devices() if devices is None else list(devices)
    known = [name for name in OPPONENTS if name in game.scripted_players(0)]
    # Opponents have names that no agent can have, since an agent may be a scripted player.
    opponents = [Entrant(f"opponent {name}\n", name) for name in known]
    team = [Entrant(agent.name, agent.player, "team\n") for agent in agents]
    seated = [seat(agent, game, act_timeout) for agent in agents]
    if budget is not None:
        require_for_responses(game, seated, budget, devices)
    league_key, response_key = jax.random.split(key)
    number = game.num_players
    keys = [league_key] if number == 2 else jax.random.split(league_key, number - 1)
    # One league for each number of seats that scripted players hold; one seat is left to agents.
    leagues = [
        play_league(
            own_key, game, [*team, *opponents], num_episodes,
            focal=number - held, rows=[each.name for each in team] if number > 2 else None,
            devices=devices, act_timeout=act_timeout,
            progress=lambda done, whole: progress("pairs", done, whole),
        )
        for held, own_key in enumerate(keys, 1)
    ]  # fmt: skip
    league = leagues[-1]
    found, exact = None, exact_responses(game, seated)
    if budget is not None:
        found = respond(
            response_key, game, [seat(agent, game, act_timeout) for agent in agents],
            num_episodes, budget, devices,
            lambda done, whole: progress("updates of responders", done, whole),
        )  # fmt: skip
    names = [entrant.in_team for entrant in league.entrants]
    seeds = np.arange(len(team))

    def lines_of(
        tables: Sequence[Any], answers: Answers | None, exact: Floats | None
    ) -> list[dict[str, Any]]:
        """Of pairs of tables ``[N, N, E]``: what an agent gets, what those that it meets get."""
        own = tables[-1][1][seeds, seeds]
        estimates = [tuple(estimate(each, names) for each in both) for both in tables]
        return _pairs(known, estimates, len(team)) + _responses(answers, exact, own)

    tables = [(each.rewards, each.theirs.swapaxes(0, 1)) for each in leagues]
    lines = lines_of(tables, found and found.over_seats, None if exact is None else exact.mean(0))
    card: dict[str, Any] = {
        "protocol": PROTOCOL,
        "changed": _changed(num_episodes, budget),
        "game": game_to_dict(game),
        "agents": [agent.name for agent in agents],
        "episodes": num_episodes,
        "budget": None if budget is None else asdict(budget),
        "lines": lines,
        "references": {name: mean_of(values) for name, values in league.references.items()},
        "versions": versions(),
    }
    if (in_seat := league.in_seat) is not None and number == 2:
        both = (in_seat[0], in_seat[1]), (in_seat[1], in_seat[0])
        card["by_seat"] = {
            str(place): lines_of(
                [both[place]],
                found and found.by_seat[place],
                None if exact is None else exact[1 - place],
            )
            for place in (0, 1)
        }
    if as_shown(game) == CoinGame(episode_length=game.episode_length):
        for line in lines:
            line["published"] = {
                method: column.lines[line["name"]]._asdict()
                for method, column in PUBLISHED.items()
                if line["name"] in column.lines
            }
        card["sources"] = {method: column.source for method, column in PUBLISHED.items()}
    return card


def _changed(episodes: int, budget: Budget | None) -> list[str]:
    """What was not as the protocol says."""
    changed = [] if episodes == EPISODES else [f"{episodes} episodes instead of {EPISODES}"]
    if budget is None:
        return [*changed, "no trained best response"]
    given, standard = asdict(budget), asdict(BUDGET)
    return changed + [
        f"{given[name]} {name} for a best response instead of {standard[name]}"
        for name in standard
        if given[name] != standard[name]
    ]


def _pairs(
    known: Sequence[str], tables: Sequence[tuple[Estimates, ...]], seeds: int
) -> list[dict[str, Any]]:
    """The lines of self-play, cross-play and play against the ``known`` scripted players.

    ``tables`` have what agents get and what those that they meet get, for each number of seats that
    these hold.
    """
    rewards, several = tables[-1][0], len(tables) > 1
    return [
        _line("self_play", rewards.same_seed.at(0)),
        *([_line("cross_play", rewards.cross_seed.at(0))] if seeds > 1 else []),
        *(
            _line(
                f"{name} x{held}" if several else name,
                own.teams.at(0, 1 + i),
                theirs.teams.at(1 + i, 0),
            )
            for i, name in enumerate(known)
            for held, (own, theirs) in enumerate(tables, 1)
        ),
    ]


def _responses(answers: Answers | None, exact: Floats | None, own: Floats) -> list[dict[str, Any]]:
    """The lines of best responses; ``own[seeds, E]`` is what each seed gets from itself there."""
    lines = []
    if answers is not None:
        lines.append(
            _line("best_response", _over_seeds(answers.keeps), _over_seeds(answers.gets))
            | {"exploitability": _over_seeds(answers.gets - own)}
        )
    if exact is not None:
        gets = np.broadcast_to(exact[:, None], own.shape)
        lines.append(
            {"name": "exact_best_response", "agent": None, "opponent": _over_seeds(gets)}
            | {"exploitability": _over_seeds(gets - own)}
        )
    return lines


def _over_seeds(values: Any) -> dict[str, Any]:
    """The estimate of ``values[seeds, E]``."""
    return over_seeds(values.mean(-1, dtype=float)).at()


def _line(name: str, agent: dict[str, Any], opponent: dict[str, Any] | None = None) -> Any:
    return {"name": name, "agent": agent, "opponent": opponent}
