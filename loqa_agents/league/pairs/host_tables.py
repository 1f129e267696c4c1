"""Batches of pairs in somebody's environment, which is stepped in Python."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from loqa_agents.common.seatings import seatings
from loqa_agents.league.pairs.tables import PairResult, Played, Seats, Tables
from loqa_agents.training.host.episodes import HostEpisodes, IllegalAction
from loqa_envs.adapters.host.game import HostGame
from loqa_envs.game import Game, Params

COPIES = 32
"""Copies of the environment that are stepped together, and so the bound on memory."""


class HostTables:
    """Plays pairs as `Tables` does, in copies of the environment that are closed after each call.

    Rewards are per step of the longest possible episode: a player that has left earns nothing.
    """

    def __init__(self, game: HostGame, focal: int = 1) -> None:
        self.game = game
        self._choices = seatings(game, focal)
        self._episodes = HostEpisodes(game)

    def play(
        self,
        keys: Sequence[jax.Array],
        first: Seats,
        second: Seats,
        params: Sequence[tuple[Params, Params]],
        episodes: int,
        turned: Sequence[bool] = (),
    ) -> Played:
        """What `Tables.play` gives of as many pairs as there are keys.

        Raises:
            EnvironmentFailed: if the environment does.
        """
        played = []
        try:
            for number, (key, (one, other)) in enumerate(zip(keys, params, strict=True)):
                pair = (first, one), (second, other)
                in_order = pair[::-1] if number < len(turned) and turned[number] else pair
                played.append(self._pair(key, *in_order, episodes))
        finally:
            self._episodes.close()
        together: Played = jax.tree.map(lambda *leaves: np.stack(leaves), *played)
        return together

    def _pair(
        self, key: jax.Array, one: tuple[Seats, Params], other: tuple[Seats, Params], episodes: int
    ) -> Played:
        """``[E, 2]``: episodes in which the one holds the choices of seats in turn."""
        choices, players = len(self._choices), range(self.game.num_players)
        slips = np.full((episodes, 2), self.game.episode_length, np.int32)
        rewards = np.zeros((episodes, 2), np.float32)
        for number, held in enumerate(self._choices):
            mine = np.arange(number, episodes, choices)  # in turns
            rest = [seat for seat in players if seat not in held]
            seated: list[Any] = [one if seat in held else other for seat in players]
            policies = [seats[seat] for seat, (seats, _) in enumerate(seated)]
            actors = [params for _, params in seated]
            for start in range(0, len(mine), COPIES):
                batch = mine[start : start + COPIES]
                own_key = jax.random.fold_in(jax.random.fold_in(key, number), start)
                try:
                    of_seats = self._episodes.play(own_key, policies, actors, len(batch)).rewards
                except IllegalAction as error:
                    slips[batch[error.copy], int(error.seat not in held)] = error.step
                    return Played(PairResult(rewards, {}), slips)
                means = np.asarray(of_seats).mean(1)  # [E, P]
                rewards[batch] = np.stack([means[:, list(held)].mean(1), means[:, rest].mean(1)], 1)
        return Played(PairResult(rewards, {}), slips)


def tables_of(game: Game, devices: Sequence[jax.Device] | None = None, focal: int = 1) -> Any:
    """What plays pairs of that game: under JAX, or step by step where it is not array code."""
    if game.under_jax:
        return Tables(game, devices, focal)
    environment: Any = game
    return HostTables(environment, focal)
