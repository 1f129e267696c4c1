"""What the settings of a Coin Game must be."""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from annotated_types import Interval
from pydantic import AfterValidator

from loqa_envs.validation import Real
from loqa_envs.wording import Words

if TYPE_CHECKING:
    from loqa_envs.coin_game.game import CoinGame

MOVES = ("left", "right", "up", "down")
STEPS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0), "stay": (0, 0)}
"""Rows down and columns right."""


def _all_moves(moves: tuple[str, ...]) -> tuple[str, ...]:
    if sorted(moves) != sorted(MOVES):
        raise ValueError
    return moves


Side: TypeAlias = Annotated[int, Interval(ge=1, le=1000)]
"""Cells along one side of the board; tables of a million cells still fit everywhere."""
Size: TypeAlias = Annotated[
    Side | tuple[Side, Side],
    Words("an integer from 1 to 1,000, or a pair of them, height and width"),
]
Rewards: TypeAlias = Annotated[
    tuple[Real, Real, Real],
    Words(
        "three numbers from -1e12 to 1e12, for taking an own coin, taking another's and losing one"
    ),
]
Moves: TypeAlias = Annotated[
    tuple[str, ...], AfterValidator(_all_moves), Words(f"{', '.join(MOVES)} in any order")
]


def check_together(game: "CoinGame") -> None:
    """Refuse settings that contradict each other.

    Raises:
        ValueError: for the first setting that another one excludes.
    """
    players, coins = game.num_players, game.num_coins
    if coins not in (1, players):
        must = f"1, or {players} so that each player has a coin of its own"
        _refuse("num_coins", must, coins)
    if coins > 1 and game.next_owner == "random":
        must = f"alternating where each player has a coin of its own (num_coins={coins})"
        _refuse("next_owner", must, game.next_owner)
    if game.channels_last and game.observation == "index":
        _refuse("channels_last", "False where the observation is index, which has no planes", True)
    if game.num_cells < players:
        must = f"at least {players} cells, so that there is one for each player"
        _refuse("size", must, f"{game.height} x {game.width}")
    if game.num_cells == players and not game.coins_on_players:
        must = f"at least {players + 1} cells, so that a coin can land away from all players"
        _refuse("size", must, f"{game.height} x {game.width}")


def _refuse(name: str, must: str, given: Any) -> None:
    raise ValueError(f"CoinGame.{name} must be {must}, got {given!r}.")
