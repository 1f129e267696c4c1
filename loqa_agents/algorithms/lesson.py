"""What passes between episodes and learners: brains, their state in training, lessons."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from loqa_envs.game import Params

Metrics = dict[str, jax.Array]


class Brain(NamedTuple):
    """What of a player is learned, and all that another learner needs to know of it."""

    actor: Params
    critic: Params


class LearnerState(NamedTuple):
    brain: Brain
    target: Params
    """The slow critic behind the critic's own targets."""
    actor_optimizer: Any
    critic_optimizer: Any


class Lesson(NamedTuple):
    """One episode from the learner's seat, and what to make of it."""

    observations: jax.Array
    """``[T + 1, *obs]``, placed for the seat that the learner sat in."""
    actions: jax.Array
    """``int32[T]``"""
    log_probabilities: jax.Array
    """``[T]``: of the actions, under the actor before the update."""
    advantages: jax.Array
    """``[T]``: how much better each action was for the learner than expected."""
    shaping: jax.Array
    """``[T]``: how much more each action should be taken for what it makes of the opponent."""
    targets: jax.Array
    """``[T]``: what the critic should have said of each action."""


def pick(rows: jax.Array, columns: jax.Array) -> jax.Array:
    """``rows[t, columns[t]]`` for every t; a masked sum, since XLA's gather is slow on CPUs."""
    mask = jax.nn.one_hot(columns, rows.shape[-1], dtype=rows.dtype)
    picked: jax.Array = jnp.sum(rows * mask, axis=-1)
    return picked
