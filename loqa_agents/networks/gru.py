"""The step of a gated recurrent unit."""

import jax
import jax.numpy as jnp

from loqa_envs.arrays import Array


def gru_step(state: Array, gates: Array, kernel: Array, bias: Array) -> jax.Array:
    """The next state ``[m]`` of a gated recurrent unit, which keeps ``update`` of the old one.

    ``gates[3 m]`` are the inputs' shares of reset, update and new state, ``kernel[m, 3 m]`` makes
    the old state's, and ``bias[m]`` is that of the new state. The reset gate acts after the
    recurrent layer (Cho et al. 2014, in the form of cuDNN).
    """
    reset_in, update_in, new_in = jnp.split(gates, 3)
    reset_own, update_own, new_own = jnp.split(state @ kernel, 3)
    reset = jax.nn.sigmoid(reset_in + reset_own)
    update = jax.nn.sigmoid(update_in + update_own)
    new = jnp.tanh(new_in + reset * (new_own + bias))
    return jnp.asarray(update * state + (1 - update) * new)
