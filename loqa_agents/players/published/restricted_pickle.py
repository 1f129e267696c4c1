"""Reads pickles of plain data and arrays without running anything that they ask for.

A pickle is a program for a stack machine, and Python's own machine calls whatever it names. This
one, which walks over `pickletools.genops`, knows the operations that build plain values. It names
no function of Python's: what it admits as a name is `NAMES`, and what those mean is in `_call` and
`_build`. An array is a view of bytes that the file holds, so nothing is as large as a file only
says that it is.
"""

import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from loqa_agents.players.published.depth import check_depth
from loqa_agents.players.published.stored_arrays import StoredArrays

MAX_OPERATIONS = 2**17
"""Steps of the stack machine; the published agents take up to 5,000."""

STORAGES = {
    "torch.FloatStorage": "f4",
    "torch.DoubleStorage": "f8",
    "torch.HalfStorage": "f2",
    "torch.LongStorage": "i8",
    "torch.IntStorage": "i4",
    "torch.ShortStorage": "i2",
    "torch.CharStorage": "i1",
    "torch.ByteStorage": "u1",
    "torch.BoolStorage": "b1",
}
"""Torch's storages, and the dtypes of their numbers."""
NAMES = frozenset(
    {
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray._reconstruct",
        "numpy.ndarray",
        "numpy.dtype",
        "flax.core.frozen_dict.FrozenDict",
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor_v2",
        *STORAGES,
    }
)
"""All that a pickle may name."""
_DTYPES = frozenset({*STORAGES.values(), "u2", "u4", "u8"})

ReadStorage: TypeAlias = Callable[[str, str, int], NDArray[Any]]
"""From a name in `STORAGES`, a key and the number of entries to the entries of a torch storage."""


def read_pickle(content: bytes, read_storage: ReadStorage | None = None, limit: int = 0) -> Any:
    """The dicts, lists, tuples, texts, numbers and arrays in a pickle, and nothing else.

    A ``FrozenDict`` or ``OrderedDict`` becomes a dict without its attributes. Arrays are of floats,
    integers or booleans, read-only, and together no larger than ``limit`` bytes, by default the
    size of ``content``.

    Raises:
        ValueError: if the content is no whole pickle, or asks for anything else.
    """
    try:
        value = _Machine(read_storage, limit or len(content)).run(content)
        check_depth(value)
    except ValueError:
        raise
    except Exception as error:  # an operation on a stack that does not hold what it takes
        raise ValueError(f"it is no whole pickle ({type(error).__name__})") from None
    return value


@dataclass(frozen=True)
class _Name:
    """One of `NAMES`, where a pickle has the class or function itself."""

    path: str


@dataclass(eq=False)
class _Unbuilt:
    """An array that has been announced, whose numbers come with the next BUILD."""

    places: list[int] = field(default_factory=list)
    """Where the memo holds it."""


