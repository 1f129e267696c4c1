"""Whole episodes of any game between any players."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from loqa_envs.arrays import Array, of_seat
from loqa_envs.game import Carry, Extras, Game, Params, Policy, State
from loqa_envs.keys import boundary
from loqa_envs.keys import key as key_of
from loqa_envs.observation import Observation


class Trajectory(NamedTuple):
    """One episode, or more with axes in front."""

    observations: jax.Array
    """``[T + 1, P, *obs]``"""
    actions: jax.Array
    """``int32[T, P]``"""
    rewards: jax.Array
    """``[T, P]``"""
    continues: jax.Array
    """``[T, P]``: 0 where the step ended the seat's episode, else 1. Games never end an episode
    themselves, and being cut off after ``episode_length`` steps is no end."""
    info: dict[str, jax.Array]
    """The game's measurements, ``[T, P]`` each."""
    extras: tuple[Extras, ...]
    """What each seat's player noted at each step, ``[T, ...]``."""
    carries: tuple[Carry, ...]
    """Each seat's memory after the last step."""


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
        actions, carries, extras = all_act(keys[1:], policies, params, carries, observations)
        state, rewards, info = game.step(keys[0], state, actions)
        carry = (state, game.observe(state)), carries
        return carry, (states_and_views, actions, rewards, info, extras)

    (last, carries), (before, actions, rewards, info, extras) = jax.lax.scan(
        step, ((state, game.observe(state)), carries), keys
    )
    states, observations = jax.tree.map(
        lambda rows, row: jnp.concatenate([rows, row[None]]), before, last
    )
    continues = jnp.ones_like(rewards)
    trajectory = Trajectory(observations, actions, rewards, continues, info, extras, carries)
    return trajectory, states


def all_act(
    keys: jax.Array,
    policies: Sequence[Policy],
    params: Sequence[Params],
    carries: Sequence[Carry],
    observations: Observation,
) -> tuple[jax.Array, tuple[Carry, ...], tuple[Extras, ...]]:
    """One step of all players, seat by seat: ``actions[P]``, next carries, extras."""
    moves = [
        policy.act(key, seat_params, carry, of_seat(observations, seat))
        for seat, (key, policy, seat_params, carry) in enumerate(
            zip(keys, policies, params, carries, strict=True)
        )
    ]
    actions = jnp.stack([jnp.asarray(action, jnp.int32) for action, _, _ in moves])
    return actions, tuple(carry for _, carry, _ in moves), tuple(extras for _, _, extras in moves)


def measured_in(game: Game) -> dict[str, jax.ShapeDtypeStruct]:
    """The shapes of what the game measures in a step, by name; nothing is computed.

    Environments of others measure nothing.
    """
    if not game.under_jax:
        return {}

    def step(key: jax.Array) -> dict[str, Array]:
        return game.step(key, game.reset(key), jnp.zeros(game.num_players, jnp.int32))[2]

    shapes: dict[str, jax.ShapeDtypeStruct] = jax.eval_shape(step, key_of(0))
    return shapes
