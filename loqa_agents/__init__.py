"""Learners for social dilemmas: LOQA and its baselines, over the games of ``loqa_envs``.

What is public is in `loqa_agents.api`, which is imported when the first of its names is asked for:
the command line answers signals before JAX is imported.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loqa_agents.api import *  # noqa: F403


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name.startswith("__") and name != "__all__":  # what Python asks of every module
        raise AttributeError(name)
    return getattr(import_module("loqa_agents.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})