class _Machine:
    def __init__(self, read_storage: ReadStorage | None, limit: int) -> None:
        self._read_storage = read_storage
        self._arrays = StoredArrays(limit)
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self, content: bytes) -> Any:
        for steps, (operation, argument, _) in enumerate(_operations(content)):
            if steps >= MAX_OPERATIONS:
                raise ValueError(f"a pickle must have at most {MAX_OPERATIONS} operations")
            if operation.name != "STOP":
                self._step(operation.name, argument)
        return self._stack.pop()

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        match name:
            case "PROTO" | "FRAME":
                pass
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[name])
            case (
                ("BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT")
                | ("BINUNICODE" | "SHORT_BINUNICODE" | "BINUNICODE8")
                | ("BINBYTES" | "SHORT_BINBYTES" | "BINBYTES8")
            ):
                stack.append(argument)
            case "EMPTY_DICT" | "EMPTY_LIST" | "EMPTY_TUPLE":
                stack.append({"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}[name]())
            case "MARK":
                self._marks.append(len(stack))
            case "TUPLE":
                stack.append(tuple(self._since(self._marks.pop())))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack.append(tuple(self._since(len(stack) - int(name[-1]))))
            case "APPEND" | "APPENDS":
                items = self._since(self._marks.pop() if name == "APPENDS" else len(stack) - 1)
                _of(list, stack[-1]).extend(items)
            case "SETITEM" | "SETITEMS":
                items = self._since(self._marks.pop() if name == "SETITEMS" else len(stack) - 2)
                _set(_of(dict, stack[-1]), items)
            case "MEMOIZE" | "BINPUT" | "LONG_BINPUT":
                place = len(self._memo) if name == "MEMOIZE" else argument
                self._memo[place] = stack[-1]
                if isinstance(stack[-1], _Unbuilt):
                    stack[-1].places.append(place)
            case "BINGET" | "LONG_BINGET":
                stack.append(self._memo[argument])
            case "GLOBAL":
                stack.append(_name(*argument.split(" ", 1)))
            case "STACK_GLOBAL":
                stack.append(_name(*self._since(len(stack) - 2)))
            case "BINPERSID":
                stack.append(self._storage(stack.pop()))
            case "REDUCE":
                function, arguments = self._since(len(stack) - 2)
                stack.append(self._call(_of(_Name, function).path, _of(tuple, arguments)))
            case "BUILD":
                target, state = self._since(len(stack) - 2)
                stack.append(self._build(target, state))
            case _:
                raise ValueError(f"it uses {name}, which builds more than plain data")

    def _since(self, start: int) -> list[Any]:
        """What the stack holds from ``start`` on, which is taken off it."""
        if not 0 <= start <= len(self._stack):
            raise IndexError
        items = self._stack[start:]
        del self._stack[start:]
        return items

    def _storage(self, identity: Any) -> NDArray[Any]:
        match identity:
            case ("storage", _Name(kind), str(key), str(), int(entries)) if kind in STORAGES:
                if self._read_storage:
                    return self._read_storage(kind, key, entries)
        raise ValueError("it names a part outside of itself that is no torch storage")

    def _call(self, path: str, arguments: tuple[Any, ...]) -> Any:
        """What a call of one of `NAMES` makes."""
        match path, arguments:
            case (
                "numpy.core.multiarray._reconstruct" | "numpy._core.multiarray._reconstruct",
                (_Name("numpy.ndarray"), (0,), bytes()),
            ):
                return _Unbuilt()
            case "numpy.dtype", (str(code), *_):
                if code not in _DTYPES:
                    raise ValueError(
                        f"arrays must be of floats, integers or booleans, got {code[:20]!r}"
                    )
                return np.dtype(code).newbyteorder("<")
            case "flax.core.frozen_dict.FrozenDict", (dict(items),):
                return items
            case "collections.OrderedDict", ():
                return {}
            case (
                "torch._utils._rebuild_tensor_v2",
                (np.ndarray() as entries, int(offset), tuple(shape), tuple(strides), *_),
            ):
                return self._arrays.tensor(entries, offset, shape, strides)
        raise ValueError(f"it calls {path} in a way that is not known")

    def _build(self, target: Any, state: Any) -> Any:
        """An object that has been announced, now that its state is known."""
        match target, state:
            case np.dtype(), (3, "<" | "|", None, None, None, -1, -1, 0):
                return target
            case _Unbuilt(), (1, tuple(shape), np.dtype() as dtype, bool(fortran), bytes(raw)):
                built = self._arrays.array(shape, dtype, fortran, raw)
                for place in target.places:
                    self._memo[place] = built
                return built
            case dict(), dict():  # attributes of a dict, which are no part of what it holds
                return target
        raise ValueError("it gives an object a state that is not known")


def _operations(content: bytes) -> Iterator[tuple[Any, Any, int | None]]:
    try:
        yield from pickletools.genops(content)
    except ValueError as error:
        raise ValueError(f"it is no whole pickle: {error}") from None


def _name(*parts: Any) -> _Name:
    path = ".".join(_of(str, part) for part in parts)
    if path not in NAMES:
        raise ValueError(f"it names {path[:60]!r}, which is neither an array nor a plain container")
    return _Name(path)


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _set(target: dict[Any, Any], items: list[Any]) -> None:
    for key, value in zip(items[::2], items[1::2], strict=True):
        if type(key) not in (str, int) or (type(key) is int and abs(key) >= 2**31):
            raise ValueError("keys of a dict must be texts or small integers")
        target[key] = value
