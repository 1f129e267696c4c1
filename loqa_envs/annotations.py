"""What an annotation is made of, and its form for pydantic."""

import inspect
from collections.abc import Callable, Iterator
from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import PlainValidator

_CONTAINERS = (tuple, list, set, frozenset, dict)


def leaves_of(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from leaves_of(arguments[0])
    elif origin is Literal:
        yield from map(type, arguments)
    elif origin in (Union, UnionType, *_CONTAINERS):
        for argument in arguments:
            if argument is not Ellipsis:
                yield from leaves_of(argument)
    elif annotation is None:
        yield NoneType
    else:
        yield annotation if isinstance(annotation, type) and origin is None else Any


def is_builtin(kind: type) -> bool:
    return kind.__module__ == "builtins"


def with_classes(annotation: Any) -> Any:
    """The annotation with a check of our own in place of every class and protocol."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(with_classes(arguments[0]), *arguments[1:])]
    if origin in (Union, UnionType):
        return reduce(or_, map(with_classes, arguments))
    if origin in _CONTAINERS:
        return origin[tuple(map(with_classes, arguments))]
    if isinstance(annotation, type) and origin is None and not is_builtin(annotation):
        return Annotated[Any, PlainValidator(_instance_check(annotation))]
    return annotation


def _instance_check(kind: type) -> Callable[[Any], Any]:
    protocol = getattr(kind, "_is_protocol", False)
    members = [name for name in vars(kind) if not name.startswith("_")] if protocol else []
    members += [n for n in vars(kind).get("__annotations__", ()) if protocol and n not in members]

    def instance(value: Any) -> Any:
        if not protocol and not isinstance(value, kind):
            raise ValueError
        if protocol and isinstance(value, type):
            raise ValueError("it is a class, not one of its instances")
        if lacking := [name for name in members if not _has(value, name)]:
            raise ValueError(
                f"it lacks {', '.join(lacking[:3])}{' and others' * (len(lacking) > 3)}"
            )
        return value

    return instance


def _has(value: Any, name: str) -> bool:
    """Whether there is such an attribute; properties are not worked out to know it."""
    missing = object()
    try:
        return inspect.getattr_static(value, name, missing) is not missing or hasattr(value, name)
    except Exception:  # from a __getattr__ of others
        return False
