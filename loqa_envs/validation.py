"""Settings and arguments are what their annotations say, or refused in one line.

A game of your own is a frozen dataclass that inherits from `loqa_envs.Rules`, and so from
`Settings`: the annotations are the checks, and nothing else is to be written.

    @dataclass(frozen=True)
    class Fishery(Rules):
        growth: Annotated[float, Interval(ge=1, le=10)] = 2.0
        boats: Count = 2

``Fishery(boats=1.5)`` raises ``ValueError: Fishery.boats must be an integer from 1 to
1,000,000,000, got 1.5.`` Whatever is accepted is plain data: NumPy's numbers become Python's,
lists and arrays become tuples, integers become floats where a float is asked for. True is no
number, a string is none, 1.0 is no integer; NaN and infinity are refused unless the annotation has
``AllowInfNan(True)``. What several fields must hold together goes into ``__post_init__``, after
``super().__post_init__()``.

What must hold is put into words from the annotation (``Interval``, ``Len`` and their like, from
``annotated_types`` or pydantic's ``Field``). Where those words do not do, ``Words("five
probabilities")`` in the annotation takes their place.
"""

import builtins
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache, reduce, wraps
from operator import or_
from types import NoneType, SimpleNamespace, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    ParamSpec,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from annotated_types import Interval
from pydantic import ConfigDict, PlainValidator, TypeAdapter, ValidationError

from loqa_envs.wording import Words, must_be, shown

Count: TypeAlias = Annotated[int, Interval(ge=1, le=10**9)]
"""How many of something there are, at least one; an ``int32`` holds it, and twice as many."""
Seed: TypeAlias = Annotated[int, Interval(ge=0, lt=2**32)]
"""What a random key can be made of: a ``uint32``."""
Probability: TypeAlias = Annotated[float, Interval(ge=0, le=1), Words("a probability, from 0 to 1")]
Share: TypeAlias = Annotated[float, Interval(ge=0, le=1)]
"""How much of something is kept, such as a discount."""
Weight: TypeAlias = Annotated[float, Interval(ge=0, le=10**6)]
Real: TypeAlias = Annotated[float, Interval(ge=-1e12, le=1e12)]
"""A payoff or the like; products of two sums over an episode stay within float32."""
Positive: TypeAlias = Annotated[float, Interval(ge=1e-12, le=1e12)]
"""A step size, scale or bound, and not one that float32 takes for zero."""

Function = ParamSpec("Function")
Result = TypeVar("Result")
Rule: TypeAlias = Callable[[str, Any], Any]
"""From what is named and the value, to the value in its one form; raises ``ValueError``."""


class Settings:
    """Base of frozen dataclasses whose fields are validated and normalised when they are made.

    Fields whose annotation says nothing that could be checked are left as they are.

    Raises:
        ValueError: in one line, for the first field that is not what its annotation says.
    """

    def __post_init__(self) -> None:
        kind: type = type(self)
        for name, rule in _field_rules(kind):
            value = rule(f"{kind.__name__}.{name}", getattr(self, name))
            object.__setattr__(self, name, value)


def check(name: str, value: Any, annotation: Any) -> Any:
    """The value in the one form that the annotation asks for.

    ``check("seeds", np.arange(3), tuple[Seed, ...])`` is ``(0, 1, 2)``. Of protocols it is checked
    that the value has all their members.

    Raises:
        ValueError: "NAME must be ..., got VALUE." in one line.
    """
    rule = _rule(annotation)
    return rule(name, value) if rule else value


def checked(function: Callable[Function, Result]) -> Callable[Function, Result]:
    """Have the arguments of a public function validated and normalised as fields of settings are.

    Arguments whose annotation has no data in it, such as arrays, pass untouched. Too many or too
    few arguments are a ``TypeError``, as always.
    """
    signature = inspect.signature(function)

    @cache
    def rules() -> dict[str, Rule]:
        hints = get_type_hints(function, include_extras=True)
        single = [p.name for p in signature.parameters.values() if p.kind not in _VARIADIC]
        made = {name: _rule(hints[name]) for name in single if name in hints}
        return {name: rule for name, rule in made.items() if rule}

    @wraps(function)
    def call(*args: Function.args, **kwargs: Function.kwargs) -> Result:
        bound = signature.bind(*args, **kwargs)
        for name in bound.arguments.keys() & rules().keys():
            bound.arguments[name] = rules()[name](name, bound.arguments[name])
        return function(*bound.args, **bound.kwargs)

    return call


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_CONTAINERS = (tuple, list, set, frozenset, dict)
_CONFIG = ConfigDict(strict=True, allow_inf_nan=False)


