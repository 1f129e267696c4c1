"""Functions that JAX compiles, in environments that are copied, pickled and sent to workers."""

from collections.abc import Callable
from typing import Any

import jax

from loqa_envs.forks import check_jax_may_run
from loqa_envs.keys import boundary


class Compiled:
    """``jax.jit(function)`` that can be pickled: a copy compiles anew.

    Chance is the same whatever JAX is configured with, see `loqa_envs.keys`.

    Raises:
        RuntimeError: if it is called in a process that was forked while JAX was running.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.jitted: Any = jax.jit(function)
        self._call = boundary(self.jitted)

    def __call__(self, *args: Any) -> Any:
        check_jax_may_run()
        return self._call(*args)

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self.function,)
