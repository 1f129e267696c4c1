"""How anyone's games and networks get a name under which files find them again."""

import re
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator

from loqa_envs.validation import checked
from loqa_envs.wording import Words

Thing = TypeVar("Thing")


def _snake_case(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
        raise ValueError
    return name


Name: TypeAlias = Annotated[
    str,
    AfterValidator(_snake_case),
    Words("a name of at most 64 lower-case letters, digits and underscores, a letter first"),
]


@checked
def register(registry: dict[str, Thing], name: Name, thing: Thing) -> None:
    """Put a class or function into a registry; the same again, as from a notebook, replaces it.

    Raises:
        ValueError: if the name is none, belongs to something else, or ``thing`` cannot be called.
    """
    if not callable(thing):
        raise ValueError(f"{name} must be registered for a class or function, got {thing!r}.")
    taken = registry.get(name, thing)
    if _origin(taken) != _origin(thing):
        raise ValueError(f"the name to register must be free; {name} is {_origin(taken)}.")
    registry[name] = thing


def _origin(thing: Any) -> str:
    named = getattr(thing, "__qualname__", repr(thing))
    return f"{getattr(thing, '__module__', '')}.{named}"
