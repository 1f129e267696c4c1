"""Whether a player holds random numbers of its own, which copies of it would share."""

import random
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from types import BuiltinFunctionType, CellType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.players.python.own_code import is_own

_GENERATORS = (np.random.Generator, np.random.BitGenerator, np.random.RandomState, random.Random)
_PLAIN = (type(None), bool, int, float, complex, str, bytes, np.ndarray, np.generic, ModuleType)


def generator_in(player: Any) -> str | None:
    """A generator of random numbers that ``player`` holds: "numpy's Generator in chance"; or None.

    Looked for are generators of NumPy, of Python and of PyTorch, and keys of JAX: in attributes of
    objects and of their classes, in containers, and in the closures of functions. Those of a module
    (``np.random.random()``, ``random.random()``, ``torch.rand()``) are nobody's and not found.
    """
    left: deque[tuple[str, Any]] = deque([("", player)])
    seen: dict[int, Any] = {}  # the objects too, or another one might get the number of one
    while left:
        path, value = left.popleft()
        if isinstance(value, _PLAIN) or id(value) in seen:
            continue
        seen[id(value)] = value
        if kind := _generator(value):
            return f"{kind} in {path}" if path else kind
        left += [(f"{path}{label}".removeprefix("."), part) for label, part in _parts(value)]
    return None


def _generator(value: Any) -> str | None:
    """What kind of generator a value is, if it is one."""
    if isinstance(value, jax.Array):
        # Old keys are two words, and hardly anything else is.
        old = value.dtype == jnp.uint32 and value.shape == (2,)
        return "a key of JAX" if old or jnp.issubdtype(value.dtype, jax.dtypes.prng_key) else None
    if isinstance(
        value, (*_GENERATORS, getattr(sys.modules.get("torch"), "Generator", type(None)))
    ):
        kind = type(value)
        return f"{kind.__module__.partition('.')[0]}'s {kind.__name__}"
    return None


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value holds, and what that is called; none of its own code is run."""
    if isinstance(value, dict):
        yield from ((f"[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, list | tuple | set | frozenset | deque):
        yield from ((f"[{number}]", part) for number, part in enumerate(value))
    elif isinstance(value, FunctionType):
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        yield from ((f".{name}", _content(cell)) for name, cell in cells)
        yield from (("", part) for part in (value.__defaults__, value.__kwdefaults__))
    elif isinstance(value, type):
        if is_own(value.__module__):
            yield from ((f".{name}", part) for name, part in vars(value).items())
            yield from (("", base) for base in value.__bases__)
    else:
        with suppress(AttributeError):
            attributes = object.__getattribute__(value, "__dict__")
            yield from ((f".{name}", part) for name, part in attributes.items())
        for kind in type(value).__mro__:
            for name, member in vars(kind).items():
                if isinstance(member, MemberDescriptorType):  # a slot, or one of a built-in object
                    with suppress(AttributeError):
                        yield f".{name}", member.__get__(value)
        if isinstance(value, BuiltinFunctionType):
            yield ".__self__", value.__self__
        yield "", type(value)


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it has none yet
        return None
