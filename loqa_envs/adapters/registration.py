"""Every game in the catalogue under an id of Gymnasium and one of PettingZoo."""

import gymnasium
import pettingzoo

from loqa_envs.adapters.single import VERSION
from loqa_envs.catalogue import GAMES

_ACRONYMS = {"ipd": "IPD"}


def camel_case(name: str) -> str:
    """A game's name as Gymnasium ids are written: ``stag_hunt`` as StagHunt, ``ipd`` as IPD."""
    return "".join(_ACRONYMS.get(word, word.capitalize()) for word in name.split("_"))


def gymnasium_id(name: str) -> str:
    return f"loqa/{camel_case(name)}-v{VERSION}"


def pettingzoo_id(name: str) -> str:
    return f"loqa/{name}-v{VERSION}"


def register() -> None:
    """Enter all games in the registries; what is there already stays, without a warning.

    Entry points are strings, so that nothing of an adapter is imported before it is used.
    """
    for name in GAMES:
        if gymnasium_id(name) not in gymnasium.registry:
            gymnasium.register(
                id=gymnasium_id(name),
                entry_point="loqa_envs.adapters.gymnasium:make_env",
                vector_entry_point="loqa_envs.adapters.vector:VectorGameEnv",
                kwargs={"game": name, "opponent": "random"},
            )
        if pettingzoo_id(name) not in pettingzoo.parallel_registry:
            pettingzoo.register(
                "parallel",
                id=pettingzoo_id(name),
                entry_point="loqa_envs.adapters.pettingzoo:parallel_env",
                kwargs={"game": name},
            )
        if pettingzoo_id(name) not in pettingzoo.aec_registry:
            pettingzoo.register(
                "aec",
                id=pettingzoo_id(name),
                entry_point="loqa_envs.adapters.pettingzoo:env",
                kwargs={"game": name},
            )
