"""What the games on a board have in common: where two players begin and walk, what they see."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from annotated_types import Interval

from loqa_envs.arrays import Array, array_namespace
from loqa_envs.coin_game.numbers import draw_cell, numbers, where
from loqa_envs.game import Policy, Rules
from loqa_envs.policy import Random
from loqa_envs.stag_hunt_grid.board import Board
from loqa_envs.stag_hunt_grid.players import Walker
from loqa_envs.wording import Words

Side: TypeAlias = Annotated[int, Interval(ge=2, le=100)]
Size: TypeAlias = Annotated[
    Side | tuple[Side, Side],
    Words("an integer from 2 to 100, or a pair of them, height and width"),
]
Plants: TypeAlias = Annotated[int, Interval(ge=1, le=16)]


@dataclass(frozen=True)
class BoardRules(Rules):
    """Two players on a board with edges, over which no step leads; all that is there is seen."""

    size: Size = 5
    """N of an N x N board, or its height and width."""

    num_actions: ClassVar[int]
    num_players, seats_alike, observations_public = 2, True, True

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.size, int):  # equal games must compare and hash equal
            object.__setattr__(self, "size", (self.size, self.size))

    def require_cells(self, number: int, what_for: str) -> None:
        """Raise ``ValueError`` where the board has fewer cells."""
        if self.board.num_cells < number:
            raise ValueError(
                f"{type(self).__name__}.size must be at least {number} cells, for {what_for}; "
                f"got {self.size}."
            )

    @cached_property
    def board(self) -> Board:
        return Board(*self.size)  # type: ignore[misc]

    def walker(self, cooperates: bool) -> Walker:
        """The scripted player that cooperates, or the one that defects."""
        raise NotImplementedError

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        return {
            "always_cooperate": self.walker(cooperates=True),
            "always_defect": self.walker(cooperates=False),
            "random": Random(self.num_actions),
        }

    def corners(self, uniform: Array) -> Array:
        """``int32[2]``: each player in an upper corner, who in which by a coin toss."""
        corner = self.board.width - 1
        first = (uniform < 0.5).astype(np.int32) * corner
        players: Array = array_namespace(uniform).stack([first, corner - first])
        return players.astype(np.int32)

    def scattered(self, uniforms: Array, others: Array) -> Array:
        """``int32[n]``: a cell for each of ``n`` things, free of them and of ``others``."""
        xp = array_namespace(uniforms, others)
        cells: list[Any] = []
        occupied = numbers(xp, others)
        for uniform in numbers(xp, uniforms):
            cells.append(draw_cell(xp, uniform, self.board.num_cells, [*occupied, *cells]))
        return xp.asarray(cells, np.int32)  # type: ignore[no-any-return]

    def reappeared(self, cells: Array, gone: Array, uniforms: Array, others: Array) -> Array:
        """``int32[n]``: the cells of ``n`` things, new ones, free of all, for those ``gone``."""
        xp = array_namespace(cells, gone, uniforms, others)
        now, occupied = numbers(xp, cells), numbers(xp, others)
        for i, (go, uniform) in enumerate(
            zip(numbers(xp, gone), numbers(xp, uniforms), strict=True)
        ):
            new = draw_cell(xp, uniform, self.board.num_cells, [*occupied, *now])
            now[i] = where(go, new, now[i])
        return xp.asarray(now, np.int32)  # type: ignore[no-any-return]

    def both_see(self, players: Array, *things: Array) -> Array:
        """``int32[2, n]``: the own cell, the other player's, and what both see alike."""
        xp = array_namespace(players, *things)
        pairs = players, players[::-1]
        seen: Array = xp.stack([xp.concatenate([pair, *things]) for pair in pairs])
        return seen

    def drawn(self, players: Array, things: list[tuple[str, Array]]) -> str:
        """The board as text: players by number, and things by a letter for each."""
        cells = [""] * self.board.num_cells
        for seat, cell in enumerate(np.asarray(players).tolist()):
            cells[cell] += str(seat)
        for letter, places in things:
            for cell in np.atleast_1d(places).tolist():
                cells[cell] += letter
        width, most = self.board.width, max(3, *map(len, cells))
        rows = [cells[i : i + width] for i in range(0, len(cells), width)]
        return "\n".join(
            " ".join((cell or ".").center(most) for cell in row).rstrip() for row in rows
        )
