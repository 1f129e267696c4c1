"""Functions that JAX compiles, in environments that are copied, pickled and sent to workers."""

import os
from collections.abc import Callable
from typing import Any

import jax

from loqa_envs.keys import boundary


class Compiled:
    """``jax.jit(function)`` that can be pickled: a copy compiles anew.

    Chance is the same whatever JAX is configured with, see `loqa_envs.keys`.

    Raises:
        RuntimeError: if it is called in a process that was forked while JAX was running, where it
            would wait for ever for threads that stayed behind.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.jitted: Any = jax.jit(function)
        self._call = boundary(self.jitted)

    def __call__(self, *args: Any) -> Any:
        if _forked_from_jax:
            raise RuntimeError(
                "JAX must not run in a process that was forked while JAX was running; start the "
                'workers anew instead, with context="spawn" (in stable-baselines3 '
                'start_method="spawn").'
            )
        return self._call(*args)

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self.function,)


_running = False
_forked_from_jax = False


def _look() -> None:
    """Note before a fork, while every lock is in its owner's hands, whether JAX is running."""
    global _running
    try:
        from jax._src import xla_bridge  # there is no public way to ask without starting a backend

        _running = xla_bridge.backends_are_initialized()
    except (ImportError, AttributeError):  # of another version; better refused than left hanging
        _running = True


def _remember() -> None:
    global _forked_from_jax
    _forked_from_jax = _forked_from_jax or _running


if hasattr(os, "register_at_fork"):  # where processes can be forked at all
    os.register_at_fork(before=_look, after_in_child=_remember)
