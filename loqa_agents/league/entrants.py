"""Who plays in a league: trained agents, scripted players, and players that anyone brings."""

from collections.abc import Sequence
from contextlib import suppress
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.with_params import apart
from loqa_envs import keys
from loqa_envs.catalogue import make_player
from loqa_envs.coin_game import CoinGame
from loqa_envs.coin_translation import translated
from loqa_envs.game import Array, Carry, Game, Params, Policy
from loqa_envs.own_game import own_game


@dataclass(frozen=True, eq=False)
class Entrant:
    """One player of a league, and the name that it has there."""

    name: str
    player: Any
    """A `Policy`, such as an agent; the name of a scripted player; or an object with methods
    ``reset()`` and ``act(observation) -> int``."""
    team: str = ""
    """Entrants of one team are seeds of one training; without it, the entrant is its own team."""

    @property
    def in_team(self) -> str:
        return self.team or self.name


@dataclass(frozen=True, eq=False)
class HostPolicy:
    """A plain Python player as a `Policy`, which runs outside of JAX: it sees NumPy observations.

    Raises:
        ValueError: if it answers with anything but the number of an action.
    """

    player: Any
    game: Game

    @property
    def num_actions(self) -> int:
        return self.game.num_actions

    def initial_carry(self) -> Carry:
        self.player.reset()
        return ()

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry]:
        answer = self.player.act(np.asarray(observation))
        action = np.asarray(answer)
        if action.size != 1 or action.dtype.kind not in "iu":
            raise ValueError(f"act must return an integer, it returned {answer!r}")
        number = int(action.reshape(()))
        if not 0 <= number < self.num_actions:
            raise ValueError(f"act must return 0 to {self.num_actions - 1}, it returned {number}")
        return np.asarray(number, np.int32), carry


class Seated(NamedTuple):
    """A player at the table of a league."""

    name: str
    seats: tuple[Policy, Policy]
    """The player as it sits in each seat."""
    params: Params
    on_host: bool
    """Whether it runs outside of JAX."""
    family: Any
    """Hashable, and equal for players that differ in their parameters only."""


def table_of(game: Game) -> Game:
    """The game as a league plays it: in the Coin Game, with nothing hidden by a shifted view."""
    if isinstance(game, CoinGame):
        return replace(game, observation="index", swap_view=True, shift_view=False)
    return game


def seat(entrant: Entrant, game: Game) -> Seated:
    """The entrant at the table of ``game``.

    Players that do not say what they were made for, with a ``game`` of their own or of a player
    within them, see ``game`` as it is.

    Raises:
        ValueError: if the player is none, or is one of another game.
    """
    table, player = table_of(game), entrant.player
    on_host = not isinstance(player, str) and not hasattr(player, "initial_carry")
    players = _copies(entrant, game) if on_host else (player, player)
    try:
        first, second = (_at(each, game, table, number) for number, each in enumerate(players))
    except ValueError as error:
        raise ValueError(f"entrant {entrant.name}: {error}") from None
    policy, params = apart(player)
    if not on_host and not isinstance(player, str) and policy is player:
        _try(entrant.name, first, params, table)
    seats = first, second
    family: Any = object()
    if policy is not player:
        shapes = seats, str(jax.tree.map(np.shape, params))
        with suppress(TypeError):  # anyone's policy may be without a hash
            hash(shapes)
            family = shapes
    return Seated(entrant.name, seats, params, on_host, family)


def told(error: Exception) -> str:
    """An error of anyone's code in one line, without a full stop."""
    message = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _copies(entrant: Entrant, game: Game) -> tuple[HostPolicy, HostPolicy]:
    """The player of the host for each seat, so that it can meet itself with a memory in each."""
    player = entrant.player
    if not all(callable(getattr(player, method, None)) for method in ("reset", "act")):
        raise ValueError(
            f"entrant {entrant.name} must be a Policy, or have methods reset() and "
            f"act(observation); got {player!r}."
        )
    try:
        twin = copied(player)
    except Exception as error:
        raise ValueError(
            f"entrant {entrant.name} must be a player that can be copied, so that it can meet "
            f"itself; copying it failed with {told(error)}."
        ) from error
    own = getattr(player, "game", game)
    return HostPolicy(player, own), HostPolicy(twin, own)


def copied(player: Any) -> Any:
    """A deep copy that shares only those attributes that cannot be copied, such as open files.

    PyTorch cannot copy networks that were just trained, either, and those have no memory.
    """
    with suppress(Exception):
        return deepcopy(player)
    twin = copy(player)
    for name, value in vars(player).items():
        with suppress(Exception):
            setattr(twin, name, deepcopy(value))
    return twin


def _try(name: str, policy: Policy, params: Params, table: Game) -> None:
    """Raise ``ValueError`` unless JAX can trace the policy and it keeps to the protocol."""
    try:
        seen = jax.eval_shape(lambda key: table.observe(table.reset(key))[0], keys.key(0))
        before = jax.eval_shape(policy.initial_carry)
        action, after = jax.eval_shape(
            lambda *arguments: policy.act(*arguments), keys.key(0), params, before, seen
        )
    except Exception as error:
        raise ValueError(
            f"entrant {name} must be a Policy that JAX can trace; its act failed with "
            f"{told(error)}."
        ) from error
    if action.shape or not jnp.issubdtype(action.dtype, jnp.integer):
        raise ValueError(
            f"entrant {name} must be a Policy whose act returns an integer scalar, it returns "
            f"{action.dtype}{list(action.shape)}."
        )
    kinds = [jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), c) for c in (before, after)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"entrant {name} must be a Policy whose carry keeps its shape and type; it goes from "
            f"{kinds[0]} to {kinds[1]}."
        )


def _at(player: Any, game: Game, table: Game, number: int) -> Policy:
    if isinstance(player, str):
        return make_player(player, table, number)
    for attribute in ("num_actions", "act"):
        if not hasattr(player, attribute):
            raise ValueError(f"a Policy must have {attribute}; {player!r} has not.")
    make_player(player, table, number)  # refuses a player of another game
    inner, _ = apart(player)
    if isinstance(table, CoinGame):
        own: Any = own_game(player) or game
        return translated(inner, own, table, number)
    return inner


def check_names(entrants: Sequence[Entrant]) -> None:
    """Raise ``ValueError`` unless there are at least two entrants, all with different names."""
    names = [entrant.name for entrant in entrants]
    if len(names) < 2:
        raise ValueError(f"a league needs at least two entrants, got {', '.join(names) or 'none'}.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"every entrant must have a name of its own; given twice: {', '.join(twice)}."
        )
