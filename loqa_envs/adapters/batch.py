"""Many games at once in JAX, each from one seat against a fixed opponent: three pure functions."""

from dataclasses import dataclass
from typing import TypeAlias

import jax
import jax.numpy as jnp

from loqa_envs.game import Array, Carry, Game, Params, Policy, ScriptedPolicy, State

Boards: TypeAlias = tuple[State, Carry]
"""Game states ``[N, ...]`` and the carries ``[N, ...]`` of each opponent, a tuple."""


@dataclass(frozen=True)
class Batch:
    """``size`` games, N below, in which ``opponents`` have the seats but ``seat``, in their order.

    Functions take their chance as two random 32-bit words, of which they make a key.
    """

    game: Game
    opponents: tuple[Policy, ...]
    seat: int
    size: int

    def begin(self, words: jax.Array) -> tuple[Boards, Array]:
        """New games, and what the seat sees of them: ``float32[N, *obs]``."""
        noise = self._uniform(_key(words), self.game.reset_noise_size)
        states = jax.vmap(self.game.initial_state)(noise)
        carries = jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (self.size, *jnp.shape(leaf))),
            tuple(opponent.initial_carry() for opponent in self.opponents),
        )
        return (states, carries), self._seen(states)

    def begin_some(self, words: jax.Array, boards: Boards, mask: jax.Array) -> tuple[Boards, Array]:
        """New games where ``mask[N]`` is true, the others as they are, and what the seat sees."""
        fresh, _ = self.begin(words)
        select = jax.vmap(jnp.where)
        boards = jax.tree.map(lambda new, old: select(mask, new, old), fresh, boards)
        return boards, self._seen(boards[0])

    def play(
        self, words: jax.Array, params: Params, boards: Boards, actions: jax.Array
    ) -> tuple[Boards, Array, Array, dict[str, Array]]:
        """Play the seat's ``actions[N]`` against the opponents, all with ``params``.

        Returns the new boards, what the seat sees, ``rewards[N, P]``, and the seat's measurements
        ``[N]``.
        """
        states, carries = boards
        game_key, *opponent_keys = jax.random.split(_key(words), self.game.num_players)
        views = jnp.delete(jax.vmap(self.game.observe)(states), self.seat, axis=1)
        moves = [
            self._choose(opponent, opponent_keys[i], params, carries[i], views[:, i])
            for i, opponent in enumerate(self.opponents)
        ]
        carries = tuple(carry for _, carry in moves)
        joint = [action for action, _ in moves]
        joint.insert(self.seat, actions)
        noise = self._uniform(game_key, self.game.noise_size)
        states, rewards, measured = jax.vmap(self.game.transition)(
            states, jnp.stack(joint, axis=1), noise
        )
        measured = {name: values[:, self.seat] for name, values in measured.items()}
        return (states, carries), self._seen(states), rewards, measured

    def _uniform(self, key: jax.Array, number: int) -> jax.Array:
        # One draw for all is several times as fast as a key for each game, and on a CPU twice as
        # fast again with the games as the last axis.
        return jax.random.uniform(key, (number, self.size)).T

    def _seen(self, states: State) -> Array:
        return jax.vmap(self.game.observe)(states)[:, self.seat]

    def _choose(
        self, opponent: Policy, key: jax.Array, params: Params, carry: Carry, views: jax.Array
    ) -> tuple[Array, Carry]:
        if isinstance(opponent, ScriptedPolicy):
            noise = self._uniform(key, opponent.noise_size)
            return jax.vmap(opponent.choose)(carry, views, noise)
        act = jax.vmap(opponent.act, (0, None, 0, 0))
        return act(jax.random.split(key, self.size), params, carry, views)


def _key(words: jax.Array) -> jax.Array:
    key: jax.Array = jax.random.wrap_key_data(words, impl="threefry2x32")
    return key
