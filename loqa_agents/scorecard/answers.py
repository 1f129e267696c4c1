"""Best responses to the seeds of one training: the best that was found, and the best there is."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import jax
import numpy as np

from loqa_agents.league.entrants import Seated, table_of
from loqa_agents.league.intervals import Floats
from loqa_agents.league.pairs.python_pairs import play_python_pair
from loqa_agents.league.pairs.tables import PAIRS, Tables, by_seat
from loqa_agents.responses.best_response import Budget, Responders, memory_one, train_responders
from loqa_envs.game import Game
from loqa_envs.matrix_games.solve import best_response


class Answers(NamedTuple):
    """Best responses to each seed."""

    gets: Floats
    """``[seeds, E]``: what the response that was found gets."""
    keeps: Floats
    """``[seeds, E]``: what the agent gets from it."""


class Found(NamedTuple):
    over_seats: Answers
    by_seat: list[Answers]
    """With the agent in each seat of two, and the response in the other."""


def respond(
    key: jax.Array,
    game: Game,
    players: Sequence[Seated],
    episodes: int,
    budget: Budget,
    devices: Sequence[jax.Device],
    progress: Callable[[int, int], None],
) -> Found:
    """Look for best responses to players by training some."""
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
        best = _best(keys, game, family, responders, episodes, devices)
        found |= dict(zip(indices, best, strict=True))
    rewards = np.stack([found[i] for i in range(len(players))])  # [seeds, E, 2]
    over_seats = Answers(rewards[..., 0], rewards[..., 1])
    if game.num_players > 2:
        return Found(over_seats, [])
    placed = np.stack([by_seat(each) for each in rewards], 1)  # [P, seeds, E // 2, 2]
    return Found(over_seats, [Answers(placed[1 - at, ..., 0], placed[at, ..., 1]) for at in (0, 1)])


def exact_responses(game: Game, players: Sequence[Seated]) -> Floats | None:
    """``[P, seeds]``: reward per step of the best response in each of its seats.

    It is known for players without memory of matrix games; None for all others.
    """
    values, matrix = [], cast(Any, game)  # a table is known in matrix games only
    for place in (0, 1):
        tables = [memory_one(game, player, 1 - place) for player in players]
        known = [table for table in tables if table is not None]
        if len(known) < len(tables):
            return None
        values.append([best_response(matrix, table, seat=place)[0][0, 0] for table in known])
    return np.array(values, np.float32) / np.float32(game.episode_length)


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
    trained = len(responders.params)  # responders of both seats, or of each
    seated = [[responders.seated(i, *[n] * trained) for n in restarts] for i in range(len(players))]
    tables = Tables(table, devices)

    def played(key: jax.Array, pairs: Sequence[tuple[Seated, Seated]]) -> list[Any]:
        seeds = jax.random.split(key, len(pairs))
        if players[0].on_host:
            numbers = [int(jax.random.bits(each, dtype=np.uint32)) for each in seeds]
            return [
                play_python_pair(n, table, (one.name, other.name), (one, other), episodes).rewards
                for n, (one, other) in zip(numbers, pairs, strict=True)
            ]
        return [
            rewards
            for start in range(0, len(pairs), PAIRS)
            for rewards in tables.play(
                list(seeds[start : start + PAIRS]), responders.seats, players[0].seats,
                [(one.params, other.params) for one, other in pairs[start : start + PAIRS]],
                episodes,
            ).result.rewards
        ]  # fmt: skip

    every = [(each, player) for player, row in zip(players, seated, strict=True) for each in row]
    means = [_means(rewards, trained) for rewards in played(keys[0], every)]
    best = np.argmax(np.reshape(means, (len(players), len(restarts), trained)), axis=1)
    return played(keys[1], [(responders.seated(i, *n), players[i]) for i, n in enumerate(best)])


def _means(rewards: Floats, trained: int) -> Floats:
    """What the responder gets of ``rewards[E, 2]``, one number for all seats or one for each."""
    if trained == 1 or len(rewards) < 2:
        return np.repeat(np.mean(rewards[:, 0]), trained)
    return np.asarray(by_seat(rewards)[..., 0].mean(-1))
