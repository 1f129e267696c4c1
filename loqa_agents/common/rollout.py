"""Whole episodes of any game between any players."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import jax
import jax.numpy as jnp

from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Game, Params, Policy, State, in_seat
from loqa_envs.keys import boundary


class Trajectory(NamedTuple):
    """One episode, or more with axes in front."""

    observations: jax.Array
    """``[T + 1, P, *obs]``"""
    actions: jax.Array
    """``int32[T, P]``"""
    rewards: jax.Array
    """``[T, P]``"""
    info: dict[str, jax.Array]
    """The game's measurements, ``[T, P]`` each."""
    carries: tuple[Carry, ...]
    """Each seat's carry after each step, ``[T, ...]``."""


def play_episode(
    key: jax.Array, game: Game, policies: Sequence[Policy], params: Sequence[Params]
) -> Trajectory:
    """Play one episode; ``policies`` and ``params`` have an entry for each seat."""
    return watch_episode(key, game, policies, params)[0]


@boundary
def watch_episode(
    key: jax.Array, game: Game, policies: Sequence[Policy], params: Sequence[Params]
) -> tuple[Trajectory, State]:
    """The same episode as `play_episode` plays, and the game's states ``[T + 1, ...]``."""
    reset_key, steps_key = jax.random.split(key)
    # One row of keys a step: the game's, then one for each seat.
    keys = jax.random.split(steps_key, (game.episode_length, 1 + game.num_players))
    state = game.reset(reset_key)
    carries = tuple(policy.initial_carry() for policy in policies)

    def step(carry, keys):  # type: ignore[no-untyped-def]
        (state, observations), carries = states_and_views, carries = carry
        moves = [
            policy.act(key, seat_params, seat_carry, observation)
            for policy, key, seat_params, seat_carry, observation in zip(
                policies, keys[1:], params, carries, observations, strict=True
            )
        ]
        actions = jnp.stack([jnp.asarray(action, jnp.int32) for action, _ in moves])
        state, rewards, info = game.step(keys[0], state, actions)
        carries = tuple(carry for _, carry in moves)
        carry = (state, game.observe(state)), carries
        return carry, (states_and_views, actions, rewards, info, carries)

    (last, _), (before, actions, rewards, info, after) = jax.lax.scan(
        step, ((state, game.observe(state)), carries), keys
    )
    states, observations = jax.tree.map(
        lambda rows, row: jnp.concatenate([rows, row[None]]), before, last
    )
    return Trajectory(observations, actions, rewards, info, after), states


@dataclass(frozen=True)
class OneOf:
    """Any of several players; ``params`` is the number of the one that plays.

    Lets one compiled program meet many players. All of them act, one is heard.
    """

    policies: tuple[Policy, ...]

    def in_seat(self, seat: int) -> Self:
        return replace(self, policies=tuple(in_seat(policy, seat) for policy in self.policies))

    @property
    def num_actions(self) -> int:
        return self.policies[0].num_actions

    def initial_carry(self) -> Carry:
        return tuple(policy.initial_carry() for policy in self.policies)

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[jax.Array, Carry]:
        moves = [
            policy.act(key, (), policy_carry, observation)
            for policy, policy_carry in zip(self.policies, carry, strict=True)
        ]
        return jnp.stack([action for action, _ in moves])[params], tuple(c for _, c in moves)
