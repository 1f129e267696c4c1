"""Agents that come with the package, by name: ``coin3x3/loqa/42``."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

FOLDER: Traversable = resources.files("loqa_agents") / "shipped"
_SUFFIX = ".safetensors"


def shipped_agents() -> dict[str, Traversable]:
    """The file of each agent that comes with the package."""
    return dict(sorted(_below(FOLDER, ""))) if FOLDER.is_dir() else {}


def shipped_in_words() -> str:
    """What comes with the package, in a line: each training with its first and last seed."""
    seeds: dict[str, list[int]] = {}
    for name in shipped_agents():
        training, _, seed = name.rpartition("/")
        seeds.setdefault(training, []).append(int(seed))
    ranges = (
        f"{training}/{min(found)}" + (f" to {max(found)}" if len(found) > 1 else "")
        for training, found in seeds.items()
    )
    return ", ".join(ranges) or "there are none in this version"


def shipped_file(name: str) -> AbstractContextManager[Path]:
    """The file of that agent, for as long as the context lasts.

    Raises:
        ValueError: if there is no such agent; the message lists those that there are.
    """
    agents = shipped_agents()
    if name not in agents:
        raise ValueError(
            f"an agent must be a {_SUFFIX} file or one that comes with loqa "
            f"({shipped_in_words()}); got {name!r}."
        )
    return resources.as_file(agents[name])


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            yield prefix + entry.name.removesuffix(_SUFFIX), entry
