"""What a learner makes of an episode, and what it keeps from update to update."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.algorithm import ActorCritic
from loqa_envs.game import Params


class LearnerState(NamedTuple):
    params: ActorCritic
    target: Params
    """The slow critic behind the critic's own targets."""
    actor_optimizer: Any
    critic_optimizer: Any
    others: Params = ()
    """The critic of the others, where their values are learned."""
    others_optimizer: Any = ()


class Batch(NamedTuple):
    """One episode from the learner's seat, and what to make of it."""

    observations: Any
    """``[T + 1, *obs]``, placed for the seat that the learner sat in."""
    actions: jax.Array
    """``int32[T]``"""
    log_probabilities: jax.Array
    """``[T]``: of the actions, under the actor before the update."""
    advantages: jax.Array
    """``[T]``: how much better each action was for the learner than expected."""
    shaping: jax.Array
    """``[T]``: how much more each action should be taken for what it makes of the others."""
    targets: jax.Array
    """``[T]``: what the critic should have said of each action."""
    alive: jax.Array
    """``[T]``: 0 at steps after the end of the learner's episode, which teach nothing, else 1."""
    others: tuple[Any, ...] = ()
    """What it teaches of each other seat, where their values are learned."""


def pick(rows: jax.Array, columns: jax.Array) -> jax.Array:
    """``rows[t, columns[t]]`` for every t; a masked sum, since XLA's gather is slow on CPUs."""
    mask = jax.nn.one_hot(columns, rows.shape[-1], dtype=rows.dtype)
    picked: jax.Array = jnp.sum(rows * mask, axis=-1)
    return picked
