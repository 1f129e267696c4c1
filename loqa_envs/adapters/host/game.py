"""What learners must know of somebody's environment, in the form of a game."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loqa_envs.adapters.host.copies import MakeEnv
from loqa_envs.adapters.host.spaces import actions_of, mask_in, parts_of, same_spaces
from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.game import Carry, EpisodeLength, Policy, Rules, ScriptedPolicy, State
from loqa_envs.observation import MASK, Leaf, Observation, ObservationSpec
from loqa_envs.policy import Random
from loqa_envs.validation import Count, check


@dataclass(frozen=True)
class RandomAllowed(ScriptedPolicy):
    """Chooses with equal probability among the actions that its observation's mask allows."""

    num_actions: Count = 2
    noise_size = 1

    def choose(self, carry: Carry, observation: Observation, noise: Array) -> tuple[Array, Carry]:
        so_far = observation[MASK].cumsum()
        number = array_namespace(noise).floor(narrowed(noise)[0] * so_far[-1])
        return (so_far <= number).sum().astype(np.int32), carry


ALWAYS = "always"
"""What stands before the number of an action in the name of a player that always takes it."""


@dataclass(frozen=True)
class Always(ScriptedPolicy):
    """Takes the same action in each step, or where it is forbidden, the first that is allowed."""

    action: int
    num_actions: Count = 2

    def choose(self, carry: Carry, observation: Observation, noise: Array) -> tuple[Array, Carry]:
        xp = array_namespace(noise)
        chosen = xp.full((), self.action, np.int32)
        if isinstance(observation, Mapping) and MASK in observation:
            mask = observation[MASK] > 0
            chosen = xp.where(mask[self.action], chosen, mask.argmax()).astype(np.int32)
        return chosen, carry


@dataclass(frozen=True)
class HostGame(Rules):
    """An environment as those who learn in it see it: seats, actions, observations, but no rules.

    Seat i is the environment's i-th possible agent. It cannot be played under JAX: `HostEpisodes`
    plays the environment itself. Make one with `environment`.
    """

    name: str
    agents: tuple[Any, ...]
    """The environment's names of the seats."""
    num_actions: int
    first_action: int
    parts: Any
    """A tuple of `Part`: the arrays of the observation space."""
    episode_length: EpisodeLength
    mask_from: str = ""
    """Where the mask of allowed actions comes from: ``observation``, ``info`` or nowhere."""
    alike: bool = False
    make_env: MakeEnv | None = field(default=None, compare=False, repr=False)
    """Makes a copy of the environment."""

    under_jax = False

    @classmethod
    def of(
        cls, env: Any, episode_length: int | None = None, *, seats_alike: bool = False
    ) -> "HostGame":
        """What a PettingZoo ``ParallelEnv`` says of itself; it is reset for that.

        Args:
            env: the environment.
            episode_length: after how many steps an episode is cut off at the latest; by default
                what the environment has as ``max_cycles`` or in its ``spec``.
            seats_alike: whether a seat is as good as any other; if not, learners tell them apart.

        Raises:
            ValueError: for an environment without agents or whose agents have different spaces or
                other ones than are learned from, and for an unknown episode length.
        """
        name = str((getattr(env, "metadata", None) or {}).get("name") or type(env).__name__)
        agents = tuple(getattr(env, "possible_agents", ()))
        if not agents:
            raise ValueError(f"{name} must have possible_agents, as PettingZoo's ParallelEnv has.")
        parts = parts_of(agents[0], same_spaces(env, "observation_space"))
        count, first = actions_of(agents[0], same_spaces(env, "action_space"))
        if episode_length is None:
            episode_length = _length_of(env)
        if episode_length is None:
            raise ValueError(
                f"episode_length must be given, since {name} has neither max_cycles nor a spec "
                "with max_episode_steps."
            )
        length = check("episode_length", episode_length, EpisodeLength)
        _, infos = env.reset(seed=0)
        source = "observation" if any(part.path == (MASK,) for part in parts) else ""
        if not source and mask_in(infos.get(env.possible_agents[0])) is not None:
            source = "info"
        return cls(name, agents, count, first, parts, length, source, seats_alike)

    def settings(self) -> dict[str, Any]:
        return {"episode_length": self.episode_length, "seats_alike": self.alike}

    @property
    def num_players(self) -> int:
        return len(self.agents)

    @property
    def action_names(self) -> tuple[str, ...]:
        return tuple(str(self.first_action + number) for number in range(self.num_actions))

    @property
    def observation_spec(self) -> ObservationSpec:
        leaves = {part.name or "observation": part.leaf for part in self.parts}
        if self.mask_from:
            # Of whatever type it is: allowed or not, as numbers.
            leaves[MASK] = Leaf((self.num_actions,))
        elif not self.parts[0].path:
            return ObservationSpec(leaves["observation"])
        return ObservationSpec(leaves)

    @property
    def seats_alike(self) -> bool:
        return self.alike

    @property
    def reward_range(self) -> tuple[float, float]:
        return -np.inf, np.inf

    def read(
        self, observation: Any, info: Mapping[str, Any] | None, ended: bool = False
    ) -> dict[str, Any]:
        """An agent's arrays, by the names of the spec; "observation" where it has none.

        To one whose episode has ``ended``, everything is allowed where its mask says nothing.

        Raises:
            ValueError: for arrays of other shapes than in the space, and for a mask that has not
                one entry for each action or allows none.
        """
        arrays = {part.name or "observation": part.read(observation) for part in self.parts}
        if self.mask_from == "info":
            arrays[MASK] = np.asarray(mask_in(info))
        if self.mask_from:
            mask = arrays[MASK]
            if ended and not mask.any():
                mask = np.ones(self.num_actions)
            if mask.shape != (self.num_actions,) or not mask.any():
                raise ValueError(
                    f"an action_mask must have {self.num_actions} entries and allow at least one "
                    f"action, got {mask}."
                )
            arrays[MASK] = mask != 0
        return arrays

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        kind = RandomAllowed if self.mask_from else Random
        return {"random": kind(num_actions=self.num_actions)}

    def parametrised_players(self, seat: int) -> Mapping[str, Callable[[str], Policy]]:
        return {ALWAYS: self._always}

    def _always(self, number: str) -> Policy:
        if number not in self.action_names:
            raise ValueError(
                f"{ALWAYS}:N must have an action of {self.name} as N, one of "
                f"{', '.join(self.action_names)}; got {number!r}."
            )
        return Always(self.action_names.index(number), self.num_actions)

    def initial_state(self, noise: Array) -> State:
        raise ValueError(
            f"{self.name} is an environment of others, which HostEpisodes plays step by step; "
            "nothing can play it within a compiled program."
        )

    def observe(self, state: State) -> Observation:
        raise ValueError(f"{self.name} has no states that could be looked at.")

    def render(self, state: State) -> str:
        raise ValueError(f"{self.name} has no states that could be looked at.")


def _length_of(env: Any) -> int | None:
    inner = getattr(env, "unwrapped", env)
    lengths = (
        getattr(env, "max_cycles", None),
        getattr(inner, "max_cycles", None),
        getattr(getattr(inner, "spec", None), "max_episode_steps", None),
    )
    return next((length for length in lengths if length is not None), None)
