"""What a network is, and how one gets the name that files know it by."""

from typing import Any

import jax

from loqa_agents.common.settings import KINDS, register_kind
from loqa_agents.networks.inputs import Inputs
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Params
from loqa_envs.observation import Observation
from loqa_envs.validation import Settings


class Network(Settings):
    """A function of what a seat sees: an actor's gives logits, a critic's gives action values.

    A network of your own is a frozen dataclass of settings that inherits from it and supplies
    `init` and `apply`, and `initial_carry` if it has memory. `unroll` then follows, and can be
    replaced by something quicker. Parameters are a pytree of float32 arrays. Give it a name with
    `register_network`, so that agents that have it can be saved, and chosen by ``--network``.

    Observations come as ``inputs.placed`` makes them: as the game's ``observation_spec`` says, or
    where seats are told apart with room for every seat. `Inputs.vector` makes numbers of any.
    """

    def init(self, key: jax.Array, inputs: Inputs, num_outputs: int) -> Params:
        """Random parameters.

        Raises:
            ValueError: for inputs that the network cannot read.
        """
        raise NotImplementedError

    def initial_carry(self) -> Carry:
        """The memory at the beginning of an episode, ``()`` for a network without."""
        return ()

    def apply(
        self,
        params: Params,
        inputs: Inputs,
        carry: Carry,
        observation: Observation,
        num_outputs: int,
        clock: Array | None = None,
    ) -> tuple[jax.Array, Carry]:
        """One step: ``outputs[num_outputs]`` and the next carry.

        ``clock`` is the elapsed fraction of the episode, a scalar where ``inputs.clock`` is true.
        """
        raise NotImplementedError

    def unroll(
        self,
        params: Params,
        inputs: Inputs,
        observations: Observation,
        num_outputs: int,
        clock: Array | None = None,
    ) -> jax.Array:
        """A whole sequence from the initial carry: observations of T steps to ``[T, num_outputs]``.

        ``clock[T]`` as for `apply`.
        """

        def step(carry: Carry, row: tuple[Observation, Array | None]) -> tuple[Carry, jax.Array]:
            outputs, carry = self.apply(params, inputs, carry, row[0], num_outputs, row[1])
            return carry, outputs

        outputs: jax.Array = jax.lax.scan(step, self.initial_carry(), (observations, clock))[1]
        return outputs

    @property
    def has_memory(self) -> bool:
        return bool(jax.tree.leaves(self.initial_carry()))


def register_network(name: str, network: type[Network]) -> None:
    """Give a network of your own a name, so that agents that have it can be saved and loaded.

    Agents' files name it; so whoever reads them must have imported the module that registers it.

    Raises:
        ValueError: unless the name is snake_case and free, and the class a `Network`.
    """
    if not (isinstance(network, type) and issubclass(network, Network)):
        raise ValueError(f"network must be a class that inherits from Network, got {network!r}.")
    register_kind(name, network)


def networks() -> dict[str, type[Any]]:
    """All that are registered, by name."""
    return {name: kind for name, kind in KINDS.items() if issubclass(kind, Network)}
