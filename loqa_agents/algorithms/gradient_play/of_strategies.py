"""Networks whose input is two strategies, and whose output is a third one."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.network import Network
from loqa_envs.game import Params
from loqa_envs.observation import Leaf, ObservationSpec


class MetaEpisode(NamedTuple):
    """``[T, B, ...]``: strategies of both players as probabilities, and what became of them."""

    seen: jax.Array
    odds: jax.Array
    noise: jax.Array
    rewards: jax.Array
    """``[T, B, 2]``: of the shaper and of the learner, per step of the game."""


@dataclass(frozen=True)
class OfStrategies:
    """An actor and a critic of one kind, for games of ``n`` situations.

    They see ``[..., 2 n]``: how probably either player cooperates in each situation.
    """

    network: Network

    def init(self, key: jax.Array, situations: int) -> Params:
        """Of actor, critic, and the logarithm of the actor's standard deviation ``[n]``."""
        actor_key, critic_key = jax.random.split(key)
        inputs = _inputs(situations)
        return {
            "actor": self.network.init(actor_key, inputs, situations),
            "critic": self.network.init(critic_key, inputs, 1),
            "log_deviation": jnp.zeros(situations, jnp.float32),
        }

    def odds(self, params: Params, seen: jax.Array) -> jax.Array:
        """``[..., n]``: the strategies around which the actor's are distributed, as log-odds."""
        return self._outputs(params["actor"], seen, seen.shape[-1] // 2)

    def values(self, params: Params, seen: jax.Array) -> jax.Array:
        """``[...]``: what the critic says."""
        return self._outputs(params["critic"], seen, 1)[..., 0]

    def loss(
        self,
        params: Params,
        before: Params,
        played: MetaEpisode,
        weights: jax.Array,
        targets: jax.Array,
        clip: float,
        entropy: float,
    ) -> jax.Array:
        """PPO's, of episodes that parameters ``before`` played.

        ``weights[T, B]`` are the advantages, ``targets[T, B]`` those of the critic.
        """
        deviation = params["log_deviation"]
        noise = (played.odds - self.odds(params, played.seen)) / jnp.exp(deviation)[None, None]
        played_by = log_density(played.noise, before["log_deviation"])
        ratio = jnp.exp(log_density(noise, deviation) - played_by)
        gain = jnp.minimum(ratio * weights, jnp.clip(ratio, 1 - clip, 1 + clip) * weights).mean()
        errors = jnp.mean((self.values(params, played.seen) - targets) ** 2)
        return jnp.asarray(errors / 2 - gain - entropy * deviation.sum())

    def _outputs(self, params: Params, seen: jax.Array, number: int) -> jax.Array:
        rows, inputs = seen.reshape(-1, seen.shape[-1]), _inputs(seen.shape[-1] // 2)
        outputs = self.network.unroll(params, inputs, rows, number)
        return outputs.reshape(*seen.shape[:-1], number)


def _inputs(situations: int) -> Inputs:
    return Inputs(ObservationSpec(Leaf((2 * situations,))))


def log_density(noise: jax.Array, log_deviation: jax.Array) -> jax.Array:
    """Of a normal distribution, up to a constant, for ``noise[..., n]`` in standard deviations."""
    return -(noise**2 / 2).sum(-1) - log_deviation.sum()
