"""What the settings of a Coin Game must be."""

import math
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loqa_envs.coin_game import CoinGame

_CHOICES = {
    "tie": ("both", "first"),
    "next_owner": ("alternating", "random"),
    "observation": ("planes", "flat", "index"),
}
_SWITCHES = (
    "stay",
    "coins_on_players",
    "players_overlap",
    "channels_last",
    "swap_view",
    "shift_view",
)
_MOVES = ("left", "right", "up", "down")


def checked(game: "CoinGame") -> dict[str, Any]:
    """The settings that need it in their one form: numbers as such, sequences as tuples.

    Raises:
        ValueError: for settings out of their range, or that contradict each other.
    """
    height, width = _size(game.size)
    num_players = _integer("num_players", game.num_players, 2, 4)
    num_coins = _integer("num_coins", game.num_coins, 1)
    episode_length = _integer("episode_length", game.episode_length, 1)
    for name, choices in _CHOICES.items():
        if getattr(game, name) not in choices:
            _refuse(name, f"one of {', '.join(choices)}", getattr(game, name))
    for name in _SWITCHES:
        if not isinstance(getattr(game, name), bool):
            _refuse(name, "True or False", getattr(game, name))
    if num_coins not in (1, num_players):
        must = f"1, or {num_players} so that each player has a coin of its own"
        _refuse("num_coins", must, num_coins)
    if num_coins > 1 and game.next_owner == "random":
        must = f"alternating where each player has a coin of its own (num_coins={num_coins})"
        _refuse("next_owner", must, game.next_owner)
    if game.channels_last and game.observation == "index":
        _refuse("channels_last", "False where the observation is index, which has no planes", True)
    cells = height * width
    if cells < num_players:
        must = f"at least {num_players} cells, so that there is one for each player"
        _refuse("size", must, f"{height} x {width}")
    if cells == num_players and not game.coins_on_players:
        must = f"at least {num_players + 1} cells, so that a coin can land away from all players"
        _refuse("size", must, f"{height} x {width}")
    return {
        "size": (height, width),
        "num_players": num_players,
        "num_coins": num_coins,
        "rewards": _rewards(game.rewards),
        "moves": _moves(game.moves),
        "episode_length": episode_length,
    }


def _refuse(name: str, must: str, given: Any) -> None:
    raise ValueError(f"CoinGame.{name} must be {must}, got {given!r}.")


def _integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if isinstance(value, bool) or number < low or (high is not None and number > high):
        _refuse(name, f"an integer of at least {low}" + f" and at most {high}" * bool(high), value)
    return number


def _size(size: Any) -> tuple[int, int]:
    pair = tuple(size) if isinstance(size, tuple | list) else (size, size)
    try:
        height, width = (_integer("size", number, 1) for number in pair)
    except ValueError:
        _refuse("size", "an integer of at least 1, or a pair of them, height and width", size)
    return height, width


def _rewards(rewards: Any) -> tuple[float, ...]:
    try:
        numbers = tuple(float(number) for number in rewards)
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        must = "three numbers, for taking an own coin, taking another's and losing one"
        _refuse("rewards", must, rewards)
    return numbers


def _moves(moves: Any) -> tuple[str, ...]:
    order = tuple(moves) if isinstance(moves, tuple | list) else ()
    if sorted(map(str, order)) != sorted(_MOVES):
        _refuse("moves", f"{', '.join(_MOVES)} in any order", moves)
    return order
