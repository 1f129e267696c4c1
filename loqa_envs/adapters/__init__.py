"""Games behind the interfaces of others: Gymnasium, PettingZoo, vectors, stable-baselines3.

And environments of others as games: PettingZoo's in ``host``, JaxMARL's by `from_jaxmarl`. Nothing
else in the package imports those libraries.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loqa_envs.adapters.jaxmarl.game import from_jaxmarl

__all__ = ["from_jaxmarl"]


def __getattr__(name: str) -> Any:  # the games that it needs are above most of this folder
    if name != "from_jaxmarl":
        raise AttributeError(name)
    from loqa_envs.adapters.jaxmarl.game import from_jaxmarl

    return from_jaxmarl