@cache
def _field_rules(kind: type) -> tuple[tuple[str, Rule], ...]:
    hints = {name: hint for base in reversed(kind.__mro__) for name, hint in _own_hints(base)}
    names = [field.name for field in fields(kind) if field.name in hints]
    return tuple((name, rule) for name in names if (rule := _rule(hints[name])))


def _own_hints(kind: type) -> Iterator[tuple[str, Any]]:
    """What a class itself annotates; names that only its author's type checker knows mean Any."""
    scope = vars(sys.modules.get(kind.__module__, builtins))
    for name, hint in inspect.get_annotations(kind).items():
        alone = SimpleNamespace(__annotations__={name: hint})
        try:
            yield name, get_type_hints(alone, scope, dict(vars(kind)), include_extras=True)[name]
        except Exception:
            yield name, Any


def _rule(annotation: Any) -> Rule | None:
    try:
        return _cached_rule(annotation)
    except TypeError:  # metadata that cannot be hashed
        return _make_rule(annotation)


def _make_rule(annotation: Any) -> Rule | None:
    """The check that an annotation stands for; None for one that says nothing of data."""
    leaves = set(_leaves(annotation))
    if not leaves or leaves & {Any, object}:
        return None
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(_with_classes(annotation), config=_CONFIG)
    except Exception:  # an annotation that pydantic does not know
        return None
    # An array that is wanted as such is not taken apart into numbers.
    holds_data = any(leaf is not NoneType and _is_builtin(leaf) for leaf in leaves)
    forms = (_plain, _as_given) if holds_data else (_as_given,)

    def rule(name: str, value: Any) -> Any:
        reason = ""
        for form in forms:
            try:
                return adapter.validate_python(form(value))
            except ValidationError as error:
                reason = _reason(error)
            except (OverflowError, RecursionError):
                pass
        raise ValueError(f"{name} must be {must_be(annotation)}, got {shown(value)}{reason}.")

    return rule


_cached_rule = cache(_make_rule)


def _as_given(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    """The value as Python's own data: numbers and tuples of them."""
    if isinstance(value, list | tuple | range) and not hasattr(value, "_fields"):
        return tuple(_plain(entry) for entry in value)
    to_list = getattr(value, "tolist", None)  # NumPy's, JAX's and torch's numbers and arrays
    if to_list is None or isinstance(value, type):
        return value
    try:
        data = to_list()
    except Exception:  # an array that is being traced has no numbers
        return value
    return _plain(data) if isinstance(data, list) else data


def _reason(error: ValidationError) -> str:
    """What a validator of one's own said, as an addition to a sentence."""
    for detail in error.errors(include_url=False):
        if said := str(detail.get("ctx", {}).get("error", "")):
            return f": {said.rstrip('.')}"
    return ""


def _leaves(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _leaves(arguments[0])
    elif origin is Literal:
        yield from map(type, arguments)
    elif origin in (Union, UnionType, *_CONTAINERS):
        for argument in arguments:
            if argument is not Ellipsis:
                yield from _leaves(argument)
    elif annotation is None:
        yield NoneType
    else:
        yield annotation if isinstance(annotation, type) and origin is None else Any


def _is_builtin(kind: type) -> bool:
    return kind.__module__ == "builtins"


def _with_classes(annotation: Any) -> Any:
    """The annotation with a check of our own in place of every class and protocol."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(_with_classes(arguments[0]), *arguments[1:])]
    if origin in (Union, UnionType):
        return reduce(or_, map(_with_classes, arguments))
    if origin in _CONTAINERS:
        return origin[tuple(map(_with_classes, arguments))]
    if isinstance(annotation, type) and origin is None and not _is_builtin(annotation):
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
    return inspect.getattr_static(value, name, missing) is not missing or hasattr(value, name)
