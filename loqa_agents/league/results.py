"""What came of a league: the table of everyone against everyone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from loqa_agents.league.entrants import Entrant
from loqa_agents.league.pairs.tables import PairResult, by_seat
from loqa_envs.arrays import Array
from loqa_envs.game import Game

REFERENCES = ("always_cooperate", "always_defect")
"""Scripted players whose play among themselves is the measure of all other."""


@dataclass(frozen=True, eq=False)
class League:
    """What came of a league of N entrants that played E episodes a pair.

    In a game of P > 2 players, ``focal`` copies of the row play among copies of the column, and
    rewards are means over those copies. What the row and the column say of each other is then not
    of the same episodes.
    """

    game: Game
    entrants: tuple[Entrant, ...]
    rewards: NDArray[np.float32]
    """``[N, N, E]``: mean reward per step of the row against the column; NaN where a pair was not
    played. In self-play, of all seats."""
    info: dict[str, NDArray[np.float32]]
    """The game's measurements per step of the row, ``[N, N, E]`` each."""
    references: dict[str, NDArray[np.float32]]
    """``[E]``: mean reward per step of `REFERENCES` among themselves, of all seats."""
    in_seat: NDArray[np.float32] | None = None
    """``[P, N, N, E // 2]``: the rewards of the row while it sat in each seat, a number for each
    two episodes; None where the seats of the game are alike, or there is one episode. In games of
    more players with one focal player, a number for each P episodes; with several, None."""
    failed: dict[str, str] = field(default_factory=dict)
    """Players that could not go on, and why; none of their pairs count."""
    common: bool = False
    """Whether episode e of every pair was played with the same random numbers."""
    focal: int = 1
    """How many copies of the row play in each game."""
    background: NDArray[np.float32] | None = None
    """``[N, N, E]``: what each copy of the column gets in the row's games, where these are not the
    column's own: in games of more than two players."""

    @property
    def theirs(self) -> NDArray[np.float32]:
        """``[N, N, E]``: mean reward per step of each copy of the column among the row's."""
        return self.rewards.swapaxes(0, 1) if self.background is None else self.background


def _measured(name: str, result: PairResult) -> Array:
    return result.info[name]


def collected(
    game: Game,
    entrants: tuple[Entrant, ...],
    played: dict[tuple[int, int], PairResult],
    known: Sequence[str],
    episodes: int,
    focal: int,
) -> League:
    """The league of all that was ``played``, by pairs of entrants, and after them of references."""
    number, players = len(entrants), game.num_players
    several = players > 2
    names = next(iter(played.values())).info if played else {}

    def table(read: Callable[[PairResult], Array], *shape: int) -> NDArray[np.float32]:
        """``[N, N, *shape]`` of what is read as ``[*shape, 2]``, by default one per episode."""
        rows = np.full((number, number, *(shape or (episodes,))), np.nan, np.float32)
        for (i, j), result in played.items():
            if max(i, j) >= number:
                continue
            values = np.asarray(read(result))
            rows[i, j] = of_all(values) if i == j else values[..., 0]
            if i != j and not several:
                rows[j, i] = values[..., 1]
        return rows

    def of_all(values: Array) -> NDArray[np.float32]:
        """The mean over all seats, of the means over those that each of a pair holds."""
        shares = focal * values[..., 0] + (players - focal) * values[..., 1]
        return np.asarray(shares / players, np.float32)

    in_seat = None
    turns = episodes // players  # in which each seat is the focal one once
    if not game.seats_alike and turns and focal == 1:
        of_seats = by_seat if not several else partial(_focal_by_seat, players)
        in_seat = table(lambda result: of_seats(result.rewards), players, turns)
        in_seat = np.moveaxis(in_seat, 2, 0)

    rewards, background = table(lambda result: result.rewards), None
    if several:
        background = table(lambda result: result.rewards[..., ::-1])
        itself = np.arange(number)
        background[itself, itself] = rewards[itself, itself]
    return League(
        game,
        entrants,
        rewards,
        {name: table(partial(_measured, name)) for name in names},
        {
            name: of_all(np.asarray(played[number + i, number + i].rewards))
            for i, name in enumerate(known)
        },
        in_seat,
        focal=focal,
        background=background,
    )


def _focal_by_seat(players: int, episodes: Array) -> Array:
    """``[P, E // P, 2]``: the focal player's column of ``episodes[E, 2]``, twice, by its seat."""
    turns = len(episodes) // players
    own = np.asarray(episodes)[: turns * players, :1].reshape(turns, players, 1)
    return np.repeat(own.swapaxes(0, 1), 2, axis=-1)
