"""What PPO descends, of a minibatch of episodes."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

_LEAST_DEVIATION = 1e-8


class Minibatch(NamedTuple):
    """Episodes ``[B, T]`` from a learner's seat, and what it thought of them before the update."""

    observations: Any
    actions: jax.Array
    log_probabilities: jax.Array
    """Of the actions that were taken."""
    values: jax.Array
    """Of what was seen."""
    advantages: jax.Array
    played: jax.Array
    """``bool``: False at steps after the end of the learner's episode, which teach nothing."""

    def mean(self, numbers: jax.Array) -> jax.Array:
        """The mean of ``numbers[B, T]`` over the steps that were played."""
        return jnp.mean(numbers, where=self.played)


def clipped_surrogate(batch: Minibatch, log_probabilities: jax.Array, clip: float) -> jax.Array:
    """The mean of  max(-A q, -A clip(q, 1 - clip, 1 + clip)),  with A at mean 0 and deviation 1.

    ``log_probabilities[B, T]`` are the new ones of the actions, q their ratio to the old ones.
    """
    deviation = jnp.std(batch.advantages, where=batch.played, ddof=1) + _LEAST_DEVIATION
    advantages = (batch.advantages - batch.mean(batch.advantages)) / deviation
    ratio = jnp.exp(log_probabilities - batch.log_probabilities)
    clipped = jnp.clip(ratio, 1 - clip, 1 + clip)
    return batch.mean(jnp.maximum(-advantages * ratio, -advantages * clipped))


def value_loss(batch: Minibatch, values: jax.Array, clip: float) -> jax.Array:
    """Half the mean of  max((V - R)², (V_old + clip(V - V_old, -clip, clip) - R)²).

    ``values[B, T]`` are the new ones, and R = A + V_old.
    """
    returns = batch.advantages + batch.values
    near = batch.values + jnp.clip(values - batch.values, -clip, clip)
    return batch.mean(jnp.maximum((values - returns) ** 2, (near - returns) ** 2)) / 2
