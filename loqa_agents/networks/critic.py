"""Action values over an episode, of one seat."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.network import Network
from loqa_envs.game import Params
from loqa_envs.observation import Observation
from loqa_envs.validation import Count, Settings, Share


@dataclass(frozen=True)
class Critic(Settings):
    """Action values of one seat over an episode, whose end it knows if it has a clock.

    With a clock, the network sees the elapsed fraction of the episode beside the observation, and
    its output is worth one step: it is multiplied by the discounted number of steps that remain, so
    values are zero at the end of the episode, and of the right size before. Without, values are
    those of an endless game, as in LOQA's code.
    """

    network: Network
    inputs: Inputs
    num_actions: Count
    discount: Share

    def init(self, key: jax.Array) -> Params:
        return self.network.init(key, self.inputs, self.num_actions)

    def action_values(self, params: Params, observations: Observation) -> jax.Array:
        """``Q[T + 1, A]`` for one seat's observations of ``T + 1`` steps, `Inputs.placed`."""
        if not self.inputs.clock:
            return self.network.unroll(params, self.inputs, observations, self.num_actions)
        rows = len(jax.tree.leaves(observations)[0])
        outputs = self.network.unroll(
            params, self.inputs, observations, self.num_actions,
            jnp.linspace(0, 1, rows, dtype=jnp.float32),
        )  # fmt: skip
        steps_left = np.zeros(rows, np.float32)
        steps_left[:-1] = np.cumsum(self.discount ** np.arange(rows - 1))[::-1]
        return outputs * steps_left[:, None]
