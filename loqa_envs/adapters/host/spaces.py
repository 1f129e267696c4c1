"""Gymnasium's spaces as observation specs, and what is seen in them as plain arrays."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space
from numpy.typing import NDArray

from loqa_envs.observation import MASK, Leaf
from loqa_envs.wording import shown


class Part(NamedTuple):
    """One array of an observation: where it lies in dictionaries, and from what it counts."""

    path: tuple[str, ...]
    leaf: Leaf
    start: int | tuple[int, ...] | None = None
    """What categories are counted from in the environment."""
    owner: str = ""
    """The first of the agents that have it, where others have another of that path."""

    @property
    def name(self) -> str:
        """What it is called among the arrays of all agents."""
        return "/".join((self.owner, *self.path) if self.owner else self.path) or "observation"

    def read(self, observation: Any) -> NDArray[Any]:
        """The array in an observation.

        Raises:
            ValueError: for another shape than the space has.
        """
        for name in self.path:
            observation = observation[name]
        array = np.asarray(observation)
        if array.shape != self.leaf.shape:
            raise ValueError(
                f"{'/'.join(self.path) or 'an observation'} must have the shape "
                f"{self.leaf.shape} of its space, got {array.shape}."
            )
        if self.start is None:
            return array
        return np.asarray(array - np.reshape(self.start, array.shape))


class AgentSpaces(NamedTuple):
    """What one agent sees and does."""

    parts: tuple[Part, ...]
    num_actions: int
    first_action: int
    """What the environment calls its action 0."""


def spaces_of(env: Any) -> tuple[AgentSpaces, ...]:
    """What each of ``possible_agents`` sees and does, in their order.

    Where agents have other arrays under one name, those have names of their own, with the agent in
    front.

    Raises:
        ValueError: for spaces that are not learned from, which are named with the agent.
    """
    agents = list(env.possible_agents)
    parts = [parts_of(agent, env.observation_space(agent)) for agent in agents]
    actions = [actions_of(agent, env.action_space(agent)) for agent in agents]
    forms: dict[tuple[str, ...], list[tuple[str, Leaf]]] = {}  # each form's first agent, by path
    for agent, own in zip(agents, parts, strict=True):
        for part in own:
            known = forms.setdefault(part.path, [])
            if part.leaf not in [leaf for _, leaf in known]:
                known.append((str(agent), part.leaf))

    def named(part: Part) -> Part:
        known = forms[part.path]
        if len(known) == 1 or part.path == (MASK,):
            return part
        return part._replace(owner=next(agent for agent, leaf in known if leaf == part.leaf))

    return tuple(
        AgentSpaces(tuple(map(named, own)), *those)
        for own, those in zip(parts, actions, strict=True)
    )


def parts_of(agent: str, space: Space[Any]) -> tuple[Part, ...]:
    """All arrays of an agent's observation space, by name.

    ``Box`` is numbers (float32), one of bytes with three axes an image; ``Discrete`` and
    ``MultiDiscrete`` are categories, counted from 0; ``MultiBinary`` is numbers; a ``Dict`` of
    these, however deep, is as many named arrays, with ``/`` between the names of the levels.

    Raises:
        ValueError: for any other space, which is named together with the agent.
    """
    return tuple(_parts(agent, space, ()))


def _parts(agent: str, space: Any, path: tuple[str, ...]) -> list[Part]:
    match space:
        case Dict():
            return [part for name in space for part in _parts(agent, space[name], (*path, name))]
        case Box() if space.dtype == np.uint8 and len(space.shape) == 3:
            return [Part(path, Leaf(space.shape, "image"))]
        case Box() if space.dtype is not None and space.dtype.kind in "biuf" and _sized(space):
            return [Part(path, Leaf(space.shape, "numbers", space.high, space.low, "float32"))]
        case MultiBinary() if _sized(space):
            return [Part(path, Leaf(space.shape))]
        case Discrete():
            return [Part(path, Leaf((), "categories", int(space.n) - 1), int(space.start))]
        case MultiDiscrete() if _sized(space):
            highest = space.nvec.astype(np.int64) - 1
            start = tuple(space.start.ravel().tolist())
            return [Part(path, Leaf(space.shape, "categories", highest), start)]
    where = f" in {'/'.join(path)}" if path else ""
    raise ValueError(
        "an observation space must be Box, Discrete, MultiDiscrete, MultiBinary or a Dict of "
        f"these, none of them empty; {agent} has {shown(space)}{where}."
    )


def _sized(space: Any) -> bool:
    return 0 not in space.shape


def actions_of(agent: str, space: Any) -> tuple[int, int]:
    """How many actions an agent has, and the number of the first.

    Raises:
        ValueError: for any other space than ``Discrete``, which is named together with the agent.
    """
    if not isinstance(space, Discrete):
        raise ValueError(f"an action space must be Discrete; {agent} has {shown(space)}.")
    return int(space.n), int(space.start)


def mask_in(info: Mapping[str, Any] | None) -> Any:
    """The ``action_mask`` in an agent's info; None where it has none."""
    return (info or {}).get("action_mask")
