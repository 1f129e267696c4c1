"""Gymnasium's spaces as observation specs, and what is seen in them as plain arrays."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space
from numpy.typing import NDArray

from loqa_envs.observation import Leaf
from loqa_envs.wording import shown


class Part(NamedTuple):
    """One array of an observation: where it lies in dictionaries, and from what it counts."""

    path: tuple[str, ...]
    leaf: Leaf
    start: Any = None

    @property
    def name(self) -> str:
        return "/".join(self.path)

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
                f"{self.name or 'an observation'} must have the shape {self.leaf.shape} of its "
                f"space, got {array.shape}."
            )
        return array if self.start is None else np.asarray(array - self.start)


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
            return [Part(path, Leaf(space.shape, "categories", highest), space.start)]
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


def same_spaces(env: Any, spaces: str) -> Any:
    """The space that all agents have, of ``observation_space`` or ``action_space``.

    Raises:
        ValueError: if one has another, which is named.
    """
    first, *others = env.possible_agents
    space = getattr(env, spaces)(first)
    for agent in others:
        if (other := getattr(env, spaces)(agent)) != space:
            raise ValueError(
                f"all agents must have the same {spaces} for now; {first} has {shown(space)}, "
                f"{agent} has {shown(other)}."
            )
    return space


def mask_in(info: Mapping[str, Any] | None) -> Any:
    """The ``action_mask`` in an agent's info; None where it has none."""
    return (info or {}).get("action_mask")
