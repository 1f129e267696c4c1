"""Adam with its types named.

optax raises Python's numbers to the power of an integer array and divides integers, which is
float64 in JAX's 64-bit mode and refused under strict promotion; otherwise the numbers are the same.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from loqa_envs.arrays import Array
from loqa_envs.game import Params

_DECAY, _SQUARE_DECAY = 0.9, 0.999


def adam(
    rate: float, final_rate: float = 0.0, steps: int = 0, epsilon: float = 1e-8
) -> optax.GradientTransformation:
    """Adam whose step size goes from ``rate`` to ``final_rate`` in so many ``steps``; 0 never.

    Kingma and Ba, Adam: A Method for Stochastic Optimization (ICLR 2015).
    """

    def schedule(count: Array) -> jax.Array:
        done = jnp.clip(count.astype(np.float32) / np.float32(steps), 0, 1)
        return (rate - final_rate) * (1 - done) + final_rate

    return optax.chain(
        optax.GradientTransformation(optax.scale_by_adam().init, partial(_scale_by_adam, epsilon)),
        optax.scale_by_learning_rate(schedule if steps else rate),
    )


def _scale_by_adam(
    epsilon: float, gradient: Params, state: optax.ScaleByAdamState, params: Params = None
) -> tuple[Params, optax.ScaleByAdamState]:
    def follow(decay: float, old: Params, power: int) -> Params:
        return jax.tree.map(lambda m, g: (1 - decay) * g**power + decay * m, old, gradient)

    mean, square = follow(_DECAY, state.mu, 1), follow(_SQUARE_DECAY, state.nu, 2)
    count = optax.safe_increment(state.count)
    # How much of each moment is of gradients rather than of the zeros that it began with.
    known, square_known = (
        1 - jnp.float32(decay) ** count.astype(jnp.float32) for decay in (_DECAY, _SQUARE_DECAY)
    )
    steps = jax.tree.map(
        lambda m, s: m / known / (jnp.sqrt(s / square_known) + epsilon), mean, square
    )
    return steps, optax.ScaleByAdamState(count, mean, square)
