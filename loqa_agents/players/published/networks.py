"""The networks of agents that others trained, as players."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.networks.gru import gru_step
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Extras, Params

_TOOK_OWN, _TOOK_OTHER, _LOST = 1.0, 1.0, -2.0
"""The Coin Game's rewards, as `loqa_envs.CoinGame` has them by default."""


class _Sampling:
    """A player that draws its actions with the probabilities that its network says."""

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[jax.Array, Carry, Extras]:
        logits, carry = self.logits(params, carry, observation)
        return jax.random.categorical(key, logits).astype(np.int32), carry, {}

    def logits(self, params: Params, carry: Carry, observation: Array) -> tuple[jax.Array, Carry]:
        """The logits ``[A]`` of one step, and the next carry."""
        raise NotImplementedError


@dataclass(frozen=True)
class RecurrentPolicy(_Sampling):
    """Dense layers, a GRU, a linear layer: the actors of LOQA, Advantage Alignment and POLA.

    A ReLU follows the first dense layer and no other. ``params`` are a dict: ``dense``, a list of
    layers; ``gates``, a layer from the last of them to the GRU's three gates (reset, update, new);
    ``memory``, a layer from the GRU's state to the same, which has a bias for ``new`` only; and
    ``output``. A layer is a dict of ``kernel[inputs, outputs]`` and ``bias[outputs]``.
    """

    num_inputs: int
    """Numbers in an observation."""
    hidden: tuple[int, ...]
    """Widths of the dense layers."""
    memory: int
    """Width of the GRU."""
    num_actions: int = 4

    def initial_carry(self) -> Carry:
        return np.zeros(self.memory, np.float32)

    def logits(self, params: Params, carry: Carry, observation: Array) -> tuple[jax.Array, Carry]:
        return _recurrent(params, carry, observation.ravel())


class MFOSCarry(NamedTuple):
    """What an M-FOS agent remembers."""

    state: Array
    """Of its GRU."""
    coins: Array
    """``[2, H, W]``: the planes of its own and of the other's coin at the last step."""


@dataclass(frozen=True)
class MFOSPolicy(_Sampling):
    """Two convolutions on a torus, a dense layer, a GRU, a linear layer: the actor of M-FOS.

    A ReLU follows the convolutions and the dense layer. ``params`` are those of `RecurrentPolicy`
    and ``convolutions``, a list of dicts of ``kernel[out, in, 3, 3]`` and ``bias[out]``.

    It sees three more planes than the game shows: what it and what the other was paid for the last
    step, and whether that ended the episode, which never comes to pass here. Both rewards follow
    from who now stands where a coin lay before, so it remembers that.
    """

    board: tuple[int, int]
    """Height and width."""
    channels: tuple[int, int]
    """Of the two convolutions."""
    hidden: tuple[int, ...]
    """Widths of the dense layers."""
    memory: int
    """Width of the GRU."""
    num_actions: int = 4

    def initial_carry(self) -> Carry:
        return MFOSCarry(np.zeros(self.memory, np.float32), np.zeros((2, *self.board), np.float32))

    def logits(self, params: Params, carry: Carry, observation: Array) -> tuple[jax.Array, Carry]:
        planes = self.planes(carry, observation)
        for layer in params["convolutions"]:
            planes = jax.nn.relu(_convolution(layer, planes))
        logits, state = _recurrent(params, carry.state, planes.ravel())
        return logits, MFOSCarry(state, observation[2:])

    def planes(self, carry: MFOSCarry, observation: Array) -> jax.Array:
        """What the network sees, ``[7, H, W]``, of an observation ``[4, H, W]``."""
        # Who stands where which coin lay: rows are me and the other, columns my coin and theirs.
        ((own, other), (lost, kept)) = jnp.einsum("phw,chw->pc", observation[:2], carry.coins)
        rewards = (
            _TOOK_OWN * own + _TOOK_OTHER * other + _LOST * lost,
            _TOOK_OWN * kept + _TOOK_OTHER * lost + _LOST * other,
        )
        extra = jnp.stack([*rewards, jnp.float32(0)])
        constant = jnp.broadcast_to(extra[:, None, None], (3, *self.board))
        return jnp.concatenate([observation, constant])


def _recurrent(params: Params, state: Array, inputs: Array) -> tuple[jax.Array, jax.Array]:
    """Logits and the GRU's next state."""
    first, *others = params["dense"]
    features = jax.nn.relu(_dense(first, inputs))
    for layer in others:
        features = _dense(layer, features)
    state = gru(params, state, features)
    return _dense(params["output"], state), state


def gru(params: Params, state: Array, inputs: Array) -> jax.Array:
    """The next state of the gated recurrent unit."""
    memory = params["memory"]
    return gru_step(state, _dense(params["gates"], inputs), memory["kernel"], memory["bias"])


def _dense(layer: dict[str, Any], inputs: Array) -> jax.Array:
    return jnp.asarray(inputs @ layer["kernel"] + layer["bias"])


def _convolution(layer: dict[str, Any], planes: jax.Array) -> jax.Array:
    """``[in, H, W]`` to ``[out, H, W]``: the torus's cells weighted by where they lie."""
    neighbours = jnp.stack(
        [
            jnp.stack([jnp.roll(planes, (-down, -right), (1, 2)) for right in (-1, 0, 1)], 1)
            for down in (-1, 0, 1)
        ],
        1,
    )  # [in, 3, 3, H, W]
    weighted = jnp.einsum("oiyx,iyxhw->ohw", layer["kernel"], neighbours)
    return jnp.asarray(weighted + layer["bias"][:, None, None])
