"""Arithmetic for the rules of the Coin Game, which are written for single numbers.

These are quicker than arrays of two or three: as Python's own numbers in one game with NumPy, and
as an array each in thousands of games under ``jax.vmap``.
"""

from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np


def numbers(xp: ModuleType, array: Any) -> list[Any]:
    """The numbers of a vector."""
    return array.tolist() if xp is np else [array[i] for i in range(array.shape[0])]


def where(condition: Any, then: Any, otherwise: Any) -> Any:
    """One integer or another."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    # On CPUs, XLA is quicker at this than at choosing.
    return otherwise + condition.astype(np.int32) * (then - otherwise)


def count(xp: ModuleType, condition: Any, kind: Any = np.int32) -> Any:
    """1 where the condition holds, else 0."""
    return int(condition) if xp is np else jnp.asarray(condition, kind)


def draw(xp: ModuleType, uniform: Any, number: Any) -> Any:
    """One of 0 to ``number`` - 1; in float32 everywhere, so that it is the same everywhere."""
    scaled = xp.float32(uniform) * xp.float32(number)
    return int(scaled) if xp is np else scaled.astype(np.int32)


def draw_cell(xp: ModuleType, uniform: Any, num_cells: int, occupied: list[Any]) -> Any:
    """A cell that is not in ``occupied``, all others with equal probability."""
    cells = _sorted(occupied)
    news = [True] * bool(cells) + [cells[i] != cells[i - 1] for i in range(1, len(cells))]
    cell = draw(xp, uniform, num_cells - sum(count(xp, new) for new in news))
    # So many free cells come before the drawn one, and so do the occupied cells among them.
    for new, taken in zip(news, cells, strict=True):
        cell = cell + count(xp, new & (cell >= taken))
    return cell


def _sorted(cells: list[Any]) -> list[Any]:
    """In order, by exchanging neighbours."""
    cells = list(cells)
    for i in range(len(cells)):
        for j in range(i % 2, len(cells) - 1, 2):
            left, right = cells[j : j + 2]
            cells[j : j + 2] = where(left > right, right, left), where(left > right, left, right)
    return cells
