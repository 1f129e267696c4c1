"""What learners must know of somebody's environment, in the form of a game."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from loqa_envs.adapters.host.copies import MakeEnv
from loqa_envs.adapters.host.spaces import AgentSpaces, mask_in, spaces_of
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

    Agents may have different spaces. What a seat sees has the arrays of all, and those that only
    others have are 0; actions that only others have are masked.
    """

    name: str
    agents: tuple[Any, ...]
    """The environment's names of the seats."""
    spaces: tuple[AgentSpaces, ...]
    """What each of them sees and does."""
    episode_length: EpisodeLength
    masks_in_info: bool = False
    """Whether masks of allowed actions come in the agents' infos."""
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
            ValueError: for an environment without agents, with spaces that are not learned from, or
                with different ones where ``seats_alike``, and for an unknown episode length.
        """
        name = str((getattr(env, "metadata", None) or {}).get("name") or type(env).__name__)
        agents = tuple(getattr(env, "possible_agents", ()))
        if not agents:
            raise ValueError(f"{name} must have possible_agents, as PettingZoo's ParallelEnv has.")
        spaces = spaces_of(env)
        if seats_alike and len(set(spaces)) > 1:
            raise ValueError(f"seats_alike must be False where agents' spaces differ; {name}'s do.")
        if episode_length is None:
            episode_length = _length_of(env)
        if episode_length is None:
            raise ValueError(
                f"episode_length must be given, since {name} has neither max_cycles nor a spec "
                "with max_episode_steps."
            )
        length = check("episode_length", episode_length, EpisodeLength)
        _, infos = env.reset(seed=0)
        in_info = any(mask_in(infos.get(agent)) is not None for agent in agents)
        return cls(name, agents, spaces, length, in_info, seats_alike)

    def settings(self) -> dict[str, Any]:
        return {"episode_length": self.episode_length, "seats_alike": self.alike}

    @property
    def num_players(self) -> int:
        return len(self.agents)

    @property
    def num_actions(self) -> int:
        """That of the agent that has most."""
        return max(own.num_actions for own in self.spaces)

    @property
    def action_names(self) -> tuple[str, ...]:
        first = {own.first_action for own in self.spaces}
        start = first.pop() if len(first) == 1 else 0
        return tuple(str(start + number) for number in range(self.num_actions))

    @property
    def groups(self) -> tuple[int, ...]:
        """For each seat, a number from 0 on that it has in common with seats of the same spaces."""
        kinds = list(dict.fromkeys(self.spaces))
        return tuple(kinds.index(own) for own in self.spaces)

    @cached_property
    def observation_spec(self) -> ObservationSpec:
        leaves = {part.name: part.leaf for own in self.spaces for part in own.parts}
        counts = {own.num_actions for own in self.spaces}
        if self.masks_in_info or MASK in leaves or len(counts) > 1:
            # Of whatever type it is: allowed or not, as numbers.
            leaves[MASK] = Leaf((self.num_actions,))
        elif not self.spaces[0].parts[0].path and len(leaves) == 1:
            return ObservationSpec(leaves["observation"])
        return ObservationSpec(leaves)

    @property
    def _is_masked(self) -> bool:
        tree = self.observation_spec.tree
        return isinstance(tree, dict) and MASK in tree

    @property
    def seats_alike(self) -> bool:
        return self.alike

    @property
    def reward_range(self) -> tuple[float, float]:
        return -np.inf, np.inf

    def read(
        self, seat: int, observation: Any, info: Mapping[str, Any] | None, ended: bool = False
    ) -> dict[str, Any]:
        """The arrays of the agent in a seat, by names of the spec; "observation" where it has none.

        To one whose episode has ``ended``, everything is allowed where its mask says nothing.

        Raises:
            ValueError: for arrays of other shapes than in the space, and for a mask that has not
                one entry for each of the agent's actions or allows none.
        """
        own = self.spaces[seat]
        arrays = {part.name: part.read(observation) for part in own.parts}
        if not self._is_masked:
            return arrays
        everything = np.ones(own.num_actions)
        mask = arrays.get(MASK, everything)
        if self.masks_in_info:
            mask = np.asarray(mask_in(info))
        if ended and not mask.any():
            mask = everything
        if mask.shape != everything.shape or not mask.any():
            raise ValueError(
                f"an action_mask must have {own.num_actions} entries and allow at least one "
                f"action, got {mask}."
            )
        arrays[MASK] = np.pad(mask != 0, (0, self.num_actions - own.num_actions))
        return arrays

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        kind = RandomAllowed if self._is_masked else Random
        return {"random": kind(num_actions=self.num_actions)}

    def parametrised_players(self, seat: int) -> Mapping[str, Callable[[str], Policy]]:
        return {ALWAYS: self._always}

    def _always(self, number: str) -> Policy:
        names = self.action_names
        if number not in names:
            raise ValueError(
                f"{ALWAYS}:N must have an action of {self.name} as N, one of {', '.join(names)}; "
                f"got {number!r}."
            )
        return Always(names.index(number), self.num_actions)

    def initial_state(self, noise: Array) -> State:
        raise ValueError(
            f"{self.name} is an environment of others, which HostEpisodes plays step by step; "
            "nothing can play it within a compiled program."
        )

    def observe(self, state: State) -> Observation:
        raise ValueError(f"{self.name} has no states that could be looked at.")

    def render(self, state: State) -> str:
        """A picture has no text; else what the environment said of itself."""
        return "" if np.ndim(state) else str(state)

    def picture(self, state: State) -> Array:
        if np.ndim(state) != 3:
            raise ValueError(
                f'pictures need an environment made with render_mode="rgb_array"; {self.name} has '
                "none."
            )
        return np.asarray(state)


def _length_of(env: Any) -> int | None:
    inner = getattr(env, "unwrapped", env)
    lengths = (
        getattr(env, "max_cycles", None),
        getattr(inner, "max_cycles", None),
        getattr(getattr(inner, "spec", None), "max_episode_steps", None),
    )
    return next((length for length in lengths if length is not None), None)
