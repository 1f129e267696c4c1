"""Where keys come from: nothing that JAX is configured with changes what a seed means.

``jax.random.key`` reads the configuration of whoever runs it, and a framework or the shell may set
that. No other module makes a key, and whatever takes one from outside is a `boundary`.

A key has one consumer. In this JAX ``split(k, n)[i]`` is ``fold_in(k, i)``, and ``bits(k)`` is made
of the same words, so the rule holds across all of them: a key is split once, or drawn from once, or
folded with different numbers. Purposes that have no number have a `stream`.
"""

import inspect
import zlib
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from loqa_envs.arrays import Array, array_namespace

IMPLEMENTATION = "threefry2x32"
"""What makes random numbers of every key here."""
_STREAMS = np.uint32(0xFFFFFFFE)
"""Under this number are the streams of a key; no index of a split or of an update gets so far."""

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def key(seed: int | np.integer[Any] | Array) -> jax.Array:
    """The key of a seed from 0 to 2**32 - 1, or the keys of an array of seeds.

    It is what ``jax.random.key(seed)`` is unless JAX is configured otherwise.

    Raises:
        ValueError: for anything else.
    """
    seeds = np.asarray(seed) if not isinstance(seed, jax.Array) else seed
    if seeds.dtype.kind not in "iu":
        raise ValueError(f"a seed must be an integer from 0 to 2**32 - 1, got {seed!r}.")
    if isinstance(seeds, np.ndarray) and not ((seeds >= 0) & (seeds < 2**32)).all():
        raise ValueError(f"a seed must be an integer from 0 to 2**32 - 1, got {seed!r}.")
    words = seeds.astype(np.uint32)
    xp = array_namespace(words)
    return from_words(xp.stack([xp.zeros_like(words), words], axis=-1))


def from_words(words: Array) -> jax.Array:
    """The key that two random words ``uint32[2]`` make, or keys of ``uint32[..., 2]``."""
    made: jax.Array = jax.random.wrap_key_data(jnp.asarray(words), impl=IMPLEMENTATION)
    return made


def as_key(key: Any) -> jax.Array:
    """A key from outside as one of `IMPLEMENTATION`.

    Keys of ``jax.random.key`` and of ``jax.random.PRNGKey`` are taken. Of one that belongs to
    another implementation (``rbg``, ``unsafe_rbg``) the first two words are taken: those of a seed
    are the same in all of JAX's implementations, so a seed means the same under each.

    Raises:
        ValueError: for anything else, also for several keys.
    """
    typed = isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    single = key.shape == () if typed else True
    if typed and single and str(jax.random.key_impl(key)) == IMPLEMENTATION:
        return jnp.asarray(key)
    words = jax.random.key_data(key) if typed else key
    raw = isinstance(words, jax.Array | np.ndarray) and words.dtype == np.uint32
    if not (single and raw and words.shape in ((2,), (4,))):
        given = f"{key.dtype}{list(key.shape)}" if hasattr(key, "dtype") else repr(key)
        raise ValueError(f"key must be one key, such as jax.random.key(0), got {given}.")
    return from_words(words[:2])


def stream(key: jax.Array, name: str) -> jax.Array:
    """The key of a purpose, which has a name instead of a number."""
    streams = jax.random.fold_in(key, _STREAMS)
    return jax.random.fold_in(streams, np.uint32(zlib.crc32(name.encode())))


def boundary(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """``function`` with the same chance whatever JAX is configured with.

    Its parameter ``key``, if there is one, may be any that `as_key` takes.
    """
    signature = inspect.signature(function)
    takes_key = "key" in signature.parameters

    @wraps(function)
    def called(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        if takes_key:
            given = signature.bind(*args, **kwargs)
            given.arguments["key"] = as_key(given.arguments["key"])
            args, kwargs = given.args, given.kwargs  # type: ignore[assignment]
        with jax.threefry_partitionable(True):
            return function(*args, **kwargs)

    return called


def configuration() -> dict[str, str]:
    """What chance and arithmetic depend on beside the seed, as part of what a run is."""
    return {
        "random_numbers": f"{IMPLEMENTATION}, partitionable",
        "matmul_precision": str(jax.config.jax_default_matmul_precision or "default"),  # type: ignore[attr-defined]
    }
