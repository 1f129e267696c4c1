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
from functools import cache, partial, wraps
from types import NoneType, SimpleNamespace
from typing import Annotated, Any, ParamSpec, TypeAlias, TypeVar, get_type_hints

from annotated_types import Interval
from pydantic import ConfigDict, TypeAdapter, ValidationError

from loqa_envs.wording import Words, is_builtin, leaves_of, must_be, shown, with_classes

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
        for name, rule in rules().items():
            if name in bound.arguments:
                bound.arguments[name] = rule(name, bound.arguments[name])
        return function(*bound.args, **bound.kwargs)

    return call


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
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
    leaves = set(leaves_of(annotation))
    if not leaves or leaves & {Any, object}:
        return None
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(with_classes(annotation), config=_CONFIG)
    except Exception:  # an annotation that pydantic does not know
        return None
    forms = _forms(leaves - {NoneType})

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


def _forms(leaves: set[Any]) -> list[Callable[[Any], Any]]:
    """How a value is put before pydantic, which is strict, one form after the other."""
    data = [partial(_plain, sequence=kind) for kind in (tuple, list)]
    # What is wanted as it is, such as an array, is not taken apart into numbers.
    builtin = {is_builtin(leaf) for leaf in leaves}
    return data * (True in builtin) + [lambda value: value] * (False in builtin)


def _plain(value: Any, sequence: type) -> Any:
    """The value as Python's own data: numbers and tuples or lists of them."""
    if isinstance(value, list | tuple | range) and not hasattr(value, "_fields"):
        return sequence(_plain(entry, sequence) for entry in value)
    try:
        data = value.tolist()  # NumPy's, JAX's and torch's numbers and arrays have it
    except Exception:  # all else, and an array that is being traced
        return value
    return _plain(data, sequence) if isinstance(data, list) else data


def _reason(error: ValidationError) -> str:
    """What a validator of one's own said, as an addition to a sentence."""
    for detail in error.errors(include_url=False):
        if said := str(detail.get("ctx", {}).get("error", "")):
            return f": {said.rstrip('.')}"
        if detail["type"] == "string_unicode":  # such as the name of a file that is not UTF-8
            return ", which is not valid Unicode"
    return ""
