"""Actors and critics: one small family of networks, and the player that an actor makes.

This is the only module that names flax.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from loqa_envs.game import Array, Carry, Params


@dataclass(frozen=True)
class Network:
    """Dense layers with ReLU, then a GRU, then a linear layer; each part may be left out.

    With neither dense layers nor memory it is one linear layer without bias, which on one-hot
    observations is a table.
    """

    hidden: tuple[int, ...] = ()
    """Widths of the dense layers."""
    memory: int = 0
    """Width of the GRU; 0 for a network without memory."""

    def __post_init__(self) -> None:
        if any(width < 1 for width in self.hidden) or self.memory < 0:
            raise ValueError(
                "Network.hidden must be positive widths and Network.memory at least 0, "
                f"got hidden={self.hidden}, memory={self.memory}."
            )

    def init(self, key: jax.Array, num_inputs: int, num_outputs: int) -> Params:
        """Random parameters for flat inputs of ``num_inputs`` numbers."""
        layers = self._layers(num_outputs)
        return layers.init(key, self.initial_carry(), jnp.zeros(num_inputs))

    def initial_carry(self) -> Carry:
        return np.zeros(self.memory, np.float32) if self.memory else ()

    def apply(
        self, params: Params, carry: Carry, inputs: Array, num_outputs: int
    ) -> tuple[jax.Array, Carry]:
        """One step: ``outputs[num_outputs]`` and the next carry, from ``inputs[num_inputs]``."""
        result: Any = self._layers(num_outputs).apply(params, carry, inputs)
        outputs, carry = result
        return outputs, carry

    def unroll(self, params: Params, inputs: Array, num_outputs: int) -> jax.Array:
        """A whole sequence from the initial carry: ``[T, num_inputs]`` to ``[T, num_outputs]``.

        All but the GRU runs over the time steps at once.
        """
        layers = self._layers(num_outputs)

        def remember(carry: Carry, features: jax.Array) -> tuple[Carry, jax.Array]:
            features, carry = layers.apply(params, carry, features, method=layers.remember)
            return carry, features

        features: Any = layers.apply(params, inputs, method=layers.encode)
        if self.memory:
            _, features = jax.lax.scan(remember, self.initial_carry(), features)
        outputs: Any = layers.apply(params, features, method=layers.decode)
        return jnp.asarray(outputs)

    def _layers(self, num_outputs: int) -> "_Layers":
        return _Layers(self.hidden, self.memory, num_outputs)


class _Layers(nn.Module):
    hidden: tuple[int, ...]
    memory: int
    num_outputs: int

    def setup(self) -> None:
        self.dense = [nn.Dense(width) for width in self.hidden]
        if self.memory:
            self.cell = nn.GRUCell(self.memory)
        self.output = nn.Dense(self.num_outputs, use_bias=bool(self.hidden or self.memory))

    def __call__(self, carry: Carry, inputs: jax.Array) -> tuple[jax.Array, Carry]:
        features, carry = self.remember(carry, self.encode(inputs))
        return self.decode(features), carry

    def encode(self, inputs: jax.Array) -> jax.Array:
        for layer in self.dense:
            inputs = nn.relu(layer(inputs))
        return inputs

    def remember(self, carry: Carry, features: jax.Array) -> tuple[jax.Array, Carry]:
        if not self.memory:
            return features, carry
        carry, features = self.cell(carry, features)
        return features, carry

    def decode(self, features: jax.Array) -> Any:
        return self.output(features)


@dataclass(frozen=True)
class NetworkPolicy:
    """The player whose parameters are an actor's: its outputs are the logits of the actions."""

    network: Network
    num_actions: int
    exploration: float = 0.0
    """Probability of a uniformly random action instead of the actor's."""

    def init(self, key: jax.Array, observation_shape: tuple[int, ...]) -> Params:
        return self.network.init(key, int(np.prod(observation_shape)), self.num_actions)

    def initial_carry(self) -> Carry:
        return self.network.initial_carry()

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[jax.Array, Carry]:
        logits, carry = self.network.apply(params, carry, observation.reshape(-1), self.num_actions)
        probabilities = jax.nn.softmax(logits)
        if self.exploration:
            probabilities += self.exploration * (1 / self.num_actions - probabilities)
        # The inverse of the distribution function needs one random number, Gumbel's trick one for
        # each action; random numbers are most of the cost of playing a small game.
        cumulative = jnp.cumsum(probabilities)
        action = jnp.sum(jax.random.uniform(key) >= cumulative[:-1], dtype=jnp.int32)
        return action, carry

    def log_probabilities(self, params: Params, observations: Array) -> jax.Array:
        """The actor's ``[T, A]``, for one seat's ``observations[T, *obs]`` from the first step."""
        inputs = observations.reshape(observations.shape[0], -1)
        return jax.nn.log_softmax(self.network.unroll(params, inputs, self.num_actions))


@dataclass(frozen=True)
class Critic:
    """Action values of one seat over an episode whose end it knows.

    The network sees the observation and the elapsed fraction of the episode. Its output is worth
    one step: it is multiplied by the discounted number of steps that remain, so values are zero at
    the end of the episode, and of the right size before.
    """

    network: Network
    num_actions: int
    discount: float
    finite_horizon: bool = True
    """False leaves out clock and scale: values are those of an endless game, as in LOQA's code."""

    def init(self, key: jax.Array, observation_shape: tuple[int, ...]) -> Params:
        num_inputs = int(np.prod(observation_shape)) + self.finite_horizon
        return self.network.init(key, num_inputs, self.num_actions)

    def action_values(self, params: Params, observations: Array) -> jax.Array:
        """``Q[T + 1, A]`` for one seat's ``observations[T + 1, *obs]``."""
        rows = observations.shape[0]
        inputs = observations.reshape(rows, -1)
        if not self.finite_horizon:
            return self.network.unroll(params, inputs, self.num_actions)
        clock = jnp.linspace(0, 1, rows)[:, None]
        outputs = self.network.unroll(
            params, jnp.concatenate([inputs, clock], axis=1), self.num_actions
        )
        steps_left = np.zeros(rows, np.float32)
        steps_left[:-1] = np.cumsum(self.discount ** np.arange(rows - 1))[::-1]
        return outputs * steps_left[:, None]
