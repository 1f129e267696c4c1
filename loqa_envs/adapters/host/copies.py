"""What makes a copy of somebody's environment, and what is said when one fails."""

from collections.abc import Callable
from typing import Any, TypeAlias

MakeEnv: TypeAlias = Callable[[], Any]
"""A function that makes a new PettingZoo ``ParallelEnv``."""


class CopyFailed(RuntimeError):  # noqa: N818 -- it is read as "copy 3 failed: ..."
    """A copy of an environment raised, or its process ended; says which, when and how."""

    def __init__(self, copy: int, what: str) -> None:
        super().__init__(copy, what)
        self.copy, self.what = copy, what
