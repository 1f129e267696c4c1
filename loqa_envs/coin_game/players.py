"""Scripted players of the Coin Game: who wants which coins, and the shortest way to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, NamedTuple

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.coin_game.settings import CoinSettings
from loqa_envs.coin_game.view import NOWHERE, CoinView, view_of
from loqa_envs.game import Carry, Policy, ScriptedPolicy
from loqa_envs.policy import Random
from loqa_envs.validation import Count
from loqa_envs.wording import Words

_FAR = 2**20  # further than any way


@dataclass(frozen=True)
class CoinPlayer(ScriptedPolicy):
    """Goes the shortest way to the nearest coin that it wants, or else away from the nearest coin.

    It wants its own coins, and with ``greedy`` all others too. On its way it never steps on a coin
    that it does not want, unless one that it wants lies there too. Of moves that are equally good
    it chooses at random; with ``ties="fixed"`` as POLA's scripted players do: the strictly shorter
    way up or down first, then the strictly shorter way left or right, else right. On boards of even
    size neither way round may be shorter, and then it circles.
    """

    game: Annotated[CoinSettings, Words("a CoinGame")]
    seat: Annotated[int, Ge(0)]
    greedy: bool = False
    ties: Literal["random", "fixed"] = "random"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seat >= self.game.num_players:
            raise ValueError(
                f"{type(self).__name__}.seat must be below {self.game.num_players}, the number of "
                f"players, got {self.seat}."
            )

    @property
    def num_actions(self) -> int:  # type: ignore[override]
        return self.game.num_actions

    @property
    def noise_size(self) -> int:  # type: ignore[override]
        return int(self.ties == "random")

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        players, coins = self._view.read(observation, self.seat)
        return self._walk(players, coins, self._own | self.greedy, noise), carry

    def _walk(self, players: Array, coins: Array, wanted: Array, noise: Array) -> Array:
        """The action that serves ``wanted[P]``, whose coins to take, best."""
        xp = array_namespace(players, coins)
        there = coins != NOWHERE
        way = self._way(players[self.seat], coins)
        distances = xp.asarray(self._distances)[way]
        targets = there & wanted
        pursues = targets.any()
        chosen = xp.where(pursues, targets, there)
        nearest = way[xp.argmin(xp.where(chosen, distances, _FAR))]
        after = xp.asarray(self._after)[way]  # [coins, A]
        trespasses = ((after == 0) & (there & ~wanted)[:, None]).any(0)
        rightful = ((after == 0) & targets[:, None]).any(0)
        towards, away = xp.asarray(self._towards)[nearest], xp.asarray(self._away)[nearest]
        wrong = (trespasses & ~rightful).astype(np.int32)
        costs = xp.where(pursues, towards, away) + _FAR * wrong
        best = costs == costs.min()
        if self.ties == "random":
            number = best.sum(dtype=np.int32).astype(np.float32)
            rank = (narrowed(noise)[0] * number).astype(np.int32)
            best = xp.cumsum(best, dtype=np.int32) > rank
        action: Array = xp.argmax(best).astype(np.int32)
        return action

    def _way(self, start: Array, goals: Array) -> Array:
        """The way on the torus, as the cell where it would end if it began at cell 0."""
        width = self.game.width
        rows = (goals // width - start // width) % self.game.height
        return rows * width + (goals % width - start % width) % width

    @cached_property
    def _view(self) -> CoinView:
        return view_of(self.game)

    @cached_property
    def _own(self) -> NDArray[np.bool_]:
        own: NDArray[np.bool_] = np.arange(self.game.num_players) == self.seat
        return own

    @cached_property
    def _after(self) -> NDArray[np.int32]:
        """``[cells, A]``: what is left of each way after each action."""
        ways = np.arange(self.game.num_cells, dtype=np.int32)
        return np.stack([self._way(step, ways) for step in self.game.next_cells[0]], 1)

    @cached_property
    def _distances(self) -> NDArray[np.int32]:
        """Length of each way."""
        rows, columns = np.divmod(np.arange(self.game.num_cells), self.game.width)
        rows = np.minimum(rows, self.game.height - rows)
        columns = np.minimum(columns, self.game.width - columns)
        lengths: NDArray[np.int32] = (rows + columns).astype(np.int32)
        return lengths

    @cached_property
    def _towards(self) -> NDArray[np.int32]:
        """``[cells, A]``: cost of each action for who wants to go each way."""
        if self.ties == "random":
            costs: NDArray[np.int32] = self._distances[self._after]
            return costs
        return self._published_costs(("up", "down", "left", "right"))

    @cached_property
    def _away(self) -> NDArray[np.int32]:
        """``[cells, A]``: cost of each action for who wants to get away."""
        if self.ties == "random":
            return -self._towards
        return self._published_costs(("down", "up", "right", "left"))

    def _published_costs(self, names: tuple[str, ...]) -> NDArray[np.int32]:
        """``[cells, A]``: 0 for POLA's move on each way, of these four moves, else 1."""
        up, down, left, right = names
        costs = np.ones((self.game.num_cells, self.num_actions), np.int32)
        for way in range(self.game.num_cells):
            rows, columns = divmod(way, self.game.width)
            name = right
            if 2 * columns > self.game.width:
                name = left
            if 0 < 2 * rows < self.game.height:
                name = down
            elif 2 * rows > self.game.height:
                name = up
            costs[way, self.game.action_names.index(name)] = 0
        return costs


