"""What one seat sees: one array, or a dictionary of named arrays, and what its numbers mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from annotated_types import MaxLen
from numpy.typing import DTypeLike, NDArray

from loqa_envs.validation import Count, Settings
from loqa_envs.wording import shown

Observation: TypeAlias = Any
"""One array, or a dictionary of named arrays, as an `ObservationSpec` says."""
Kind: TypeAlias = Literal["numbers", "categories", "image"]
MASK = "action_mask"
"""The name of an array that says which actions are allowed, 1 for each that is, else 0."""

_USUAL: dict[str, str] = {"numbers": "float32", "categories": "int32", "image": "uint8"}


@dataclass(frozen=True)
class Leaf(Settings):
    """One array of what a seat sees.

    ``Leaf((5,))`` is five floats from 0 to 1, ``Leaf((3,), "categories", high=(8, 8, 1))`` three
    integers, ``Leaf((64, 64, 3), "image")`` a picture of bytes.

    Raises:
        ValueError: for a shape, a dtype or bounds that do not fit together.
    """

    shape: Annotated[tuple[Count, ...], MaxLen(16)]
    """Of one seat's array, without any axis of seats, steps or games."""
    kind: Kind = "numbers"
    """What a network makes of it: ``numbers`` are multiplied by weights, ``categories`` are
    integers from 0 whose order means nothing and which are looked up in tables, and an ``image``
    has the axes height, width and channels, along the first two of which it is convolved."""
    high: Any = None
    """The largest entries: one number, or an array that broadcasts to ``shape``. By default 255
    for integers in an image and otherwise 1."""
    low: Any = 0
    """The smallest entries, likewise."""
    dtype: Any = None
    """The name of a NumPy dtype; by default float32, int32 for categories, uint8 for an image."""

    def __post_init__(self) -> None:
        super().__post_init__()
        dtype = _dtype(_USUAL[self.kind] if self.dtype is None else self.dtype)
        high = self.high
        if high is None:
            high = 255 if self.kind == "image" and dtype.kind == "u" else 1
        object.__setattr__(self, "dtype", dtype.name)
        object.__setattr__(self, "high", _bound("high", high, self.shape, dtype))
        object.__setattr__(self, "low", _bound("low", self.low, self.shape, dtype))
        if (np.asarray(self.low) > np.asarray(self.high)).any():
            raise ValueError(
                f"Leaf.low must be at most Leaf.high, got {shown(self.low)}, {shown(self.high)}."
            )
        if self.kind == "categories" and (dtype.kind not in "iu" or np.any(self.low)):
            raise ValueError(
                "categories must be integers counted from 0, so that each has a row in a table; "
                f"got {dtype.name} from {shown(self.low)}."
            )
        if self.kind == "image":
            if len(self.shape) != 3 or dtype.name not in ("uint8", "float32"):
                raise ValueError(
                    "an image must be uint8 or float32 of the shape (height, width, channels), "
                    f"got {self}."
                )
            if isinstance(self.low, tuple) or isinstance(self.high, tuple) or self.high <= 0:
                raise ValueError(
                    "an image must have one low and one high above 0 for all its entries, so that "
                    f"it can be scaled; got {shown(self.low)}, {shown(self.high)}."
                )

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    @property
    def bounds(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The smallest and the largest entries, each an array of its shape and dtype."""
        low, high = (
            np.reshape(np.asarray(bound, self.dtype), self.shape)
            if isinstance(bound, tuple)
            else np.full(self.shape, bound, self.dtype)
            for bound in (self.low, self.high)
        )
        return low, high

    @property
    def table_sizes(self) -> tuple[int, ...]:
        """Of categories, how many values each entry can have; of others ``()``."""
        if self.kind != "categories":
            return ()
        return tuple((np.broadcast_to(self.high, (self.size,)) + 1).tolist())

    @classmethod
    def of(cls, shape: tuple[int, ...], high: Any) -> "Leaf":
        """An array from 0 to ``high``, whose dtype says what kind it is.

        Signed integers are categories, bytes of three axes are an image, all else is numbers.
        """
        dtype = np.asarray(high).dtype
        kind: Kind = "categories" if dtype.kind == "i" else "numbers"
        if dtype == np.uint8 and len(shape) == 3:
            kind = "image"
        return cls(shape, kind, high, dtype=dtype.name)


@dataclass(frozen=True)
class ObservationSpec(Settings):
    """What one seat sees of a game: one array, or a dictionary of named arrays.

    ``ObservationSpec(Leaf((5,)))`` or ``ObservationSpec({"board": Leaf((8, 8, 3), "image"),
    "stock": Leaf((2,), high=100)})``. Equal specs compare and hash equal; names are in the order
    of the alphabet, as in JAX's trees and Gymnasium's spaces.

    Raises:
        ValueError: for anything else, a name that is no string, or a dictionary without entries.
    """

    parts: Any
    """A `Leaf`, or a dictionary of them, which is kept as a tuple of pairs."""

    def __post_init__(self) -> None:
        if isinstance(self.parts, Leaf):
            return
        pairs = self.parts.items() if isinstance(self.parts, Mapping) else self.parts
        try:
            named = dict(pairs)
        except (TypeError, ValueError):
            named = {}
        if not named or not all(
            isinstance(name, str) and name and isinstance(leaf, Leaf)
            for name, leaf in named.items()
        ):
            raise ValueError(
                "an observation must be a Leaf, or a dictionary of at least one Leaf, each with a "
                f"name; got {shown(self.parts)}."
            )
        object.__setattr__(self, "parts", tuple(sorted(named.items())))

    def __str__(self) -> str:
        if isinstance(self.parts, Leaf):
            return str(self.parts)
        return "{" + ", ".join(f"{name}: {leaf}" for name, leaf in self.parts) + "}"

    @property
    def tree(self) -> Leaf | dict[str, Leaf]:
        """The leaves in the form of an observation, as ``jax.tree.map`` takes them."""
        return self.parts if isinstance(self.parts, Leaf) else dict(self.parts)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """All of them, in the order of ``jax.tree.leaves``."""
        return (self.parts,) if isinstance(self.parts, Leaf) else tuple(x for _, x in self.parts)

    @property
    def size(self) -> int:
        """How many numbers an observation has."""
        return sum(leaf.size for leaf in self.leaves)

    def zeros(self) -> Observation:
        """An observation of zeros, in NumPy."""
        return each_array(lambda leaf: np.zeros(leaf.shape, leaf.dtype), self.tree)

    def checked(self, what: str, observation: Any) -> Observation:
        """The observation as NumPy arrays.

        Raises:
            ValueError: unless it has the names and shapes of this spec, and numbers.
        """
        pairs = self._pairs(arrays := each_array(np.asarray, observation))
        if not pairs or any(
            array.shape != leaf.shape or array.dtype.kind not in "biuf" for leaf, array in pairs
        ):
            forms = each_array(lambda array: f"{array.dtype}{list(array.shape)}", arrays)
            raise ValueError(f"{what} must be numbers of the form {self}, got {forms}.")
        return arrays

    def contains(self, observation: Any) -> bool:
        """Whether it has the names, shapes and dtypes of this spec, and lies within the bounds."""
        pairs = self._pairs(observation)
        return bool(pairs) and all(
            (array.shape, array.dtype.name) == (leaf.shape, leaf.dtype)
            and bool(((leaf.bounds[0] <= array) & (array <= leaf.bounds[1])).all())
            for leaf, array in pairs
        )

    def _pairs(self, observation: Any) -> list[tuple[Leaf, Any]]:
        """Each leaf with its array; none where the observation has other names."""
        tree = self.tree
        if isinstance(tree, Leaf):
            return [] if isinstance(observation, Mapping) else [(tree, observation)]
        if not isinstance(observation, Mapping) or observation.keys() != tree.keys():
            return []
        return [(leaf, observation[name]) for name, leaf in tree.items()]


def each_array(function: Callable[[Any], Any], observation: Observation) -> Observation:
    """``function`` of the one array, or of each array of a dictionary.

    What ``jax.tree.map`` does, in a tenth of the time: environments call it in every step.
    """
    if isinstance(observation, dict):
        return {name: function(array) for name, array in observation.items()}
    return function(observation)


def _dtype(name: DTypeLike) -> np.dtype[Any]:
    try:
        dtype = np.dtype(name)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "biuf":
        raise ValueError(f"Leaf.dtype must be of booleans, integers or floats, got {shown(name)}.")
    return dtype


def _bound(name: str, value: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """The bound as one number, or a tuple of one for each entry in the order of the rows."""
    said = f"Leaf.{name} must be a number, or an array that broadcasts to {shape}"
    try:
        given = np.asarray(value)
        rows = given if given.ndim == 0 else np.broadcast_to(given, shape).ravel()
    except ValueError:
        raise ValueError(f"{said}, got {shown(value)}.") from None
    if given.dtype.kind not in "biuf" or np.isnan(given).any():
        raise ValueError(f"{said}, got {shown(value)}.")
    with np.errstate(over="ignore", invalid="ignore"):
        cast = rows.astype(dtype)
    if dtype.kind != "f" and (cast != rows).any():
        raise ValueError(f"{said} and is {dtype.name}, got {shown(value)}.")
    return cast.flat[0].item() if (cast == cast.flat[0]).all() else tuple(cast.tolist())
