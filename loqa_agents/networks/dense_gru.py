"""Dense layers, and a gated recurrent unit where there is to be memory."""

from dataclasses import dataclass
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Interval, MaxLen
from flax import linen as nn

from loqa_agents.common.settings import register_kind
from loqa_agents.networks.gru import gru_step
from loqa_agents.networks.inputs import Inputs
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Params
from loqa_envs.validation import Settings

_WIDEST = 65_536
"""Units in a layer; two such layers in a row are 16 GiB of weights."""


@dataclass(frozen=True)
class Network(Settings):
    """Dense layers with ReLU, then a GRU, then a linear layer; each part may be left out.

    Observations of integers are looked up: the first layer has a row of weights for each value that
    each of them can have, and adds them up. With neither dense layers nor memory the network is one
    linear layer without bias, which on one-hot observations is a table.
    """

    hidden: Annotated[tuple[Annotated[int, Interval(ge=1, le=_WIDEST)], ...], MaxLen(64)] = ()
    """Widths of the dense layers."""
    memory: Annotated[int, Interval(ge=0, le=_WIDEST)] = 0
    """Width of the GRU; 0 for a network without memory."""

    def init(self, key: jax.Array, inputs: Inputs, num_outputs: int) -> Params:
        """Random parameters."""
        kind = jnp.int32 if inputs.table_sizes else jnp.float32
        observations = jnp.zeros((1, inputs.width), kind)
        clock = jnp.zeros((1, int(inputs.clock)), jnp.float32)
        return self._layers(inputs, num_outputs).init(
            key, self.initial_carry(), observations, clock
        )

    def initial_carry(self) -> Carry:
        return np.zeros(self.memory, np.float32) if self.memory else ()

    def apply(
        self, params: Params, inputs: Inputs, carry: Carry, observation: Array, num_outputs: int
    ) -> tuple[jax.Array, Carry]:
        """One step: ``outputs[num_outputs]`` and the next carry; of a network without clock."""
        row = observation.reshape(1, -1)
        layers = self._layers(inputs, num_outputs)
        result: Any = layers.apply(params, carry, row, np.zeros((1, 0), np.float32))
        outputs, carry = result
        return outputs[0], carry

    def unroll(
        self,
        params: Params,
        inputs: Inputs,
        observations: Array,
        num_outputs: int,
        clock: Array | None = None,
    ) -> jax.Array:
        """A whole sequence from the initial carry: ``[T, *obs]`` to ``[T, num_outputs]``."""
        rows = observations.reshape(observations.shape[0], -1)
        column = np.zeros((len(rows), 0), np.float32) if clock is None else clock[:, None]
        layers = self._layers(inputs, num_outputs)
        result: Any = layers.apply(params, self.initial_carry(), rows, column)
        return jnp.asarray(result[0])

    def _layers(self, inputs: Inputs, num_outputs: int) -> "_Layers":
        return _Layers(inputs.rows, self.hidden, self.memory, num_outputs)


class _Layers(nn.Module):
    """Outputs ``[T, num_outputs]`` of observations ``[T, n]`` and clock ``[T, 0 or 1]``.

    All but the recurrent half of the GRU runs over the time steps at once.
    """

    table_sizes: tuple[int, ...]
    hidden: tuple[int, ...]
    memory: int
    num_outputs: int

    @nn.compact
    def __call__(
        self, carry: Carry, observations: jax.Array, clock: jax.Array
    ) -> tuple[jax.Array, Carry]:
        # The widths of the linear layers before the GRU's memory; the last one feeds its gates.
        widths = [*self.hidden, 3 * self.memory or self.num_outputs]
        bias = bool(self.hidden or self.memory)
        features = self._first(widths[0], bias, observations, clock)
        for width in widths[1:]:
            features = nn.Dense(width)(nn.relu(features))
        if not self.memory:
            return features, carry
        features, carry = _Memory(self.memory, name="memory")(carry, features)
        return nn.Dense(self.num_outputs)(features), carry

    def _first(
        self, width: int, bias: bool, observations: jax.Array, clock: jax.Array
    ) -> jax.Array:
        if not self.table_sizes:
            return nn.Dense(width, bias)(jnp.concatenate([observations, clock], axis=1))
        # As a dense layer of one-hot inputs; with rows of this size its outputs are of order one.
        scale = nn.initializers.normal(len(self.table_sizes) ** -0.5)
        table = self.param("table", scale, (sum(self.table_sizes), width), np.float32)
        starts = np.cumsum([0, *self.table_sizes[:-1]], dtype=np.int32)
        features = jnp.asarray(table)[observations + starts].sum(1)
        return features + nn.Dense(width)(clock) if clock.shape[1] else features


class _Memory(nn.Module):
    """The recurrent half of a GRU: from the inputs' share of its gates to its states."""

    width: int

    @nn.compact
    def __call__(self, carry: jax.Array, gates: jax.Array) -> tuple[jax.Array, jax.Array]:
        kernel = self.param("kernel", _orthogonal_blocks, (self.width, 3 * self.width))
        bias = self.param("bias", nn.initializers.zeros, (self.width,), np.float32)

        def step(state: jax.Array, gates: jax.Array) -> tuple[jax.Array, jax.Array]:
            state = gru_step(state, gates, jnp.asarray(kernel), jnp.asarray(bias))
            return state, state

        if len(gates) == 1:
            state, _ = step(carry, gates[0])
            return state[None], state
        carry, states = jax.lax.scan(step, carry, gates)
        return states, carry


def _orthogonal_blocks(key: jax.Array, shape: tuple[int, int]) -> jax.Array:
    """An orthogonal matrix for each of the three gates."""
    make = nn.initializers.orthogonal()
    blocks = [make(k, (shape[0],) * 2, np.float32) for k in jax.random.split(key, 3)]
    return jnp.concatenate(blocks, axis=1)


def register_network(name: str, network: type[Network]) -> None:
    """Give a network of your own a name, so that agents that have it can be saved and loaded.

    It is a frozen dataclass that inherits from `Network`. Agents' files name it; so whoever reads
    them must have imported the module that registers it.

    Raises:
        ValueError: unless the name is snake_case and free, and the class a `Network`.
    """
    if not (isinstance(network, type) and issubclass(network, Network)):
        raise ValueError(f"network must be a class that inherits from Network, got {network!r}.")
    register_kind(name, network)
