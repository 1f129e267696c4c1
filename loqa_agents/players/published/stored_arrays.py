"""Arrays as views of bytes that a file holds, checked before anything of their size is made."""

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray


class StoredArrays:
    """Makes read-only arrays that are together no larger than ``limit`` bytes.

    Its methods raise ValueError for an array that does not fit the bytes that it is said to have,
    or with which all of them would be larger than that.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._promised = 0

    def array(
        self, shape: tuple[Any, ...], dtype: np.dtype[Any], fortran: bool, raw: bytes
    ) -> NDArray[Any]:
        """As NumPy stores one: all its entries, by columns if ``fortran``."""
        needed = self._promise(shape, dtype)
        if needed != len(raw):
            raise ValueError(
                f"an array of shape {shape} and {dtype} must have {needed} bytes, it has {len(raw)}"
            )
        return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")

    def tensor(
        self, entries: NDArray[Any], offset: int, shape: tuple[Any, ...], strides: tuple[Any, ...]
    ) -> NDArray[Any]:
        """As torch stores one: where its entries are in its storage."""
        self._promise(shape, entries.dtype)
        _check_sizes(strides)
        if len(strides) != len(shape):
            raise ValueError(f"a tensor of shape {shape} must have as many strides, got {strides}")
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if not 0 <= offset <= last < entries.size or math.prod(shape) > entries.size:
            raise ValueError(
                f"a tensor of shape {shape} and strides {strides} must lie within its storage, "
                f"got {entries.size} entries and offset {offset}"
            )
        steps = [step * entries.itemsize for step in strides]
        return as_strided(entries[offset:], shape, steps, writeable=False)

    def _promise(self, shape: tuple[Any, ...], dtype: np.dtype[Any]) -> int:
        """How many bytes an array needs, once it is known that the file can hold them."""
        _check_sizes(shape)
        needed: int = math.prod(shape) * dtype.itemsize
        self._promised += needed
        if self._promised > self._limit:
            raise ValueError(
                f"arrays must be no larger than the file, which has {self._limit} bytes; one has "
                f"the shape {shape}"
            )
        return needed


def _check_sizes(sizes: tuple[Any, ...]) -> None:
    if len(sizes) > 8 or any(type(n) is not int or not 0 <= n < 2**48 for n in sizes):
        raise ValueError("an array's shape and strides must be at most 8 integers, 0 or more")
