"""Containers within containers, of a file that anyone may have written."""

from collections.abc import Iterable
from typing import Any

MAX_DEPTH = 32
"""How deep containers may lie in each other."""


def check_depth(value: Any) -> None:
    """Level by level, each object once a level, so that neither loops nor shared parts blow up."""
    level = _containers([value])
    for _ in range(MAX_DEPTH):
        level = _containers(
            item for v in level for item in (v.values() if isinstance(v, dict) else v)
        )
        if not level:
            return
    raise ValueError(f"containers must lie in each other at most {MAX_DEPTH} deep")


def _containers(items: Iterable[Any]) -> list[Any]:
    """Those of the items that are containers, each once."""
    found = {id(item): item for item in items if isinstance(item, (dict, list, tuple))}
    return list(found.values())