class Grudges(NamedTuple):
    """What a `Reciprocator` remembers."""

    coins: Array
    """``int32[P]``: where each player's coin was last seen, moved as the view will be."""
    losses: Array
    """``int32[P]``: coins lost to each player since the last retaliation."""
    revenge: Array
    """``int32[P]``: coins of each player that are still to be taken."""


@dataclass(frozen=True)
class Reciprocator(CoinPlayer):
    """Cooperates, but once it lost ``strikes`` coins to a player it defects for ``coins`` of its.

    It heads for that player's coins as for its own until so many of them are gone, whoever took
    them; then it cooperates with that player until it has lost as many as before.

    Raises:
        ValueError: unless both numbers are at least 1.
    """

    strikes: Count = 1
    coins: Count = 1

    def initial_carry(self) -> Carry:
        nothing = np.zeros(self.game.num_players, np.int32)
        return Grudges(nothing + NOWHERE, nothing, nothing)

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        players, coins = self._view.read(observation, self.seat)
        xp = array_namespace(players, *carry)
        seats = np.arange(self.game.num_players, dtype=np.int32)
        takers = carry.coins[:, None] == players[None]  # [owner, taker]
        if self.game.tie == "first":
            takers = takers & (takers.argmax(1)[:, None].astype(np.int32) == seats[None])
        losses = carry.losses + (takers[self.seat] & ~self._own).astype(np.int32)
        revenge = xp.maximum(carry.revenge - takers.any(1).astype(np.int32), 0)
        angry = losses >= self.strikes
        revenge = xp.where(angry, self.coins, revenge).astype(np.int32)
        losses = xp.where(angry, 0, losses).astype(np.int32)
        action = self._walk(players, coins, (revenge > 0) | self._own, noise)
        if self.game.shift_view:
            moved = xp.asarray(self._after)[coins, action]
            coins = xp.where(coins == NOWHERE, NOWHERE, moved)
        return action, Grudges(coins, losses, revenge)


def players(game: CoinSettings, seat: int) -> Mapping[str, Policy]:
    """The scripted players of one seat of a Coin Game, by name."""
    if game.seats_alike:
        seat = 0  # the same players serve them all
    return {
        "always_cooperate": CoinPlayer(game, seat),
        "always_defect": CoinPlayer(game, seat, greedy=True),
        "random": Random(game.num_actions),
        "tit_for_tat": Reciprocator(game, seat),
        "k_strikes": Reciprocator(game, seat, strikes=2, coins=2),
    }
