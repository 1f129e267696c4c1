"""Settings as plain data: to JSON and back, and what differs between two of them."""

import dataclasses
from typing import Any, TypeVar, get_type_hints

from loqa_envs.catalogue import make_game
from loqa_envs.game import Game

T = TypeVar("T")


def game_to_dict(game: Game) -> dict[str, Any]:
    """The game's name and settings; `game_from_dict` makes the same game of it."""
    settings: Any = game
    if not dataclasses.is_dataclass(settings):
        raise ValueError(f"a game must be a dataclass, so that it can be saved, got {game!r}.")
    return {"name": game.name} | dataclasses.asdict(settings)  # type: ignore[arg-type]


def game_from_dict(data: dict[str, Any]) -> Game:
    """The game that `game_to_dict` wrote down.

    Raises:
        ValueError: for a game that this version does not know.
    """
    settings = dict(data)
    return make_game(settings.pop("name"), **settings)


def from_dict(kind: type[T], data: dict[str, Any]) -> T:
    """The dataclass ``kind`` from what `dataclasses.asdict` made of it, JSON's lists as tuples.

    Raises:
        ValueError: for fields that ``kind`` does not have.
    """
    hints = get_type_hints(kind)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise ValueError(f"{kind.__name__} has no field {', '.join(unknown)}.")
    values = {}
    for name, value in data.items():
        if dataclasses.is_dataclass(hints[name]) and isinstance(value, dict):
            value = from_dict(hints[name], value)
        values[name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """One line for each leaf that differs between two nested dicts: its path, both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        lines = []
        for name in sorted(old.keys() | new.keys()):
            inner = f"{path}.{name}" if path else name
            lines += differences(old.get(name), new.get(name), inner)
        return lines
    return [] if old == new else [f"{path} was {old}, is {new}"]
