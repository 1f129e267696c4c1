"""Players as users write them."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from loqa_envs.game import Policy


class TitForTat:
    """Repeats what the other did, as a plain Python object; all that it needs is in its view."""

    def reset(self) -> None:
        pass

    def act(self, observation: np.ndarray) -> int:
        assert type(observation) is np.ndarray
        return int(observation[2] + observation[4] > 0)  # CD, DD


class ThreeTimes:
    """Cooperates in the first three steps of an episode, which it counts."""

    def reset(self) -> None:
        self.steps = 0

    def act(self, observation: np.ndarray) -> int:
        self.steps += 1
        return int(self.steps > 3)


class Answers:
    """Cooperates, and answers with what it is given in one step of one of its episodes."""

    episodes: list[int]  # one list for all copies

    def __init__(self, answer: Any, episode: int = 1, step: int = 1) -> None:
        self.answer, self.at = answer, (episode, step)
        type(self).episodes = []

    def reset(self) -> None:
        type(self).episodes.append(0)
        self.steps = 0

    def act(self, observation: np.ndarray) -> Any:
        self.steps += 1
        if (len(type(self).episodes), self.steps) != self.at:
            return 0
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(frozen=True)
class Counts:
    """A `Policy` that does ``then`` from one step on, and 0 before."""

    step: int
    then: Any = 1
    num_actions: int = 2

    def initial_carry(self):
        return np.int32(1)

    def act(self, key, params, carry, observation):
        return jnp.where(carry >= self.step, self.then, 0).astype(np.int32), carry + 1, {}


@dataclass(frozen=True)
class Wrapped:
    """Another policy, as a policy of one's own."""

    policy: Policy
    num_actions: int = 4

    def initial_carry(self):
        return self.policy.initial_carry()

    def act(self, key, params, carry, observation):
        return self.policy.act(key, params, carry, observation)


class OnHost:
    """A scripted player as a plain Python object."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def reset(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.carry = self.policy.initial_carry()

    def act(self, observation: np.ndarray) -> int:
        noise = self.chance.random(1, np.float32)
        action, self.carry = self.policy.choose(self.carry, observation, noise)
        return int(action)
