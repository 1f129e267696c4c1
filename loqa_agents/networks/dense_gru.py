"""Dense layers, and a gated recurrent unit where there is to be memory."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Interval, MaxLen
from flax import linen as nn

from loqa_agents.networks.gru import gru_step
from loqa_agents.networks.inputs import Inputs, scaled
from loqa_agents.networks.network import Network
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Params
from loqa_envs.observation import Leaf, Observation, ObservationSpec, each_array

_WIDEST = 65_536
"""Units in a layer; two such layers in a row are 16 GiB of weights."""
Width: TypeAlias = Annotated[int, Interval(ge=1, le=_WIDEST)]


@dataclass(frozen=True)
class DenseGRU(Network):
    """Dense layers with ReLU, then a GRU, then a linear layer; each part may be left out.

    Categories are looked up: the first layer has a row of weights for each value that each of them
    can have, and adds them up. All else that a seat sees is flattened into one vector, bytes of
    images scaled to [0, 1]. With neither dense layers nor memory the network is one linear layer
    without bias, which on one-hot observations is a table.
    """

    hidden: Annotated[tuple[Width, ...], MaxLen(64)] = ()
    """Widths of the dense layers."""
    memory: Annotated[int, Interval(ge=0, le=_WIDEST)] = 0
    """Width of the GRU; 0 for a network without memory."""

    def init(self, key: jax.Array, inputs: Inputs, num_outputs: int) -> Params:
        row = each_array(lambda array: array[None], inputs.example())
        clock = jnp.zeros((1, int(inputs.clock)), jnp.float32)
        return self._layers(inputs, num_outputs).init(key, self.initial_carry(), row, clock)

    def initial_carry(self) -> Carry:
        return np.zeros(self.memory, np.float32) if self.memory else ()

    def apply(
        self,
        params: Params,
        inputs: Inputs,
        carry: Carry,
        observation: Observation,
        num_outputs: int,
        clock: Array | None = None,
    ) -> tuple[jax.Array, Carry]:
        row = each_array(lambda array: array[None], observation)
        column = np.zeros((1, 0), np.float32) if clock is None else jnp.reshape(clock, (1, 1))
        result: Any = self._layers(inputs, num_outputs).apply(params, carry, row, column)
        outputs, carry = result
        return outputs[0], carry

    def unroll(
        self,
        params: Params,
        inputs: Inputs,
        observations: Observation,
        num_outputs: int,
        clock: Array | None = None,
    ) -> jax.Array:
        length = len(jax.tree.leaves(observations)[0])
        column = np.zeros((length, 0), np.float32) if clock is None else clock[:, None]
        layers = self._layers(inputs, num_outputs)
        result: Any = layers.apply(params, self.initial_carry(), observations, column)
        return jnp.asarray(result[0])

    def _layers(self, inputs: Inputs, num_outputs: int) -> "Layers":
        bias = bool(self.hidden or self.memory)
        return Layers(inputs.spec, inputs.seats, self.hidden, self.memory, num_outputs, bias)


class Layers(nn.Module):
    """Outputs ``[T, num_outputs]`` of observations of T steps and clock ``[T, 0 or 1]``.

    All but the recurrent half of the GRU runs over the time steps at once.
    """

    spec: ObservationSpec
    seats: int
    hidden: tuple[int, ...]
    memory: int
    num_outputs: int
    bias: bool
    """Whether the first layer has a bias."""

    @nn.compact
    def __call__(
        self, carry: Carry, observations: Observation, clock: Array
    ) -> tuple[jax.Array, Carry]:
        # The widths of the linear layers before the GRU's memory; the last one feeds its gates.
        widths = [*self.hidden, 3 * self.memory or self.num_outputs]
        features = self._first(widths[0], observations, clock)
        for width in widths[1:]:
            features = nn.Dense(width)(nn.relu(features))
        if not self.memory:
            return features, carry
        features, carry = _Memory(self.memory, name="memory")(carry, features)
        return nn.Dense(self.num_outputs)(features), carry

    def _first(self, width: int, observations: Observation, clock: Array) -> jax.Array:
        pairs = list(zip(self.spec.leaves, jax.tree.leaves(observations), strict=True))
        numbers = [self.features_of(leaf, x) for leaf, x in pairs if leaf.kind != "categories"]
        inputs = jnp.concatenate([*numbers, clock], axis=1)
        integers = [x.reshape(len(x), -1) for leaf, x in pairs if leaf.kind == "categories"]
        if not integers:
            return nn.Dense(width, self.bias)(inputs)
        sizes = [self.seats * size for leaf, _ in pairs for size in leaf.table_sizes]
        # As a dense layer of one-hot inputs; with rows of this size its outputs are of order one.
        scale = nn.initializers.normal(len(sizes) ** -0.5)
        table = self.param("table", scale, (sum(sizes), width), np.float32)
        starts = np.cumsum([0, *sizes[:-1]], dtype=np.int32)
        features = jnp.asarray(table)[jnp.concatenate(integers, axis=1) + starts].sum(1)
        return features + nn.Dense(width)(inputs) if inputs.shape[1] else features

    def features_of(self, leaf: Leaf, rows: jax.Array) -> jax.Array:
        """``[T, n]`` of numbers or an image, of T steps."""
        return scaled(leaf, rows).reshape(len(rows), -1)


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
    # One at a time, also under vmap: jaxlib 0.10 shares a batch of decompositions out over the
    # threads that run the program, and where two such batches wait for each other it hangs.
    block = jax.custom_batching.sequential_vmap(lambda k: make(k, (shape[0],) * 2, np.float32))
    return jnp.concatenate([block(k) for k in jax.random.split(key, 3)], axis=1)
