"""An estimate of the memory that a traced program needs, before anything is compiled."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import jax
from jax.extend.core import Literal

# fmt: off
_FUSED = frozenset((
    "abs", "add", "add_any", "and", "atan2", "bitcast_convert_type", "broadcast_in_dim",
    "cbrt", "ceil", "clamp", "clone", "convert_element_type", "copy", "copy_p", "cos", "div",
    "eq", "erf", "erf_inv", "exp", "exp2", "expand_dims", "expm1", "floor", "ge", "gt",
    "integer_pow", "iota", "is_finite", "le", "log", "log1p", "logistic", "lt", "max", "min",
    "mul", "name", "ne", "neg", "not", "or", "pad", "pow", "random_unwrap", "random_wrap",
    "reduce_precision", "rem", "reshape", "rev", "round", "rsqrt", "select_n", "shift_left",
    "shift_right_arithmetic", "shift_right_logical", "sign", "sin", "slice", "split", "sqrt",
    "square", "squeeze", "stop_gradient", "sub", "tan", "tanh", "transpose", "xor",
))
# fmt: on
"""Operations on single elements, which a compiler works out where their results are needed."""
_GATHERING = ("reduce_", "argmax", "argmin", "concatenate")
"""Operations whose operands are worked out where they are needed, too."""
_LOOPS = ("scan", "while", "cond")
_IN_PLACE = ("dynamic_update_slice", "scatter")
_CALIBRATION = 1.6
"""XLA takes so much more: it copies into loops and out of them, and does not reuse all space."""


def peak_bytes(jaxpr: Any) -> int:
    """Bytes that a traced program needs for its results and in between, on all devices together.

    Its arguments are not counted; a state that is given up counts as a result. Sizes are taken from
    the equations, in their order, as if all that a compiler can fuse were fused. For the programs
    of training here, that is within a factor of two of what XLA says after compilation.
    """
    return round(_CALIBRATION * _peak(jaxpr, 1))


def tree_bytes(tree: Any) -> int:
    """Bytes of the arrays in a tree, or of arrays of those shapes."""
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


class _Value:
    """An array that an equation makes, on so many devices."""

    def __init__(self, variable: Any, devices: int) -> None:
        shape = getattr(variable.aval, "shape", ())
        self.bytes = devices * prod(shape) * getattr(variable.aval.dtype, "itemsize", 8)


@dataclass
class _Step:
    name: str
    reads: list[_Value]
    makes: list[_Value]
    within: int
    """Bytes that a loop needs while it runs."""

    @property
    def in_place(self) -> bool:
        return self.name in _LOOPS or self.name.startswith(_IN_PLACE)


def _peak(jaxpr: Any, devices: int) -> int:
    values = {v: _Value(v, devices) for v in (*jaxpr.invars, *jaxpr.constvars)}
    arguments = set(values.values())
    steps = list(_steps(jaxpr, values, devices))
    results = {values[v] for v in jaxpr.outvars if not isinstance(v, Literal)}
    wanted = set(results)
    for step in reversed(steps):
        if wanted & set(step.makes):
            wanted |= set(step.reads)
    steps = [step for step in steps if wanted & set(step.makes)]
    held = set(results)
    for step in steps:
        if step.name not in _FUSED:
            held |= set(step.makes)
            held |= set() if step.name.startswith(_GATHERING) else set(step.reads)
    held = (held & wanted) - arguments
    for step in steps:  # what is written into an argument takes no space of its own
        if step.name.startswith(_IN_PLACE) and step.reads[0] not in held:
            held -= set(step.makes)
    # What is not held is worked out again from what is, so that must stay.
    origins: dict[_Value, set[_Value]] = {value: {value} for value in held}
    last: dict[_Value, int] = {}
    for number, step in enumerate(steps):
        needed = set().union(*(origins.get(value, set()) for value in step.reads))
        last |= dict.fromkeys(needed, number)
        origins |= {value: needed for value in step.makes if value not in held}
    last |= dict.fromkeys(results, len(steps))
    ending: list[list[_Value]] = [[] for _ in range(len(steps) + 1)]
    for value, number in last.items():
        ending[number].append(value)
    live = highest = 0
    for step, ended in zip(steps, ending, strict=False):
        freed = sum(value.bytes for value in ended)
        live -= freed if step.in_place else 0
        live += sum(value.bytes for value in step.makes if value in held)
        highest = max(highest, live + step.within)
        live -= 0 if step.in_place else freed
    return highest


def _steps(jaxpr: Any, values: dict[Any, _Value], devices: int) -> Iterator[_Step]:
    """The equations in their order, those of functions that are called where they are called."""
    for equation in jaxpr.eqns:
        reads = [None if isinstance(v, Literal) else values[v] for v in equation.invars]
        inner = list(_inner(equation))
        if _is_call(equation, inner):
            (called,) = inner
            here = devices * getattr(equation.params.get("mesh"), "size", 1)
            scope = {v: _Value(v, here) for v in called.constvars}
            scope |= {
                v: _Value(v, here) if value is None else value
                for v, value in zip(called.invars, reads, strict=True)
            }
            yield from _steps(called, scope, here)
            values |= {
                v: _Value(v, here) if isinstance(result, Literal) else scope[result]
                for v, result in zip(equation.outvars, called.outvars, strict=True)
            }
        else:
            values |= {v: _Value(v, devices) for v in equation.outvars}
            yield _Step(
                equation.primitive.name,
                [value for value in reads if value is not None],
                [values[v] for v in equation.outvars],
                max((_peak(body, devices) for body in inner), default=0),
            )


def _inner(equation: Any) -> Iterator[Any]:
    """The programs within an equation: bodies of loops, functions that are called."""
    for parameter in equation.params.values():
        for each in parameter if isinstance(parameter, tuple | list) else (parameter,):
            inner = getattr(each, "jaxpr", each)
            if hasattr(inner, "eqns"):
                yield inner


def _is_call(equation: Any, inner: list[Any]) -> bool:
    return (
        len(inner) == 1
        and equation.primitive.name not in _LOOPS
        and len(inner[0].invars) == len(equation.invars)
        and len(inner[0].outvars) == len(equation.outvars)
    )
