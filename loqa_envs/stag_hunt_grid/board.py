"""A board with edges: its cells, moves on it, and the shortest ways."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from loqa_envs.arrays import Array, array_namespace, narrowed

MOVES = ("left", "right", "up", "down", "stay")
_DOWN, _RIGHT = np.array([(0, 0, -1, 1, 0), (-1, 1, 0, 0, 0)], np.int32)


@dataclass(frozen=True)
class Board:
    """Cells are numbered row by row from 0 in the upper left."""

    height: int
    width: int

    @property
    def num_cells(self) -> int:
        return self.height * self.width

    @cached_property
    def next_cells(self) -> NDArray[np.int32]:
        """``int32[cells, 5]``: where each move leads; a move over the edge stays in place."""
        rows, columns = np.divmod(np.arange(self.num_cells), self.width)
        rows = np.clip(rows[:, None] + _DOWN, 0, self.height - 1)
        columns = np.clip(columns[:, None] + _RIGHT, 0, self.width - 1)
        cells: NDArray[np.int32] = (rows * self.width + columns).astype(np.int32)
        return cells

    def steps(self, start: Array, goals: Array) -> Array:
        """``int32[5, goals]``: after each move from ``start``, the steps to each goal."""
        xp = array_namespace(start, goals)
        cells = xp.asarray(self.next_cells)[start][:, None]
        goals = goals[None]
        down = xp.abs(cells // self.width - goals // self.width)
        right = xp.abs(cells % self.width - goals % self.width)
        steps: Array = down + right
        return steps

    def to_nearest(self, start: Array, goals: Array) -> Array:
        """``int32[5]``: after each move from ``start``, the steps to the nearest of the goals."""
        steps: Array = self.steps(start, goals).min(1)
        return steps


def cheapest(costs: Array, uniform: Array) -> Array:
    """The number of the least cost, of equal ones each with the same probability (``int32``)."""
    xp = array_namespace(costs, uniform)
    best = costs == costs.min()
    number = best.sum(dtype=np.int32).astype(np.float32)
    rank = (narrowed(uniform) * number).astype(np.int32)
    chosen: Array = xp.argmax(xp.cumsum(best, dtype=np.int32) > rank).astype(np.int32)
    return chosen
