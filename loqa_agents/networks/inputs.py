"""What networks are given of a game: observations, and where they are made from."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from loqa_envs.arrays import Array
from loqa_envs.game import Game


class Inputs(NamedTuple):
    """What a network is given: the form of an observation, and whether a clock comes with it."""

    size: int
    """Numbers in an observation."""
    table_sizes: tuple[int, ...] = ()
    """For observations of integers, how many values each can have."""
    clock: bool = False
    seats: int = 1
    """How many seats the network tells apart: each has first weights of its own."""

    @classmethod
    def of(cls, game: Game, clock: bool = False) -> "Inputs":
        """Inputs of a player of ``game``, which tells seats apart where they are not alike."""
        (leaf,) = game.observation_spec.leaves
        seats = 1 if game.seats_alike else game.num_players
        return cls(leaf.size, leaf.table_sizes, clock, seats)

    @property
    def width(self) -> int:
        """Numbers in what `placed` makes of an observation."""
        return self.size if self.table_sizes else self.seats * self.size

    @property
    def rows(self) -> tuple[int, ...]:
        """How many values each integer of what `placed` makes of an observation can have."""
        return tuple(self.seats * size for size in self.table_sizes)

    def placed(self, observation: Array, seat: int | None) -> Array:
        """What the network is given of an observation in that seat: other inputs in every seat.

        Numbers are set in a vector that has room for those of each seat, and is 0 elsewhere;
        integers are counted on from those of the seats before.

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
        if self.table_sizes:
            return jnp.ravel(observation) + seat * np.array(self.table_sizes, np.int32)
        before, after = seat * self.size, (self.seats - 1 - seat) * self.size
        return jnp.pad(jnp.ravel(observation), (before, after))
