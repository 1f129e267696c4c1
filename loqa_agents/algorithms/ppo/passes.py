"""Passes over a batch of episodes in minibatches."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

State = TypeVar("State")


def passes(
    key: jax.Array,
    batch: Any,
    epochs: int,
    minibatches: int,
    step: Callable[[State, Any], tuple[State, Any]],
    state: State,
) -> tuple[State, Any]:
    """Every episode of ``batch[B]`` once per epoch, in a new order each time.

    ``step(state, minibatch)`` gives the next state and what to note, which is returned as
    ``[epochs, minibatches]``.

    Raises:
        ValueError: unless minibatches are of the same size.
    """
    number = len(jax.tree.leaves(batch)[0])
    if number % minibatches:
        raise ValueError(
            "minibatches must divide the episodes that a learner learns from in an update; "
            f"got {minibatches} for {number} episodes."
        )

    numbers = jnp.arange(number, dtype=jnp.int32)

    def epoch(state: State, key: jax.Array) -> tuple[State, Any]:
        order = jax.random.permutation(key, numbers).reshape(minibatches, -1)
        return jax.lax.scan(step, state, jax.tree.map(lambda leaf: leaf[order], batch))

    return jax.lax.scan(epoch, state, jax.random.split(key, epochs))
