"""Who plays in a league: trained agents, scripted players, and players that anyone brings."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Len

from loqa_agents.players.python.foreign_code import Caller, Fault, called
from loqa_agents.players.python.player import HostPolicy, Source, is_function, make
from loqa_agents.players.with_params import apart
from loqa_envs import keys
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game, Params, Policy, in_seat
from loqa_envs.observation import each_array
from loqa_envs.policy import own_game
from loqa_envs.validation import Settings, check
from loqa_envs.wording import shown


@dataclass(frozen=True, eq=False)
class Entrant(Settings):
    """One player of a league, and the name that it has there.

    Raises:
        ValueError: unless name and team are text, and there is a name.
    """

    name: Annotated[str, Len(1)]
    player: Any
    """A `Policy`, such as an agent; the name of a scripted player; an object with methods
    ``reset()`` and ``act(observation) -> int``; or a function or class that makes one of these, and
    is given the game and a seed if it takes them (see `loqa_agents.players.python.player`)."""
    team: str = ""
    """Entrants of one team are seeds of one training; without it, the entrant is its own team."""

    @property
    def in_team(self) -> str:
        return self.team or self.name


class Seated(NamedTuple):
    """A player at the table of a league."""

    name: str
    seats: tuple[Policy, ...]
    """The player as it sits in each seat."""
    params: Params
    on_host: bool
    """Whether it runs outside of JAX."""
    family: Any
    """Hashable, and equal for players that differ in their parameters only."""
    identity: Any = None
    """What its `fingerprint` is of."""


def table_of(game: Game) -> Game:
    """The game as a league plays it: in the Coin Game, with nothing hidden by a shifted view."""
    table: Game = game.version("league")
    return table


def as_shown(game: Game) -> Game:
    """The same game, seen and numbered as environments do by default."""
    shown: Game = game.version("environment")
    return shown


def ready(entrant: Entrant, game: Game) -> Entrant:
    """The entrant with a player that can sit down: the name of one, a `Policy` or a `Source`.

    Raises:
        ValueError: if the player is none, or code of its author fails.
    """
    made: Entrant = _named_errors(entrant, _ready, entrant, game)
    return made


def seat(entrant: Entrant, game: Game, act_timeout: float | None = None) -> Seated:
    """The entrant at the table of ``game``.

    Players that do not say what they were made for, with a ``game`` of their own or of a player
    within them, see ``game`` as it is. ``act_timeout`` is as for `Caller`.

    Raises:
        ValueError: if the player is none, or is one of another game, or code of its author fails.
    """
    seated: Seated = _named_errors(entrant, _seat, entrant, game, act_timeout)
    return seated


def _named_errors(entrant: Entrant, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return called(function, *arguments, passing=(ValueError,))
    except Fault as fault:
        raise ValueError(
            f"entrant {entrant.name}: a player must be made and looked at without errors; its code "
            f"{fault}."
        ) from fault
    except ValueError as error:
        raise ValueError(f"entrant {entrant.name}: {error}") from None


def _ready(entrant: Entrant, game: Game) -> Entrant:
    player = entrant.player
    if isinstance(player, str | Source):
        return entrant
    function = player if is_function(player) else None
    if function is not None:
        player = make(function, game, seed=0)
    if not hasattr(player, "initial_carry"):
        player = Source(player, own_game(player) or game, function, game)
    return replace(entrant, player=player)


def _seat(entrant: Entrant, game: Game, act_timeout: float | None) -> Seated:
    entrant = _ready(entrant, game)
    table, player = table_of(game), entrant.player
    on_host = isinstance(player, Source)
    if on_host:
        player = HostPolicy(player, Caller(act_timeout))
    seats = tuple(_at(player, game, table, number) for number in range(game.num_players))
    policy, params = apart(player)
    if not on_host and not isinstance(player, str) and policy is player:
        _try(seats[0], params, table)
    family: Any = object()
    if policy is not player:
        shapes = seats, str(jax.tree.map(np.shape, params))
        with suppress(TypeError):  # anyone's policy may be without a hash
            hash(shapes)
            family = shapes
    identity = (player, seats) if isinstance(player, str) else identity_of(entrant.player)
    return Seated(entrant.name, seats, params, on_host, family, identity)


def identity_of(player: Any) -> Any:
    """What a player of an entrant that is `ready` is known by."""
    return (player.function, player.sample) if isinstance(player, Source) else player


def _try(policy: Policy, params: Params, table: Game) -> None:
    """Raise ``ValueError`` unless JAX can trace the policy and it keeps to the protocol."""
    seen = each_array(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), table.observation_spec.tree
    )
    try:
        before = called(jax.eval_shape, policy.initial_carry)
        moved: Any = called(
            jax.eval_shape,
            lambda *arguments: policy.act(keys.key(0), *arguments), params, before, seen,
        )  # fmt: skip
    except Fault as fault:
        raise ValueError(
            f"a player must be a Policy that JAX can trace; its act {fault}."
        ) from fault
    if not isinstance(moved, tuple) or len(moved) != 3:
        raise ValueError(
            "a player must be a Policy whose act returns (action, carry, extras), the last one {} "
            f"if it has nothing to note; it returns {shown(moved)}."
        )
    action, after, _ = moved
    if action.shape or not jnp.issubdtype(action.dtype, jnp.integer):
        raise ValueError(
            "a player must be a Policy whose act returns an integer scalar, it returns "
            f"{action.dtype}{list(action.shape)}."
        )
    kinds = [jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), c) for c in (before, after)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            "a player must be a Policy whose carry keeps its shape and type; it goes from "
            f"{kinds[0]} to {kinds[1]}."
        )


def _at(player: Any, game: Game, table: Game, number: int) -> Policy:
    if isinstance(player, str):
        return make_player(player, table, number)
    for attribute in ("num_actions", "act"):
        if not hasattr(player, attribute):
            raise ValueError(f"a Policy must have {attribute}; {player!r} has not.")
    make_player(player, table, number)  # refuses a player of another game
    inner, _ = apart(in_seat(player, number))
    adapted: Policy = table.adapt(inner, own_game(player) or game, number)
    return adapted


def check_names(entrants: Sequence[Entrant]) -> None:
    """Raise ``ValueError`` unless there are at least two entrants, all with different names."""
    check("entrants", entrants, list[Entrant] | tuple[Entrant, ...])
    names = [entrant.name for entrant in entrants]
    if len(names) < 2:
        raise ValueError(f"a league needs at least two entrants, got {', '.join(names) or 'none'}.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"every entrant must have a name of its own; given twice: {', '.join(twice)}."
        )
