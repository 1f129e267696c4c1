"""One card for everyone's algorithm: how good is it on a social dilemma, and against whom."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import jax
import numpy as np
from annotated_types import Len

from loqa_agents.exact import best_response
from loqa_agents.league.best_response import Budget, Responders, memory_one, train_responders
from loqa_agents.league.by_hand import play_by_hand
from loqa_agents.league.entrants import Entrant, Seated, ready, seat, table_of
from loqa_agents.league.find import as_shown
from loqa_agents.league.foreign_code import Limit
from loqa_agents.league.intervals import Estimate, over_seeds
from loqa_agents.league.play import play_league
from loqa_agents.league.published_values import PUBLISHED
from loqa_agents.league.statistics import estimate
from loqa_agents.league.summary import mean_of
from loqa_agents.league.tables import PAIRS, Tables
from loqa_agents.settings import game_to_dict
from loqa_agents.versions import versions
from loqa_envs.coin_game import CoinGame
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
    other episodes than those that are reported. For players without memory of a matrix game it is
    the exact one, over whole episodes, besides. Without a budget it is left out. Exploitability is
    what a response gets from a seed less what the seed gets from itself: from a trained response, a
    lower bound.

    Intervals of 95 % are over seeds, by Student's t; those of one seed have none, nor has the
    cross-play of two. ``changed`` lists what differs from the protocol.

    Raises:
        PlayerError: where a Python player raises or does not answer with an action.
        ValueError: for no agents, agents of one name, no episodes, a game of more than two players,
            or a player of another game.
    """
    check("agents", agents, Annotated[list[Entrant] | tuple[Entrant, ...], Len(1)])
    agents = [ready(agent, game) for agent in agents]  # made once for all that follows
    devices = jax.devices() if devices is None else list(devices)
    known = [name for name in OPPONENTS if name in game.scripted_players(0)]
    # Opponents have names that no agent can have, since an agent may be a scripted player.
    opponents = [Entrant(f"opponent {name}\n", name) for name in known]
    team = [Entrant(agent.name, agent.player, "team\n") for agent in agents]
    league_key, response_key = jax.random.split(key)
    league = play_league(
        league_key, game, [*team, *opponents], num_episodes,
        devices=devices, act_timeout=act_timeout,
        progress=lambda done, whole: progress("pairs", done, whole),
    )  # fmt: skip
    rewards = estimate(league.rewards, [entrant.in_team for entrant in league.entrants])
    lines = [
        _line("self_play", _of(rewards.same_seed, 0)),
        *([_line("cross_play", _of(rewards.cross_seed, 0))] if len(team) > 1 else []),
        *(
            _line(name, _of(rewards.teams, 0, 1 + i), _of(rewards.teams, 1 + i, 0))
            for i, name in enumerate(known)
        ),
    ]
    if budget is not None:
        seeds = np.arange(len(team))
        lines += _responses(
            response_key, game, [seat(agent, game, act_timeout) for agent in agents],
            league.rewards[seeds, seeds], budget, devices,
            lambda done, whole: progress("updates of responders", done, whole),
        )  # fmt: skip
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
        return [*changed, "no best response"]
    given, standard = asdict(budget), asdict(BUDGET)
    return changed + [
        f"{given[name]} {name} for a best response instead of {standard[name]}"
        for name in standard
        if given[name] != standard[name]
    ]


def _responses(
    key: jax.Array,
    game: Game,
    players: Sequence[Seated],
    own: Any,
    budget: Budget,
    devices: Sequence[jax.Device],
    progress: Callable[[int, int], None],
) -> list[dict[str, Any]]:
    """The lines of the best responses; ``own[players, E]`` is what each gets from itself."""
    found: dict[int, Any] = {}
    families: dict[Any, list[int]] = {}
    for i, player in enumerate(players):
        families.setdefault(player.family, []).append(i)
    for number, indices in enumerate(families.values()):
        family = [players[i] for i in indices]
        train_key, *keys = jax.random.split(jax.random.fold_in(key, number), 3)

        def report(done: int, updates: int, number: int = number) -> None:
            progress(number * updates + done, len(families) * updates)

        responders = train_responders(train_key, game, family, budget, devices, report)
        best = _best(keys, game, family, responders, own.shape[1], devices)
        found |= dict(zip(indices, best, strict=True))
    rewards = np.stack([found[i] for i in range(len(players))])  # [seeds, E, 2]
    gets, keeps = rewards[..., 0], rewards[..., 1]
    lines = [
        _line("best_response", _over_seeds(keeps), _over_seeds(gets))
        | {"exploitability": _over_seeds(gets - own)}
    ]
    matrix_game: Any = game
    tables = [memory_one(game, player) for player in players]
    if all(table is not None for table in tables):
        values = [
            [best_response(matrix_game, table, seat=place)[0][0, 0] for place in (0, 1)]  # type: ignore[arg-type]
            for table in tables
        ]
        exact = np.broadcast_to(
            np.mean(values, axis=1)[:, None] / game.episode_length, own.shape
        ).astype(np.float32)
        lines.append(
            {"name": "exact_best_response", "agent": None, "opponent": _over_seeds(exact)}
            | {"exploitability": _over_seeds(exact - own)}
        )
    return lines


def _best(
    keys: Sequence[jax.Array],
    game: Game,
    players: Sequence[Seated],
    responders: Responders,
    episodes: int,
    devices: Sequence[jax.Device],
) -> list[Any]:
    """For each player ``[E, 2]``: rewards of its best responder, and of itself."""
    table, restarts = table_of(game), range(responders.restarts)
    seated = [[responders.seated(i, n) for n in restarts] for i in range(len(players))]
    tables = Tables(table, devices)

    def played(key: jax.Array, pairs: Sequence[tuple[Seated, Seated]]) -> list[Any]:
        seeds = jax.random.split(key, len(pairs))
        if players[0].on_host:
            numbers = [int(jax.random.bits(each, dtype=np.uint32)) for each in seeds]
            return [
                play_by_hand(n, table, (one.name, other.name), (one, other), episodes).rewards
                for n, (one, other) in zip(numbers, pairs, strict=True)
            ]
        return [
            rewards
            for start in range(0, len(pairs), PAIRS)
            for rewards in tables.play(
                list(seeds[start : start + PAIRS]), responders.seats, players[0].seats,
                [(one.params, other.params) for one, other in pairs[start : start + PAIRS]],
                episodes,
            ).met.rewards
        ]  # fmt: skip

    every = [(each, player) for player, row in zip(players, seated, strict=True) for each in row]
    means = [np.mean(rewards[:, 0]) for rewards in played(keys[0], every)]
    best = np.argmax(np.reshape(means, (len(players), len(restarts))), axis=1)
    return played(keys[1], [(seated[i][n], players[i]) for i, n in enumerate(best)])


def _over_seeds(values: Any) -> dict[str, Any]:
    """The estimate of ``values[seeds, E]``."""
    return _of(over_seeds(values.mean(-1, dtype=float)))


def _line(name: str, agent: dict[str, Any], opponent: dict[str, Any] | None = None) -> Any:
    return {"name": name, "agent": agent, "opponent": opponent}


def _of(value: Estimate, *place: int) -> dict[str, float | None]:
    """As JSON data; bounds that are not known are None."""
    numbers = {name: float(getattr(value, name)[place]) for name in ("mean", "low", "high")}
    return {name: None if np.isnan(n) else round(n, 6) for name, n in numbers.items()}
