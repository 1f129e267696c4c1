"""A game whose players see the clock: what best responses use, and networks cannot count.

Against a tit-for-tat player of the iterated prisoner's dilemma, the whole difference between the
best response and lasting cooperation is to defect in the last step.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.common.rollout import Trajectory
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Extras, Game, Params
from loqa_envs.observation import Leaf, Observation, ObservationSpec

LAST = 3
"""How many steps at the end of an episode are told apart."""


@dataclass(frozen=True)
class Clocked:
    """What a learner needs to know of ``game`` with the clock to be seen.

    Observations are vectors of floats: what `Inputs.vector` makes of the game's, and `LAST` more,
    which of the last steps it is, the very last one first.
    """

    game: Game
    seats_alike = True  # a responder has learned in one seat and sits there

    @property
    def num_actions(self) -> int:
        return self.game.num_actions

    @property
    def observation_spec(self) -> ObservationSpec:
        return ObservationSpec(Leaf((self._inputs.vector_size + LAST,)))

    def clock(self, steps: Array) -> jax.Array:
        """``[..., LAST]`` after so many ``steps[...]``."""
        left = self.game.episode_length - jnp.asarray(steps, jnp.int32)
        clock: jax.Array = jax.nn.one_hot(left - 1, LAST, dtype=jnp.float32)
        return clock

    def see(self, observation: Observation, step: Array) -> jax.Array:
        """What a seat sees, and the clock."""
        return jnp.concatenate([self._inputs.vector(observation), self.clock(step)])

    def seen(self, episode: Trajectory) -> Trajectory:
        """The episode of a `ClockedPolicy` in the first seat as that seat saw it."""
        rows = jax.tree.map(lambda rows: rows[:, 0], episode.observations)
        steps = jnp.arange(self.game.episode_length + 1, dtype=jnp.int32)
        observations = jax.vmap(self.see)(rows, steps)
        _, carries = episode.carries[0]
        return episode._replace(observations=observations[:, None], carries=(carries,))

    @property
    def _inputs(self) -> Inputs:
        return Inputs(self.game.observation_spec)


@dataclass(frozen=True)
class ClockedPolicy:
    """A player of ``clocked`` at a table of its game; counts the steps itself."""

    policy: NetworkPolicy
    clocked: Clocked

    @property
    def num_actions(self) -> int:
        return self.policy.num_actions

    def initial_carry(self) -> Carry:
        return np.zeros((), np.int32), self.policy.initial_carry()

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Observation
    ) -> tuple[Array, Carry, Extras]:
        step, inner = carry
        seen = self.clocked.see(observation, step)
        action, inner, extras = self.policy.act(key, params, inner, seen)
        return action, (step + 1, inner), extras
