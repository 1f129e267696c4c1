"""What a player is: its state, its weights and the code that it runs, as one short word.

Two players with one fingerprint play alike, but for chance and what they read from elsewhere while
they play. The code is that of the author's own functions and classes, as far as they can be reached
through the names that they use; packages that are installed count by their version.
"""

import functools
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_agents.players.python.foreign_code import Fault, called
from loqa_agents.players.python.own_code import is_own, version_of

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented))
_IMPLICIT = {
    "__module__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__match_args__",
    "__dataclass_fields__", "__dataclass_params__", "__firstlineno__", "__static_attributes__",
    "__abstractmethods__", "_abc_impl", "__parameters__", "__orig_bases__", "__annotate_func__",
    "__annotations_cache__", "__slotnames__",
}  # fmt: skip
"""Attributes of classes that Python makes, or that change nothing."""


def fingerprint(value: Any) -> str | None:
    """The same for equal values in every process; None for what cannot be taken apart.

    That is what `pickle` could not save either: a lock, an open file, a generator that is running.
    """
    try:
        digest: bytes = called(_Digests().of, value)
    except Fault:
        return None
    return digest.hex()[:32]


class _Digests:
    """Digests of values made of the digests of their parts."""

    def __init__(self) -> None:
        self._done: dict[int, bytes] = {}
        self._open: dict[int, int] = {}
        self._kept: list[Any] = []  # or another object might get the number of one

    def of(self, value: Any) -> bytes:
        if type(value) in _PLAIN:
            return _joined(type(value).__name__, repr(value))
        number = id(value)
        if number in self._open:  # it is part of itself
            return _joined("within", str(len(self._open) - self._open[number]))
        if number not in self._done:
            self._kept.append(value)
            self._open[number] = len(self._open)
            self._done[number] = self._of_parts(value)
            del self._open[number]
        return self._done[number]

    def _of_parts(self, value: Any) -> bytes:
        if isinstance(value, set | frozenset):
            return _joined(type(value).__name__, *sorted(map(self.of, value)))
        if (data := _array(value)) is not None:
            return _joined("array", str(data.dtype), str(data.shape), data.tobytes())
        if (name := _name_of_other(value)) is not None:
            return _joined("other", name)
        return _joined(type(value).__name__, *map(self.of, _parts(value)))


def _joined(*words: str | bytes) -> bytes:
    digest = hashlib.sha256()
    for word in words:
        data = word.encode(errors="backslashreplace") if isinstance(word, str) else word
        digest.update(len(data).to_bytes(8) + data)
    return digest.digest()


def _array(value: Any) -> NDArray[Any] | None:
    """The numbers of an array of any library; None for what is none."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        # As bytes, since NumPy lacks some of PyTorch's types.
        kind = np.frombuffer(f"{value.dtype} {tuple(value.shape)}".encode(), np.uint8)
        words = value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
        return np.concatenate([kind, words])
    if isinstance(value, jax.Array):
        keys = jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
        return np.asarray(jax.random.key_data(value) if keys else value)
    if isinstance(value, np.ndarray | np.generic) and not np.asarray(value).dtype.hasobject:
        return np.asarray(value)
    return None


def _name_of_other(value: Any) -> str | None:
    """The name of a module, class or function that is not a user's own, and whose version."""
    if isinstance(value, ModuleType):
        names: tuple[Any, Any] = (value.__name__, "")
    elif _is_bound(value):  # what it is bound to counts
        return None
    else:
        names = (getattr(value, "__module__", None), getattr(value, "__qualname__", None))
    module, name = names
    if not isinstance(name, str) or not isinstance(module, str) or is_own(module):
        return None
    return f"{module}:{name} of {version_of(module)}"


def _is_bound(value: Any) -> bool:
    bound = isinstance(value, MethodType | BuiltinFunctionType)
    return bound and not isinstance(value.__self__, ModuleType | None)


def _parts(value: Any) -> Iterator[Any]:
    kind = type(value)
    if kind in (list, tuple):
        yield from value
    elif kind is dict:
        yield from value.items()
    elif kind is np.ndarray:  # of objects
        yield from (value.shape, value.ravel().tolist())
    elif isinstance(value, ModuleType):
        file = getattr(value, "__file__", None)
        yield from (value.__name__, Path(file).read_bytes() if file else None)
    elif isinstance(value, type):
        yield from (value.__qualname__, type(value).__name__, value.__bases__)
        yield from (item for item in vars(value).items() if item[0] not in _IMPLICIT)
    elif isinstance(value, FunctionType):
        yield from (value.__name__, value.__code__, value.__defaults__, value.__kwdefaults__)
        if value.__code__.co_filename != "<string>":  # what dataclasses write
            yield value.__closure__
            names = sorted(_names(value.__code__) & value.__globals__.keys())
            yield {name: value.__globals__[name] for name in names}
    elif isinstance(value, CodeType):
        yield from (value.co_code, value.co_names, value.co_consts, value.co_flags)
    elif isinstance(value, CellType):
        yield value.cell_contents
    elif _is_bound(value):
        yield from (value.__name__, value.__self__, getattr(value, "__func__", None))
    elif isinstance(value, property):
        yield from (value.fget, value.fset, value.fdel)
    elif isinstance(value, staticmethod | classmethod):
        yield value.__func__
    elif isinstance(value, functools.cached_property):
        yield value.func
    elif isinstance(value, MemberDescriptorType | GetSetDescriptorType):
        yield value.__name__
    elif callable(value) and hasattr(value, "__wrapped__"):  # as jax.jit and lru_cache leave one
        yield value.__wrapped__
    else:
        yield kind
        yield from _reduced(value)


def _reduced(value: Any) -> Iterator[Any]:
    """What `pickle` would save of an object, without what its class has only worked out."""
    reduced: Any = value.__reduce_ex__(4)
    if isinstance(reduced, str):
        yield reduced
        return
    function, arguments, state, entries, items = (*reduced, None, None, None)[:5]
    if isinstance(state, dict):
        kind = type(value)
        state = {
            name: part
            for name, part in state.items()
            if not isinstance(getattr(kind, str(name), None), functools.cached_property)
        }
    yield from (function, arguments, state)
    yield from (None if parts is None else list(parts) for parts in (entries, items))


def _names(code: CodeType) -> set[str]:
    """The names of globals that code may use, with that of the functions within it."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(_names, inner))
