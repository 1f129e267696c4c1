"""Somebody's environment as a game that has a name: that of the function that makes it."""

import sys
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from loqa_envs.adapters.host.copies import MakeEnv
from loqa_envs.adapters.host.game import HostGame
from loqa_envs.catalogue import ENVIRONMENTS


def environment(
    make_env: MakeEnv,
    episode_length: int | None = None,
    seats_alike: bool = False,
    *,
    name: str | None = None,
) -> HostGame:
    """What learners must know of the environment that ``make_env`` makes; it is made for that.

    A function that is found in its module has the game known as ``module:function``, to
    `make_game` and in files of agents and runs, from now on in this process.

    Args:
        make_env: makes a new PettingZoo ``ParallelEnv``.
        episode_length: after how many steps an episode is cut off at the latest; by default what
            the environment says.
        seats_alike: whether a seat is as good as any other; if not, learners tell them apart.
        name: what it is called; by default ``module:function``.

    Raises:
        ValueError: for what is no function, and for what `HostGame.of` refuses.
    """
    if not callable(make_env):
        raise ValueError(
            f"make_env must be a function that makes a PettingZoo ParallelEnv, got {make_env!r}."
        )
    return _known(make_env, episode_length, seats_alike, name)


@lru_cache(maxsize=64)
def _known(
    make_env: Any, episode_length: int | None, seats_alike: bool, name: str | None
) -> HostGame:
    env = make_env()
    try:
        game = HostGame.of(env, episode_length, seats_alike=seats_alike)
    finally:
        env.close()
    if name is None:
        name = _word(make_env)
    if name is not None:
        game = replace(game, name=name)
        ENVIRONMENTS[name] = partial(environment, make_env, name=name)
    return replace(game, make_env=make_env)


def _word(make_env: Any) -> str | None:
    """``module:function``, if that is where it is found."""
    module, name = getattr(make_env, "__module__", ""), getattr(make_env, "__qualname__", "")
    if getattr(sys.modules.get(module), name, None) is not make_env:
        return None
    if module == "__main__":  # a program, which others import by the name of its file
        module = Path(getattr(sys.modules["__main__"], "__file__", None) or "").stem
    return f"{module}:{name}" if module else None
