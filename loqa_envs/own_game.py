"""Which game a player was made for, also where that player is within another one."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from loqa_envs.game import Game


def own_game(player: Any) -> Game | None:
    """The ``game`` that a player says it was made for, or else that of the players within it.

    A player around others, such as `Tremble`, holds them in its attributes, or in tuples, lists or
    dicts there, and sees and does what they see and do.

    Raises:
        ValueError: if players within it were made for games that differ in more than length.
    """
    games = list(_games(player))
    for other in games[1:]:
        if type(games[0]) is not type(other) or differing(games[0], other, {"episode_length"}):
            raise ValueError(
                "a player around others must have them all for the same game, as make_player "
                f"seats them; got {games[0]!r} and {other!r}."
            )
    return games[0] if games else None


def differing(one: Any, other: Any, free: set[str] | frozenset[str]) -> list[str]:
    """The settings, but ``free`` ones, in which two games of one kind differ."""
    names = [field.name for field in fields(one) if field.name not in free]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


def _games(player: Any) -> Iterator[Game]:
    left: list[Any] = [player]
    seen: list[Any] = []
    while left:
        each = left.pop()
        if any(each is other for other in seen):
            continue
        seen.append(each)
        own = getattr(each, "game", None)
        if own is not None:
            yield own
        else:
            left += _players(_attributes(each))


def _players(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if hasattr(value, "act") and hasattr(value, "initial_carry"):
            if not isinstance(value, type):
                yield value
        elif isinstance(value, tuple | list | dict):
            yield from _players(list(value.values() if isinstance(value, dict) else value))


def _attributes(player: Any) -> list[Any]:
    slots = [name for kind in type(player).__mro__ for name in getattr(kind, "__slots__", ())]
    held = [getattr(player, name, None) for name in slots]
    entries = list(player) if isinstance(player, tuple) else []  # a NamedTuple
    return [*entries, *held, *getattr(player, "__dict__", {}).values()]
