"""Learners for social dilemmas: LOQA and its baselines, over the games of ``loqa_envs``.

What is public is in `loqa_agents.api`, which is imported when the first of its names is asked for:
the command line answers signals before JAX is imported.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loqa_agents.api import *  # noqa: F403


def __getattr__(name: str) -> Any:
    from importlib import import_module
    from importlib.util import find_spec

    if name.startswith("__") and name != "__all__":  # what Python asks of every module
        raise AttributeError(name)
    if find_spec(f"{__name__}.{name}"):  # else a module that imports another would import them all
        return import_module(f"{__name__}.{name}")
    return getattr(import_module("loqa_agents.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})
