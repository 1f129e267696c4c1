"""What copies of somebody's environment that play side by side can be asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:  # rows are laid out as a game says, and a game knows what makes its environment
    from loqa_envs.adapters.host.rows import Rows

MakeEnv: TypeAlias = Callable[[], Any]
"""A function that makes a new PettingZoo ``ParallelEnv``."""


class CopyFailed(RuntimeError):  # noqa: N818 -- it is read as "copy 3 failed: ..."
    """A copy of an environment raised, or its process ended; says which, when and how."""

    def __init__(self, copy: int, what: str) -> None:
        super().__init__(copy, what)
        self.copy, self.what = copy, what


class Copies(Protocol):
    """Copies 0, 1, ... of an environment, each made when it is first reset."""

    def reset(self, seeds: Sequence[int]) -> Rows:
        """Reset as many copies as there are seeds; the rows that they write from now on.

        Raises:
            CopyFailed: if one cannot.
            ValueError: if what one shows does not fit the environment's spaces.
        """

    def step(self, t: int) -> None:
        """Step number ``t`` of all copies that still play, with the actions in their rows.

        Raises:
            CopyFailed: if one cannot.
            ValueError: if what one answers is incomplete, or does not fit the spaces.
        """

    def close(self) -> None:
        """Close all copies."""
