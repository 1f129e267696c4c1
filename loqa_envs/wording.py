"""What an annotation is made of, its form for pydantic, and what it asks for in words."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import PlainValidator


@dataclass(frozen=True)
class Words:
    """In an annotation, what a value must be, where words made from its parts do not do."""

    must_be: str


_NAMES = {
    bool: "True or False",
    int: "an integer",
    float: "a finite number",
    str: "a string",
    NoneType: "None",
    tuple: "a tuple",
    list: "a list",
    dict: "a dictionary",
}
_LONGEST = 120


def must_be(annotation: Any) -> str:
    """What a value of that annotation must be: ``an integer of at least 1``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _restricted(arguments[0], _limits(arguments[1:]))
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin in (Union, UnionType):
        return ", or ".join(_alternatives(arguments, ""))
    if origin is tuple:
        return _entries(arguments, "")
    if annotation in (None, *_NAMES):
        return _NAMES[annotation or NoneType]
    return _with_article(getattr(annotation, "__name__", str(annotation)))


def shown(value: Any) -> str:
    """What was given, in one line that is not too long."""
    try:
        text = repr(value)
    except Exception:  # an integer of thousands of digits, a class with a faulty repr
        text = f"{_with_article(type(value).__name__)} that cannot be printed"
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _with_article(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"


def _limits(metadata: tuple[Any, ...]) -> dict[str, Any]:
    """What the metadata of an annotation limits, and the words that it gives, by name."""
    limits: dict[str, Any] = {}
    for entry in metadata:
        limits |= _limits(tuple(getattr(entry, "metadata", ())))  # pydantic's Field
        for name in ("ge", "gt", "le", "lt", "min_length", "max_length", "allow_inf_nan"):
            if getattr(entry, name, None) is not None:
                limits[name] = getattr(entry, name)
        if isinstance(entry, Words):
            limits["words"] = entry.must_be
    return limits


def _restricted(annotation: Any, limits: dict[str, Any]) -> str:
    if "words" in limits:
        return str(limits["words"])
    if annotation is float and (limits.get("allow_inf_nan") or limits.keys() & {"le", "lt"}):
        return _in_range("a number", limits)
    least, most = limits.get("min_length", 0), limits.get("max_length")
    length = f" of at least {least}" * bool(least) + f" of at most {most}" * (most is not None)
    if least and most is not None:
        length = f" of {least}" if least == most else f" of {least} to {most}"
    if length and get_origin(annotation) is tuple:
        return _entries(get_args(annotation), length)
    if length and get_origin(annotation) in (Union, UnionType):
        return ", or ".join(_alternatives(get_args(annotation), length))
    return _in_range(must_be(annotation) + length + " characters" * bool(length), limits)


def _in_range(text: str, limits: dict[str, Any]) -> str:
    if "ge" in limits and "le" in limits:
        return f"{text} from {_number(limits['ge'])} to {_number(limits['le'])}"
    words = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
    parts = [f"{words[name]} {_number(limits[name])}" for name in words if name in limits]
    return " ".join([text, " and ".join(parts)]) if parts else text


def _alternatives(kinds: tuple[Any, ...], length: str) -> Iterator[str]:
    """Each kind in words; a list of something or a tuple of the same are one."""
    twins = {kind: _tuple_of(kind) for kind in kinds if get_origin(kind) is list}
    for kind in kinds:
        if twins.get(kind) in kinds:
            yield _entries((*get_args(kind), ...), length, "a list or tuple")
        elif kind not in twins.values():
            yield must_be(kind)


def _tuple_of(kind: Any) -> GenericAlias:
    return GenericAlias(tuple, (*get_args(kind), ...))


def _entries(kinds: tuple[Any, ...], length: str, container: str = "a tuple") -> str:
    if kinds[-1:] == (Ellipsis,):
        return f"{container}{length}{' entries' if length else ''}, each {must_be(kinds[0])}"
    if len(set(map(must_be, kinds))) == 1:
        return f"{len(kinds)} entries, each {must_be(kinds[0])}"
    return f"a tuple of {' and '.join(map(must_be, kinds))}"


def _number(limit: float) -> str:
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:g}".replace("e+", "e")


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
