"""Many games at once in JAX, some seats open and players in the others: three pure functions."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import jax
import jax.numpy as jnp

from loqa_envs.arrays import Array, of_seat
from loqa_envs.game import Carry, Game, Params, Policy, ScriptedPolicy, State
from loqa_envs.keys import from_words
from loqa_envs.observation import Observation, each_array

Boards: TypeAlias = tuple[State, Carry]
"""Game states ``[N, ...]`` and the carries ``[N, ...]`` of the players in the other seats."""


@dataclass(frozen=True)
class Batch:
    """``size`` games, N below, with a player in each seat but the open ones, which are None.

    What is seen and done from the open seats, K of them, has a leading axis of ``N K`` rows, the
    seats of one game side by side. Functions take their chance as two random 32-bit words, of which
    they make a key.
    """

    game: Game
    players: tuple[Policy | None, ...]
    size: int

    @cached_property
    def open_seats(self) -> tuple[int, ...]:
        return tuple(seat for seat, player in enumerate(self.players) if player is None)

    def begin(self, words: jax.Array) -> tuple[Boards, Observation]:
        """New games, and what the open seats see of them: ``[N K, *obs]``."""
        noise = self._uniform(from_words(words), self.game.reset_noise_size)
        states = jax.vmap(self.game.initial_state)(noise)
        carries = jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (self.size, *jnp.shape(leaf))),
            {seat: player.initial_carry() for seat, player in self._seated()},
        )
        return (states, carries), self._seen(states)

    def begin_some(
        self, words: jax.Array, boards: Boards, mask: jax.Array
    ) -> tuple[Boards, Observation]:
        """New games where ``mask[N]`` is true, others as they are, and what the open seats see."""
        fresh, _ = self.begin(words)
        select = jax.vmap(jnp.where)
        boards = jax.tree.map(lambda new, old: select(mask, new, old), fresh, boards)
        return boards, self._seen(boards[0])

    def play(
        self, words: jax.Array, params: Params, boards: Boards, actions: jax.Array
    ) -> tuple[Boards, Observation, Array, dict[str, Array]]:
        """Play the open seats' ``actions[N K]``; the players in the others all have ``params``.

        Returns the new boards, what the open seats see, ``rewards[N, P]``, and the open seats'
        measurements ``[N K]``.
        """
        states, carries = boards
        game_key, *player_keys = jax.random.split(from_words(words), self.game.num_players + 1)
        moves = dict(zip(self.open_seats, actions.reshape(self.size, -1).T, strict=True))
        views = jax.vmap(self.game.observe, out_axes=1)(states)  # the seats' axis first
        carries = dict(carries)
        for seat, player in self._seated():
            moves[seat], carries[seat] = self._choose(
                player, player_keys[seat], params, carries[seat], of_seat(views, seat)
            )
        joint = jnp.stack([moves[seat] for seat in range(self.game.num_players)], axis=1)
        noise = self._uniform(game_key, self.game.noise_size)
        states, rewards, measured = jax.vmap(self.game.transition)(states, joint, noise)
        measured = {name: self.rows(values) for name, values in measured.items()}
        return (states, carries), self._seen(states), rewards, measured

    def rows(self, values: Array) -> Array:
        """The open seats' part of ``values[N, P, ...]``, as ``[N K, ...]``."""
        return values[:, list(self.open_seats)].reshape(-1, *values.shape[2:])

    def _seated(self) -> list[tuple[int, Policy]]:
        return [(seat, player) for seat, player in enumerate(self.players) if player is not None]

    def _uniform(self, key: jax.Array, number: int) -> jax.Array:
        # One draw for all is several times as fast as a key for each game, and on a CPU twice as
        # fast again with the games as the last axis.
        return jax.random.uniform(key, (number, self.size), jnp.float32).T

    def _seen(self, states: State) -> Observation:
        return each_array(self.rows, jax.vmap(self.game.observe)(states))

    def _choose(
        self, player: Policy, key: jax.Array, params: Params, carry: Carry, views: Observation
    ) -> tuple[Array, Carry]:
        if isinstance(player, ScriptedPolicy):
            noise = self._uniform(key, player.noise_size)
            return jax.vmap(player.choose)(carry, views, noise)
        act = jax.vmap(player.act, (0, None, 0, 0))
        action, carry, _ = act(jax.random.split(key, self.size), params, carry, views)
        return action, carry
