"""What JAX is configured with, by the shell or by another library, and no number depends on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

WIDE = {"jax_enable_x64": True}
STRICT = {"jax_numpy_dtype_promotion": "strict"}
WARY = {"jax_debug_nans": True}
OTHER_CHANCE = {"jax_default_prng_impl": "rbg", "jax_threefry_partitionable": False}
EVERYTHING = WIDE | STRICT | WARY | OTHER_CHANCE
QUICK = {"jax_disable_most_optimizations": True}
"""Compiling takes nearly all of the time here."""


@contextmanager
def configured(settings: dict[str, Any]) -> Iterator[None]:
    before = {name: jax.config.values[name] for name in settings}
    try:
        for name, value in settings.items():
            jax.config.update(name, value)
        yield
    finally:
        for name, value in before.items():
            jax.config.update(name, value)


def plain(tree: Any) -> list[Any]:
    """All numbers, with the types of those that have some, so that they can be compared."""
    return [
        (str(leaf.dtype), np.asarray(leaf).tolist()) if hasattr(leaf, "dtype") else leaf
        for leaf in jax.tree.leaves(tree)
    ]


def as_ever(part: Callable[[], Any], settings: dict[str, Any]) -> bool:
    """Whether a part gives the same numbers of the same types under those settings."""
    with configured(QUICK):
        expected = plain(part())
        with configured(settings):
            return plain(part()) == expected


def nearly_as_ever(part: Callable[[], Any], settings: dict[str, Any]) -> bool:
    """The same, but for the rounding of sums, whose order XLA chooses anew for 64-bit indices."""
    with configured(QUICK):
        expected = jax.tree.leaves(part())
        with configured(settings):
            found = jax.tree.leaves(part())
    return [leaf.dtype for leaf in found] == [leaf.dtype for leaf in expected] and all(
        np.allclose(one, other, rtol=1e-6, atol=1e-8)
        for one, other in zip(map(words, found), map(words, expected), strict=True)
    )


def words(leaf: jax.Array) -> np.ndarray:
    """Numbers that can be compared, also of a key."""
    key = jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(leaf) if key else leaf)


def types(program: Callable[..., Any], *arguments: Any) -> Any:
    """Of what a program gives."""
    return jax.tree.map(lambda leaf: leaf.dtype, jax.eval_shape(program, *arguments))


def wide_types(program: Callable[..., Any], *arguments: Any) -> set[str]:
    """64-bit types of what is computed on the way, but for positions in arrays."""
    found: set[str] = set()

    def walk(jaxpr: Any) -> None:
        for equation in jaxpr.eqns:
            found.update(str(getattr(out.aval, "dtype", "")) for out in equation.outvars)
            for value in equation.params.values():
                for part in value if isinstance(value, tuple | list) else [value]:
                    inner = getattr(part, "jaxpr", part)
                    if hasattr(inner, "eqns"):
                        walk(inner)

    walk(jax.make_jaxpr(program)(*arguments).jaxpr)
    return found & {"float64", "uint64", "complex128"}
