"""The player that the exact algorithms train: a number per situation."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.network import Network
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Params
from loqa_envs.observation import Observation


@dataclass(frozen=True)
class LogOdds(Network):
    """A table of the log-odds of action 0 in each situation, from N(0, 1).

    One number for two actions, as in the papers: with a logit for each of them, the same learning
    rate would make steps of twice the length.
    """

    def init(self, key: jax.Array, inputs: Inputs, num_outputs: int) -> Params:
        return jax.random.normal(key, (inputs.vector_size,), jnp.float32)

    def apply(
        self,
        params: Params,
        inputs: Inputs,
        carry: Carry,
        observation: Observation,
        num_outputs: int,
        clock: Array | None = None,
    ) -> tuple[jax.Array, Carry]:
        odds = params @ inputs.vector(observation)
        return jnp.stack([odds, jnp.zeros_like(odds)]), carry
