"""What vector environments say about some of their rows, in Gymnasium's form."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from loqa_envs.arrays import of_seat
from loqa_envs.observation import Observation

Rows: TypeAlias = NDArray[Any]
Bools: TypeAlias = NDArray[np.bool_]


def masked(values: dict[str, Rows], mask: Bools) -> dict[str, Any]:
    """Gymnasium's form of the infos that only the games of the mask have."""
    if not mask.any():
        return {}
    info: dict[str, Any] = {}
    for name, numbers in values.items():
        info[name], info[f"_{name}"] = np.where(mask, numbers, 0.0), mask.copy()
    return info


def rows_as_objects(rows: Observation, mask: Bools) -> NDArray[Any]:
    """Gymnasium's form of the last observations of those games."""
    objects = np.full(len(mask), None, object)
    for i in np.flatnonzero(mask):
        objects[i] = of_seat(rows, int(i))
    return objects
