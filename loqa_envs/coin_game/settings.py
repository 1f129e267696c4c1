"""The settings of a Coin Game, what they must be, and what follows from them alone."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeAlias

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray
from pydantic import AfterValidator

from loqa_envs.game import EpisodeLength, Rules
from loqa_envs.hooks import Use
from loqa_envs.validation import Real
from loqa_envs.wording import Words

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
TRANSLATED = frozenset({"observation", "channels_last", "swap_view", "shift_view", "moves"})
"""The settings that say how the game is seen and numbered rather than how it goes."""


@dataclass(frozen=True)
class CoinSettings(Rules):
    """All that views and players of a Coin Game need to know; `CoinGame` says what it means.

    Raises:
        ValueError: for settings out of their range, or that contradict each other.
    """

    size: Size = 3
    """N of an N x N board, or its height and width."""
    num_players: Annotated[int, Interval(ge=2, le=4)] = 2
    """How many players, 2 to 4."""
    num_coins: Annotated[int, Interval(ge=1, le=4)] = 1
    """1 coin that is everyone's in turn, or one for each player."""
    stay: bool = False
    """Whether there is a last action that stays in place."""
    coins_on_players: bool = False
    """Whether coins may appear on any cell, even where a player is."""
    players_overlap: bool = True
    """Whether players may begin an episode on the same cell."""
    tie: Literal["both", "first"] = "both"
    """Who takes a coin that several reach: all of them, or the first of them in order of seats."""
    next_owner: Literal["alternating", "random"] = "alternating"
    """Whose the next coin is: the next player's, or anyone's."""
    observation: Literal["planes", "flat", "index"] = "planes"
    """The kind of observation."""
    channels_last: bool = False
    """Whether planes are the last axis, or vary fastest if flat."""
    swap_view: bool = True
    """Whether each seat sees itself first; otherwise all see player 0 first, and coin 0."""
    shift_view: bool = False
    """Whether each seat sees the board moved so that itself is in the middle."""
    rewards: Rewards = (1.0, 1.0, -2.0)
    """For taking an own coin, for taking another's, for losing one to another."""
    moves: Moves = MOVES
    """What the first four actions do."""
    episode_length: EpisodeLength = 50
    """Steps of an episode."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.size, int):  # equal games must compare and hash equal
            object.__setattr__(self, "size", (self.size, self.size))
        _check_together(self)

    @property
    def height(self) -> int:
        return self.size[0]  # type: ignore[index]

    @property
    def width(self) -> int:
        return self.size[1]  # type: ignore[index]

    @property
    def num_cells(self) -> int:
        return self.height * self.width

    @property
    def num_actions(self) -> int:
        return 5 if self.stay else 4

    @property
    def action_names(self) -> tuple[str, ...]:
        return (*self.moves, "stay")[: self.num_actions]

    @property
    def seats_alike(self) -> bool:
        # All else, of any number of seats, is the same for seats that follow one another in turn.
        return self.swap_view and self.tie == "both"

    @property
    def reward_range(self) -> tuple[float, float]:
        own, other, lost = self.rewards
        of_own = (0, own, lost) if self.tie == "first" else (0, own, lost, own + lost)
        others = self.num_coins - 1
        if others:  # all the coins can be taken in one step
            return min(of_own) + others * min(0, other), max(of_own) + others * max(0, other)
        return min(*of_own, other), max(*of_own, other)

    @property
    def noise_size(self) -> int:  # type: ignore[override]
        return self.num_coins + (self.next_owner == "random")

    @property
    def reset_noise_size(self) -> int:
        return self.num_players + self.num_coins + (self.num_coins == 1)

    @cached_property
    def next_cells(self) -> NDArray[np.int32]:
        """``int32[cells, A]``: where each action leads from each cell."""
        rows, columns = np.divmod(np.arange(self.num_cells), self.width)
        down, right = np.array([STEPS[name] for name in self.action_names]).T
        rows = (rows[:, None] + down) % self.height
        columns = (columns[:, None] + right) % self.width
        cells: NDArray[np.int32] = (rows * self.width + columns).astype(np.int32)
        return cells

    def version(self, use: Use) -> Self:
        if use == "environment":
            usual: Any = {
                each.name: each.default for each in fields(self) if each.name in TRANSLATED
            }
            return replace(self, **usual)
        if use == "league":
            return replace(self, observation="index", swap_view=True, shift_view=False)
        return replace(self, observation="index", shift_view=True)


def _check_together(game: CoinSettings) -> None:
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
