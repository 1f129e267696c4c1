"""What environments are made and called with, in its one form or refused in one line."""

import operator
import os
import pkgutil
from copy import copy
from typing import Annotated, Any

from annotated_types import Interval
from gymnasium.envs.registration import EnvSpec

from loqa_envs.catalogue import make_player
from loqa_envs.game import EpisodeLength, Game, Policy
from loqa_envs.validation import check

AGENTS = "loqa_agents.cli.resolve:find_player"
"""What reads an agent of a name or a file. It is looked up when first needed, since games know
nothing of learning."""
AXELROD = "loqa_agents.players.axelrod:AxelrodOpponent"
"""What finds a strategy of Axelrod, likewise."""


def opponent_for(opponent: str | os.PathLike[str] | Policy, game: Game, seat: int) -> Policy:
    """`make_player`, or the agent of a file or of a name with a slash, such as coin3x3/loqa/42.

    ``axelrod:TitForTat`` is a strategy of Axelrod, which does not run under JAX.

    Raises:
        ValueError: as `make_player`, and if there is no agent of that name.
        FileNotFoundError: if there is no such file.
    """
    if isinstance(opponent, os.PathLike) or (
        isinstance(opponent, str) and ("/" in opponent or opponent.endswith(".safetensors"))
    ):
        return make_player(pkgutil.resolve_name(AGENTS)(os.fspath(opponent)), game, seat)
    if isinstance(opponent, str) and opponent.startswith("axelrod:"):
        return make_player(pkgutil.resolve_name(AXELROD).of(opponent, game), game, seat)
    return make_player(opponent, game, seat)


def check_integer(what: str, value: Any, low: int, high: int) -> int:
    """``value`` as an ``int``, as quickly as every action of every step needs it.

    Raises:
        ValueError: unless ``value`` is one integer from ``low`` to ``high``, both included.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if low <= number <= high and not isinstance(value, bool):
        return number
    checked: int = check(what, value, Annotated[int, Interval(ge=low, le=high)])
    return checked


def seed_or_none(what: str, seed: Any) -> int | None:
    """``seed`` as an ``int``, or None.

    Raises:
        ValueError: unless it is None or one integer of at least 0, of any size.
    """
    checked: int | None = check(what, seed, Annotated[int, Interval(ge=0)] | None)
    return checked


def episode_length(max_episode_steps: Any, game: Game) -> int:
    """How many steps an episode has: what is given, or the game's own number for None and -1.

    Raises:
        ValueError: for anything else that is no `EpisodeLength`.
    """
    if max_episode_steps is None or (
        isinstance(max_episode_steps, int) and max_episode_steps == -1
    ):
        return game.episode_length  # Gymnasium has two ways to say so
    length: int = check("max_episode_steps", max_episode_steps, EpisodeLength)
    return length


class KnowsItsLength:
    """``spec.max_episode_steps`` of an environment is how many steps its episodes have.

    Gymnasium leaves it empty where nobody asked for another number than the environment's own.
    """

    episode_length: int
    _spec: EnvSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = copy(spec)
        if self._spec is not None:
            self._spec.max_episode_steps = self.episode_length
