"""Arrays of NumPy or of JAX, in code that is written once for both."""

from types import ModuleType
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = jax.Array | NDArray[Any]


def array_namespace(*arrays: Array) -> ModuleType:
    """NumPy where every array is NumPy's own, jax.numpy otherwise."""
    for array in arrays:
        if not isinstance(array, _NUMPY):
            return jnp
    return np


_NUMPY = (np.ndarray, np.generic)


def of_seat(tree: Any, seat: int) -> Any:
    """What belongs to one seat of arrays ``[P, ...]``."""
    if isinstance(tree, np.ndarray):  # environments ask for it in every step
        return tree[seat]
    return jax.tree.map(lambda leaf: leaf[seat], tree)


def narrowed(noise: Array) -> Array:
    """Uniform numbers in [0, 1) as float32, in which the rules count; still below 1."""
    if noise.dtype == np.float32:
        return noise
    below = array_namespace(noise).minimum(noise.astype(np.float32), _BELOW_ONE)
    return below  # type: ignore[no-any-return]


_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))
