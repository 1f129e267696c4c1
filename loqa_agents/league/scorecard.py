"""One card for everyone's algorithm: how good is it on a social dilemma, and against whom."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import jax
import numpy as np

from loqa_agents.exact import best_response
from loqa_agents.league.best_response import Budget, Responders, memory_one, train_responders
from loqa_agents.league.by_hand import play_by_hand
from loqa_agents.league.entrants import Entrant, Seated, seat, table_of
from loqa_agents.league.play import play_league
from loqa_agents.league.published_values import PUBLISHED
from loqa_agents.league.statistics import Estimate, estimate
from loqa_agents.league.tables import PAIRS, Tables
from loqa_agents.settings import game_to_dict
from loqa_envs.coin_game import CoinGame
from loqa_envs.game import Game

PROTOCOL = "loqa-scorecard-v1"
"""Changes when a number of the card would come out otherwise for the same agent."""
OPPONENTS = ("always_cooperate", "always_defect", "random", "tit_for_tat", "k_strikes")
"""Scripted players that an agent meets, as far as the game has them."""
_TEAM = "agent\n"  # no scripted player is called so


def scorecard(
    key: jax.Array,
    game: Game,
    agents: Sequence[Entrant],
    num_episodes: int = 1024,
    budget: Budget | None = Budget(),  # noqa: B008 -- frozen
    *,
    devices: Sequence[jax.Device] | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, whole: None,
) -> dict[str, Any]:
    """The card of ``agents``, the seeds of one training, as JSON data.

    Self-play (each seed with itself), cross-play (different seeds) and play against the scripted
    players are over ``num_episodes`` episodes a pair, half in each seat. The best response to each
    seed is the best of ``budget.restarts`` fresh policy-gradient learners; which is best is told on
    other episodes than those that are reported. For players without memory of a matrix game it is
    the exact one, over whole episodes, besides. Without a budget it is left out.

    Intervals of 95 % are by bootstrap over seeds, then episodes.

    Raises:
        ValueError: for no agents, no episodes, a game of more than two players, or a player of
            another game.
    """
    if not agents:
        raise ValueError("a scorecard needs an agent.")
    devices = jax.devices() if devices is None else list(devices)
    known = [name for name in OPPONENTS if name in game.scripted_players(0)]
    team = [Entrant(f"agent {i}\n", agent.player, _TEAM) for i, agent in enumerate(agents)]
    scripted = [Entrant(name, name) for name in known]
    league_key, response_key = jax.random.split(key)
    league = play_league(
        league_key, game, [*team, *scripted], num_episodes, devices=devices,
        progress=lambda done, whole: progress("pairs", done, whole),
    )  # fmt: skip
    teams = [entrant.in_team for entrant in league.entrants]
    rewards = estimate(league.rewards, teams)
    lines = [
        _line("self_play", _of(rewards.same_seed, 0)),
        *([_line("cross_play", _of(rewards.cross_seed, 0))] if len(team) > 1 else []),
        *(
            _line(name, _of(rewards.teams, 0, 1 + i), _of(rewards.teams, 1 + i, 0))
            for i, name in enumerate(known)
        ),
    ]
    card: dict[str, Any] = {
        "protocol": PROTOCOL,
        "game": game_to_dict(game),
        "agents": [agent.name for agent in agents],
        "episodes": num_episodes,
        "lines": lines,
        "references": {name: round(value, 6) for name, value in league.references.items()},
    }
    if budget is not None:
        players = [seat(agent, game) for agent in agents]
        own = league.rewards[np.arange(len(team)), np.arange(len(team))].mean(-1)
        lines += _responses(
            response_key, game, players, own, num_episodes, budget, devices,
            lambda done, whole: progress("updates of responders", done, whole),
        )  # fmt: skip
        card["budget"] = asdict(budget)
    if isinstance(game, CoinGame) and game == CoinGame(episode_length=game.episode_length):
        for line in lines:
            line["published"] = {
                method: column.lines[line["name"]]._asdict()
                for method, column in PUBLISHED.items()
                if line["name"] in column.lines
            }
        card["sources"] = {method: column.source for method, column in PUBLISHED.items()}
    return card


def _responses(
    key: jax.Array,
    game: Game,
    players: Sequence[Seated],
    own: Any,
    episodes: int,
    budget: Budget,
    devices: Sequence[jax.Device],
    progress: Callable[[int, int], None],
) -> list[dict[str, Any]]:
    """The lines of the best responses; ``own`` is what each player gets from itself."""
    found: dict[int, Any] = {}
    families: dict[Any, list[int]] = {}
    for i, player in enumerate(players):
        # Scripted players are of one family in a league, but have no parameters to differ in.
        families.setdefault(i if player.family == "scripted" else player.family, []).append(i)
    whole = budget.updates * len(families)
    for number, indices in enumerate(families.values()):
        family = [players[i] for i in indices]
        train_key, *keys = jax.random.split(jax.random.fold_in(key, number), 3)
        responders = train_responders(
            train_key, game, family, budget, devices,
            lambda done, updates, n=number: progress(n * updates + done, whole),  # type: ignore[misc]
        )  # fmt: skip
        found |= dict(
            zip(indices, _best(keys, game, family, responders, episodes, devices), strict=True)
        )
    rewards = np.stack([found[i] for i in range(len(players))])  # [seeds, E, 2]
    table = np.full((len(players), len(players), *rewards.shape[1:]), np.nan, np.float32)
    table[np.arange(len(players)), np.arange(len(players))] = rewards
    names = [_TEAM] * len(players)
    agent, responder = (estimate(table[..., column], names).same_seed for column in (1, 0))
    lines = [
        _line("best_response", _of(agent, 0), _of(responder, 0))
        | {"exploitability": round(float(np.mean(rewards[..., 0].mean(1) - own)), 6)}
    ]
    tables = [memory_one(game, player) for player in players]
    if all(each is not None for each in tables):
        matrix_game: Any = game
        exact = [
            np.mean([best_response(matrix_game, each, seat=place)[0][0, 0] for place in (0, 1)])
            / game.episode_length
            for each in tables
            if each is not None
        ]
        lines.append(
            {
                "name": "exact_best_response",
                "agent": None,
                "opponent": {"mean": round(float(np.mean(exact)), 6), "low": None, "high": None},
                "exploitability": round(float(np.mean(np.array(exact) - own)), 6),
            }
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
    seated = [
        [seat(Entrant("responder", responders.agent(i, n)), game) for n in restarts]
        for i in range(len(players))
    ]
    tables = Tables(table, devices)

    def played(key: jax.Array, pairs: Sequence[tuple[Seated, Seated]]) -> list[Any]:
        seeds = jax.random.split(key, len(pairs))
        if players[0].on_host:
            names = ("responder", "agent")
            numbers = [int(jax.random.bits(each, dtype=np.uint32)) for each in seeds]
            return [
                play_by_hand(n, table, names, pair, episodes).rewards
                for n, pair in zip(numbers, pairs, strict=True)
            ]
        return [
            rewards
            for start in range(0, len(pairs), PAIRS)
            for rewards in tables.play(
                list(seeds[start : start + PAIRS]), seated[0][0].seats, players[0].seats,
                [(one.params, other.params) for one, other in pairs[start : start + PAIRS]],
                episodes,
            ).met.rewards
        ]  # fmt: skip

    every = [(each, player) for player, row in zip(players, seated, strict=True) for each in row]
    means = [np.mean(rewards[:, 0]) for rewards in played(keys[0], every)]
    best = np.argmax(np.reshape(means, (len(players), len(restarts))), axis=1)
    return played(keys[1], [(seated[i][n], players[i]) for i, n in enumerate(best)])


def _line(name: str, agent: dict[str, Any], opponent: dict[str, Any] | None = None) -> Any:
    return {"name": name, "agent": agent, "opponent": opponent}


def _of(values: Estimate, *place: int) -> dict[str, Any]:
    mean, low, high = (float(array[place]) for array in values)
    return {"mean": round(mean, 6), "low": round(low, 6), "high": round(high, 6)}
