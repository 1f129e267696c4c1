"""Who sits where in some episodes of an update, and what those who learn see of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
from jax.sharding import NamedSharding

from loqa_agents.algorithms.algorithm import ActorCritic, Algorithm
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.common.rollout import Trajectory, play_episode
from loqa_agents.common.seatings import in_turn
from loqa_envs.game import Game, Params, Policy


class Occupant(NamedTuple):
    """Who sits in a seat, and who learns there."""

    policy: Policy
    params: Params
    """What it acts with; with an axis of columns in front if ``varies``."""
    varies: bool = False
    """Whether every column of the table has another one, with parameters of its own."""
    learner: Algorithm | None = None
    """By whom its side is seen with its values; None for a player that has none."""
    known: ActorCritic | None = None
    """All parameters of that learner, with the same axis as ``params``."""
    learns: int | None = None
    """The number of the learner that learns from this seat."""
    columns: int | None = None
    """From how many of the first columns it learns; None for all."""


@dataclass(frozen=True, eq=False)
class Table:
    """Episodes of the same occupants, seat by seat, in one column or in several.

    Columns are episodes with other parameters of the occupants that vary.
    """

    game: Game
    occupants: tuple[Occupant, ...]
    episodes: int
    """Episodes of each column."""
    columns: int | None = None
    """How many columns; None where no occupant varies."""

    def play(self, key: jax.Array, sharding: NamedSharding | None) -> Trajectory:
        """Episodes ``[B, n]``, B of each of n columns, in front, where devices share them."""
        policies = [occupant.policy for occupant in self.occupants]

        def column(key: jax.Array, params: Sequence[Params]) -> Trajectory:
            keys = jax.random.split(key, self.episodes)
            if sharding is not None:
                keys = jax.lax.with_sharding_constraint(keys, sharding)
            return jax.vmap(lambda key: play_episode(key, self.game, policies, params))(keys)

        params = [occupant.params for occupant in self.occupants]
        if self.columns is None:
            one: Trajectory = jax.tree.map(lambda leaf: leaf[:, None], column(key, params))
            return one
        keys, axes = jax.random.split(key, self.columns), [self._axis(o) for o in self.occupants]
        played: Trajectory = jax.vmap(column, (0, axes), 1)(keys, params)
        return played

    def views(self, played: Trajectory) -> list[tuple[int, int, EpisodeView]]:
        """Who learns by number, in which seat, and the view ``[B, n]`` from there."""
        return [
            (occupant.learns, seat, self._view(seat, played, occupant.columns))
            for seat, occupant in enumerate(self.occupants)
            if occupant.learns is not None
        ]

    def _view(self, seat: int, played: Trajectory, columns: int | None) -> EpisodeView:
        known = [occupant.known for occupant in self.occupants]
        axes = [self._axis(occupant) for occupant in self.occupants]
        if columns is not None:
            played = jax.tree.map(lambda leaf: leaf[:, :columns], played)
            known = [
                jax.tree.map(lambda leaf: leaf[:columns], each) if axis == 0 else each
                for each, axis in zip(known, axes, strict=True)
            ]
        see = partial(self._view_of_one, seat)
        seen: EpisodeView = jax.vmap(jax.vmap(see, (axes, 0)), (None, 0))(known, played)
        return seen

    def _view_of_one(self, seat: int, known: Sequence[Any], played: Trajectory) -> EpisodeView:
        me = self.occupants[seat].learner
        assert me is not None
        others = in_turn(len(self.occupants), seat)[1:]
        sees_values = bool({"values", "action_values"} & me.knows)

        def side(where: int) -> EpisodeView:
            learner = self.occupants[where].learner
            if learner is None or (where != seat and not sees_values):
                return me.watch(self.game, played, where)
            return learner.view(self.game, known[where], played, where)

        return side(seat)._replace(others=tuple(side(other) for other in others))

    def _axis(self, occupant: Occupant) -> int | None:
        return 0 if occupant.varies else None
