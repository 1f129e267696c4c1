"""Plain Python players: how each seat gets one of its own, with chance of its own.

A player is made anew for every seat of every pair, and for every episode that is played at once: by
the function (or class) that was entered, or else as a deep copy of the object that was. Its chance
comes from a seed, so that no two of them draw the same and a league can be repeated: before each
episode through ``reset(seed)`` or ``seed(seed)``, whichever it has, or once through a parameter
``seed`` of the function. Without any of these it must hold no generator of random numbers.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import jax
import numpy as np

from loqa_agents.players.python.chance import generator_in
from loqa_agents.players.python.foreign_code import Caller, one_line_error
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Extras, Game, Params, Policy
from loqa_envs.observation import each_array

_EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD


def is_function(player: Any) -> bool:
    """Whether it makes players: a class, or what can be called and does not act itself."""
    return isinstance(player, type) or (callable(player) and not hasattr(player, "act"))


def make(function: Callable[..., Any], game: Game, seed: int) -> Any:
    """Call a function that makes a player, with ``game`` and ``seed`` as far as it takes them.

    Its parameter of the name, or else its first one without a value of its own, is given the game.
    """
    parameters = _parameters(function)
    given: dict[str, Any] = {"seed": seed} if "seed" in parameters else {}
    places = [
        p
        for p in parameters.values()
        if p.name != "seed" and p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, _EITHER)
    ]
    if "game" in parameters:
        return function(game=game, **given)
    return function(*([game] if places else []), **given)


@dataclass(eq=False)
class Source:
    """Where the players of one entrant come from.

    Raises:
        ValueError: unless it has the methods of a player, can be copied if it is an object, and
            gets its chance from seeds if it has any.
    """

    sample: Any
    """The object that was entered, or one that the function made; never plays."""
    game: Game
    """What it was made for or, if it does not say, the game that is played."""
    function: Callable[..., Any] | None = None
    played: Game | None = None
    """What the function is given."""
    _begun: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if not all(callable(getattr(self.sample, name, None)) for name in ("reset", "act")):
            raise ValueError(
                "a player must be a Policy, or have methods reset() and act(observation); got "
                f"{self.sample!r}."
            )
        self._check_chance(self.sample)
        if self.function is None:
            try:
                copied(self.sample)
            except Exception as error:
                raise ValueError(
                    "a player must be one that can be copied, or a function that makes it, so that "
                    f"it can meet itself; copying it failed with {one_line_error(error)}."
                ) from error

    def new(self, seed: int) -> Any:
        """A player that nobody else has."""
        if self.function is None:
            return copied(self.sample)
        return make(self.function, self.played or self.game, seed)

    def begin(self, player: Any, seed: int) -> None:
        """Begin an episode of it."""
        if "seed" in _parameters(player.reset):
            player.reset(seed=seed)
            return
        if _has_seed(player):
            player.seed(seed)
        player.reset()
        if not self._begun:
            self._check_chance(player)  # it may have made itself a generator just now
            self._begun = True

    def _check_chance(self, player: Any) -> None:
        by_function = self.function is not None and "seed" in _parameters(self.function)
        if by_function or _has_seed(player) or "seed" in _parameters(player.reset):
            return
        if found := generator_in(player):
            raise ValueError(
                "a player with random numbers of its own must take a seed, or all that are made of "
                "it would draw the same; let it have reset(seed) or seed(seed), or enter a "
                f"function of seed that makes it. It holds {found}."
            )


@dataclass(frozen=True, eq=False)
class HostPolicy:
    """A plain Python player as a `Policy`, which runs outside of JAX: it sees NumPy observations.

    Its carry is the seed of an episode that has not begun, and then None.

    Raises:
        Fault: if the player raises, answers with anything but the number of an action, or does not
            answer in time.
    """

    source: Source
    call: Caller
    """Calls the player's methods."""
    player: Any = None
    """The one that plays here; None until `anew`."""

    @property
    def game(self) -> Game:
        return self.source.game

    @property
    def num_actions(self) -> int:
        return self.game.num_actions

    def initial_carry(self) -> Carry:
        return 0

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry, Extras]:
        action = self.call(self._answer, carry, each_array(np.asarray, observation))
        return np.asarray(action, np.int32), None, {}

    def _answer(self, seed: int | None, observation: Array) -> int:
        if seed is not None:
            self.source.begin(self.player, seed)
        answer = self.player.act(observation)
        action = np.asarray(answer)
        if action.size != 1 or action.dtype.kind not in "iu":
            raise ValueError(f"act must return an integer, it returned {answer!r}")
        number = int(action.reshape(()))
        if not 0 <= number < self.num_actions:
            raise ValueError(f"act must return 0 to {self.num_actions - 1}, it returned {number}")
        return number


def anew(seats: Sequence[Policy], seed: int) -> list[Policy]:
    """The seats of a Python player with one player that is made for them, to sit there in turn."""
    adapted: Any = seats  # a player of the host, or one in the place of its ``policy``
    inner = [each if isinstance(each, HostPolicy) else each.policy for each in adapted]
    player = inner[0].source.new(seed)
    made = [replace(host, player=player) for host in inner]
    return [
        host if isinstance(each, HostPolicy) else replace(each, policy=host)
        for each, host in zip(adapted, made, strict=True)
    ]


def seeds(seed: int, number: int) -> Iterator[int]:
    """Seeds of the player ``number`` of a table: of its making, and of each of its episodes.

    They are the first words of ``numpy.random.SeedSequence(seed, spawn_key=(number, i))``.
    """
    for i in count():
        sequence = np.random.SeedSequence(seed, spawn_key=(number, i))
        yield int(sequence.generate_state(1)[0])


def copied(player: Any) -> Any:
    """A deep copy that shares only those attributes that cannot be copied, such as open files.

    PyTorch cannot copy networks that were just trained, either, and those have no memory.
    """
    with suppress(Exception):
        return deepcopy(player)
    twin = copy(player)
    for name, value in vars(player).items():
        try:
            setattr(twin, name, deepcopy(value))
        except Exception:
            if generator_in(value):  # would be shared, too
                raise
    return twin


def _has_seed(player: Any) -> bool:
    return callable(getattr(player, "seed", None))


def _parameters(function: Any) -> Any:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # of C, or of nothing that can be called
        return {}
