"""The player that an actor makes."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.network import Network
from loqa_envs.game import Carry, Extras, Params
from loqa_envs.observation import MASK, Observation
from loqa_envs.validation import Count, Probability, Settings

_FORBIDDEN = np.float32(-1e9)
"""A logit whose probability is 0, and whose product with it, too."""


@dataclass(frozen=True)
class NetworkPolicy(Settings):
    """The player whose parameters are an actor's: its outputs are the logits of the actions.

    Where observations are named arrays and one is called ``action_mask`` (1 for each action that is
    allowed, of the shape ``[A]``), all others have probability 0, in acting and in learning.
    """

    network: Network
    inputs: Inputs
    num_actions: Count
    exploration: Probability = 0.0
    """Probability of a uniformly random action that is allowed instead of the actor's."""
    seat: int | None = None
    """Where it sits, if its network tells seats apart."""

    def in_seat(self, seat: int) -> Self:
        """The same player in that seat; itself where its network does not tell seats apart."""
        return self if self.inputs.seats == 1 else replace(self, seat=seat)

    def init(self, key: jax.Array) -> Params:
        return self.network.init(key, self.inputs, self.num_actions)

    def initial_carry(self) -> Carry:
        return self.network.initial_carry()

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Observation
    ) -> tuple[jax.Array, Carry, Extras]:
        """An action, with ``log_probabilities[A]`` of the actor in the extras."""
        log_probabilities, carry = self.step(params, carry, observation)
        action = self._choose(key, log_probabilities)
        return action, carry, {"log_probabilities": log_probabilities}

    def step(
        self, params: Params, carry: Carry, observation: Observation
    ) -> tuple[jax.Array, Carry]:
        """The actor's log-probabilities ``[A]`` of one step, and the next carry."""
        row = self.inputs.placed(observation, self.seat)
        logits, carry = self.network.apply(params, self.inputs, carry, row, self.num_actions)
        return jax.nn.log_softmax(self._allowed(logits, row)), carry

    def _choose(self, key: jax.Array, log_probabilities: jax.Array) -> jax.Array:
        probabilities = self.explored(log_probabilities)
        # The inverse of the distribution function needs one random number, Gumbel's trick one for
        # each action; random numbers are most of the cost of playing a small game.
        cumulative, uniform = jnp.cumsum(probabilities), jax.random.uniform(key, dtype=jnp.float32)
        chosen = jnp.sum(uniform >= cumulative[:-1], dtype=jnp.int32)
        if not self._is_masked:
            return chosen
        # The sum of probabilities may fall short of 1 by rounding, before a last one that is 0.
        likeliest = jnp.argmax(log_probabilities).astype(jnp.int32)
        return jnp.where(probabilities[chosen] > 0, chosen, likeliest)

    def explored(self, log_probabilities: jax.Array) -> jax.Array:
        """The probabilities ``[..., A]`` of what it does, with exploration mixed in."""
        probabilities = jnp.exp(log_probabilities)
        if not self._is_masked:
            return probabilities + self.exploration * (1 / self.num_actions - probabilities)
        allowed = (log_probabilities > _FORBIDDEN / 2).astype(jnp.float32)
        uniform = allowed / allowed.sum(-1, keepdims=True)
        return jnp.asarray(probabilities + self.exploration * (uniform - probabilities))

    def log_probabilities(self, params: Params, observations: Observation) -> jax.Array:
        """The actor's ``[T, A]``, for its seat's observations of T steps from the first."""
        return self.unroll(params, self.placed(observations))

    def placed(self, observations: Observation) -> Observation:
        """Its seat's observations of T steps, each as `Inputs.placed` gives it to a network."""
        placed = jax.vmap(partial(self.inputs.placed, seat=self.seat))
        return jax.tree.map(jnp.asarray, placed(observations))

    def unroll(self, params: Params, rows: Observation) -> jax.Array:
        """The actor's log-probabilities ``[T, A]``, for observations that are `placed`."""
        logits = self.network.unroll(params, self.inputs, rows, self.num_actions)
        return jax.nn.log_softmax(self._allowed(logits, rows))

    @property
    def _is_masked(self) -> bool:
        tree = self.inputs.spec.tree
        return isinstance(tree, dict) and MASK in tree

    def _allowed(self, logits: jax.Array, rows: Observation) -> jax.Array:
        """``logits[..., A]``, least for actions that the mask in observations ``[...]`` forbids."""
        if not self._is_masked:
            return logits
        # Placed for a seat, a mask lies among zeros for the other seats.
        mask = rows[MASK].reshape(*logits.shape[:-1], -1, self.num_actions).sum(-2)
        return jnp.where(mask > 0, logits, _FORBIDDEN)
