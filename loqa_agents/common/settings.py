"""Settings as plain data: to JSON and back, and what differs between two of them."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

from loqa_agents.common.text import printable
from loqa_envs.catalogue import make_game
from loqa_envs.game import Game
from loqa_envs.registry import register
from loqa_envs.validation import Settings, check
from loqa_envs.wording import shown

T = TypeVar("T", bound=Settings)

KINDS: dict[str, type[Settings]] = {}
"""Classes that settings may have in place of those that are annotated, by their names in files."""

UNNAMED: dict[type[Settings], str] = {}
"""What stands for a class where a file names none, as those of 0.1.0 did not name networks."""


def register_kind(name: str, kind: type[Settings]) -> None:
    """Give a class a name in files, see `KINDS`.

    Raises:
        ValueError: for a name that is none or belongs to another class.
    """
    register(KINDS, name, kind)


def game_to_dict(game: Game) -> dict[str, Any]:
    """The game's name and settings; `game_from_dict` makes the same game of it.

    Raises:
        ValueError: unless it does: for a class that is not registered, or settings that are no
            plain data.
    """
    settings: Any = game
    if not dataclasses.is_dataclass(settings):
        raise ValueError(f"a game must be a dataclass, so that it can be saved, got {game!r}.")
    data = {"name": game.name} | game.settings()
    if not _comes_back(game, game_from_dict, data):
        kind = type(game).__name__
        raise ValueError(
            "a game must be made anew from its name and settings to be saved, as by "
            f"loqa_envs.register_game({game.name!r}, {kind}) and with settings that are plain "
            f"data; that does not give {game!r}."
        )
    return data


def game_from_dict(data: Any) -> Game:
    """The game that `game_to_dict` wrote down.

    Raises:
        ValueError: for a game that this version does not know.
    """
    if not isinstance(data, dict) or "name" not in data:
        raise ValueError(f"a game must be a name and settings, got {shown(data)}.")
    settings = dict(data)
    name = check("the name of a game", settings.pop("name"), str)
    return make_game(name, **settings)


def to_dict(settings: Settings) -> dict[str, Any]:
    """The settings as plain data, of which `from_dict` makes the same.

    Where a field holds another class than it is annotated with, ``kind`` names it.

    Raises:
        ValueError: for a class of one's own that is not registered, or settings that are no plain
            data.
    """
    data = _to_dict(settings)
    kind = type(settings)
    if not _comes_back(settings, lambda data: from_dict(kind, data), data):
        raise ValueError(f"settings must be plain data to be saved, got {settings!r}.")
    return data


def named_to_dict(settings: Settings, default: type[Settings]) -> dict[str, Any]:
    """The same with the name of its class as ``kind``, unless that is the ``default``.

    Raises:
        ValueError: as `to_dict`.
    """
    kind = type(settings)
    return ({} if kind is default else {"kind": _name(kind)}) | to_dict(settings)


def named_from_dict(data: Any, default: type[T], base: type[Settings]) -> Any:
    """The settings that `named_to_dict` made ``data`` of, of a class that inherits from ``base``.

    Raises:
        ValueError: as `from_dict`, and for a class that is not registered.
    """
    rest = dict(data) if isinstance(data, dict) else data
    name = rest.pop("kind", None) if isinstance(rest, dict) else None
    return from_dict(default if name is None else _kind(name, base), rest)


def from_dict(kind: type[T], data: Any) -> T:
    """The settings that `to_dict` made ``data`` of, JSON's lists as tuples.

    Raises:
        ValueError: for fields that ``kind`` does not have, or values that they cannot have.
    """
    if not isinstance(data, dict):
        raise ValueError(f"{kind.__name__} must be made of named settings, got {shown(data)}.")
    hints = get_type_hints(kind)
    fields = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(map(str, set(data) - fields))
    if unknown:
        raise ValueError(f"{kind.__name__} has no field {printable(', '.join(unknown))}.")
    values = dict(data)
    for name, value in data.items():
        if isinstance(value, dict) and _is_settings(hints[name]):
            rest = dict(value)
            values[name] = from_dict(_kind(rest.pop("kind", None), hints[name]), rest)
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


def _to_dict(settings: Settings) -> dict[str, Any]:
    hints, data = get_type_hints(type(settings)), {}
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, field.name)
        if isinstance(value, Settings):
            same = type(value) is hints[field.name]
            value = ({} if same else {"kind": _name(type(value))}) | _to_dict(value)
        data[field.name] = value
    return data


def _name(kind: type[Settings]) -> str:
    for name, registered in KINDS.items():
        if registered is kind:
            return name
    raise ValueError(
        f"{kind.__name__} must be registered so that it can be saved, as a network is by "
        f"loqa_agents.register_network('a_name', {kind.__name__})."
    )


def _kind(name: Any, annotated: type[Settings]) -> type[Settings]:
    """The class of that name that can stand where another one is annotated."""
    if name is None:
        name = UNNAMED.get(annotated)
    if name is None:
        return annotated
    kinds = {name: kind for name, kind in KINDS.items() if issubclass(kind, annotated)}
    if not isinstance(name, str) or name not in kinds:
        raise ValueError(
            f"a kind of {annotated.__name__} must be registered by the module that has it, which "
            f"must be imported; got {name!r}, registered are {', '.join(kinds) or 'none'}."
        )
    return kinds[name]


def _is_settings(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Settings)


def _comes_back(thing: Any, read: Callable[[Any], Any], data: dict[str, Any]) -> bool:
    """Whether ``read`` makes the same of the data, once they have been JSON."""
    try:
        again = read(json.loads(json.dumps(data, allow_nan=False)))
        return type(again) is type(thing) and bool(again == thing)
    except Exception:  # whatever classes of others raise
        return False
