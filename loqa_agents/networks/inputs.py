"""What networks are given of a game: observations, and where they are made from."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loqa_envs.arrays import Array
from loqa_envs.game import Game
from loqa_envs.observation import Leaf, Observation, ObservationSpec, each_array


class Inputs(NamedTuple):
    """What a network is given: what a seat sees, and whether a clock comes with it."""

    spec: ObservationSpec
    """What one seat sees."""
    clock: bool = False
    """Whether the network is told the elapsed fraction of the episode, as critics are."""
    seats: int = 1
    """How many seats the network tells apart: each has first weights of its own."""

    @classmethod
    def of(cls, game: Game, clock: bool = False) -> "Inputs":
        """Inputs of a player of ``game``, which tells seats apart where they are not alike."""
        return cls(game.observation_spec, clock, 1 if game.seats_alike else game.num_players)

    def placed(self, observation: Observation, seat: int | None) -> Observation:
        """What the network is given of an observation in that seat: other inputs in every seat.

        Where seats are told apart, numbers and images are set in a vector that has room for those
        of each seat, and is 0 elsewhere; categories are counted on from those of the seats before.

        Raises:
            ValueError: for no seat, where the network tells seats apart.
        """
        if self.seats == 1:
            return observation
        if seat is None:
            raise ValueError(
                f"a player that tells {self.seats} seats apart must be told its own, as "
                "make_player(player, game, seat) does; it was given none."
            )
        place = partial(_placed, seat=seat, seats=self.seats)
        return jax.tree.map(place, self.spec.tree, observation)

    def example(self) -> Observation:
        """An observation of zeros, placed, to make parameters for."""

        def zeros(leaf: Leaf) -> jax.Array:  # which take no memory while shapes are worked out
            return jnp.broadcast_to(jnp.asarray(np.zeros((), leaf.dtype)), leaf.shape)

        return self.placed(each_array(zeros, self.spec.tree), 0)

    def vector(self, observation: Observation, clock: Array | None = None) -> jax.Array:
        """``float32[vector_size]`` of an observation that is placed, and the clock's scalar.

        Numbers as they are, bytes of images scaled to [0, 1], each category as one number for each
        value that it can have: 1 for its own, 0 for others.
        """
        arrays = jax.tree.leaves(observation)
        parts = [
            scaled(leaf, array).ravel() if leaf.kind != "categories" else self._one_hot(leaf, array)
            for leaf, array in zip(self.spec.leaves, arrays, strict=True)
        ]
        times = [] if clock is None else [jnp.reshape(jnp.asarray(clock, jnp.float32), 1)]
        return jnp.concatenate([*parts, *times])

    @property
    def vector_size(self) -> int:
        """Numbers in a `vector`."""
        sizes = [sum(leaf.table_sizes) or leaf.size for leaf in self.spec.leaves]
        return self.seats * sum(sizes) + self.clock

    def _one_hot(self, leaf: Leaf, array: Array) -> jax.Array:
        sizes = self.seats * np.array(leaf.table_sizes, np.int32)
        starts = np.cumsum(sizes) - sizes
        numbers = jnp.arange(sizes.sum(), dtype=jnp.int32)[None]
        seen = jnp.ravel(array)[:, None] + starts.astype(np.int32)[:, None] == numbers
        return seen.any(0).astype(jnp.float32)


def scaled(leaf: Leaf, array: Array) -> jax.Array:
    """An array of numbers as floats; the bytes of an image as from 0 to 1."""
    numbers = jnp.asarray(array)
    if jnp.issubdtype(numbers.dtype, jnp.floating):
        return numbers
    numbers = numbers.astype(jnp.float32)
    return numbers / np.float32(leaf.high) if leaf.kind == "image" else numbers


def _placed(leaf: Leaf, array: Array, seat: int, seats: int) -> jax.Array:
    if leaf.kind == "categories":
        return jnp.ravel(array) + seat * np.array(leaf.table_sizes, np.int32)
    return jnp.pad(jnp.ravel(array), (seat * leaf.size, (seats - 1 - seat) * leaf.size))
