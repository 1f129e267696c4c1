"""What the players of a Coin Game see, and how a scripted one reads it."""

from functools import lru_cache

import numpy as np

from loqa_envs.arrays import Array, array_namespace
from loqa_envs.coin_game.numbers import numbers, where
from loqa_envs.coin_game.settings import CoinSettings
from loqa_envs.observation import Leaf, ObservationSpec

NOWHERE = -1
"""The cell of a coin that there is not."""


class CoinView:
    """The observations of one game: their shape, how they are made, how they are read."""

    def __init__(self, game: CoinSettings) -> None:
        self._game = game
        players, cells = game.num_players, game.num_cells
        self._seats = np.arange(players, dtype=np.int32)
        self._cells = np.arange(cells, dtype=np.int32)
        # A row for each cell, and one of zeros that the number of `NOWHERE` picks as the last. To
        # look rows up is quicker than to compare, but the table grows with the square of the board.
        self._rows = np.eye(cells + 1, cells, dtype=np.float32) if cells <= 1024 else None
        self._one_coin = game.num_coins == 1
        self._by_index = game.observation == "index"
        # For each seat, the order in which it sees players, and the coins in that of their owners.
        first = self._seats if game.swap_view else 0 * self._seats
        self._orders = (first[:, None] + self._seats) % players
        # Which of all things, players first, is at each place of a seat's view.
        self._places = np.concatenate([self._orders, players + self._orders], 1).tolist()
        if self._by_index and self._one_coin:
            self._places = [[*order, players] for order in self._orders.tolist()]
        leaf = Leaf((2 * players, game.height, game.width))
        if game.channels_last:
            leaf = Leaf((game.height, game.width, 2 * players), "image", 1, dtype="float32")
        if game.observation == "flat":
            leaf = Leaf((2 * players * cells,))
        if self._by_index:
            largest = [cells - 1] * len(self._places[0]) + [players - 1] * self._one_coin
            leaf = Leaf((len(largest),), "categories", largest)
        self.spec = ObservationSpec(leaf)
        """One seat's observation."""
        self._shape = leaf.shape

    def observe(self, players: Array, coins: Array, owners: Array) -> Array:
        """Observations of all seats, each as `spec` says."""
        xp = array_namespace(players)
        game = self._game
        things, places = numbers(xp, players), numbers(xp, coins)
        if self._one_coin and not self._by_index:
            owner = numbers(xp, owners)[0]
            places = [where(owner == seat, places[0], NOWHERE) for seat in range(game.num_players)]
        things += places
        # Listed one by one, since XLA on a CPU is slow at gathering.
        views: Array = xp.asarray([[things[i] for i in row] for row in self._places], np.int32)
        if game.shift_view:
            shifted = self._shifted(views, players[:, None])
            views = xp.where(views == NOWHERE, NOWHERE, shifted)
        if self._by_index:
            if self._one_coin:
                whose = (owners - self._orders[:, 0]) % game.num_players
                views = xp.concatenate([views, whose[:, None]], 1)
            return views
        planes = self._one_hot(views)
        if game.channels_last:
            planes = planes.swapaxes(1, 2)
        return planes.reshape(game.num_players, *self._shape)

    def read(self, observation: Array, seat: int) -> tuple[Array, Array]:
        """What ``seat`` reads off one observation: two ``int32[P]``, by seat and by owner.

        They are the cells of the players, and of each one's coin or `NOWHERE`. Where the view is
        shifted, so are the cells.
        """
        xp = array_namespace(observation)
        players = self._game.num_players
        if self._by_index:
            seen, coins = observation[:players], observation[players:]
            if self._one_coin:
                coins = xp.where(self._seats == coins[1:], coins[:1], NOWHERE)
        else:
            planes = observation.reshape(2 * players, -1)
            if self._game.channels_last:
                planes = observation.reshape(-1, 2 * players).T
            cells = xp.where(planes.max(1) > 0.5, planes.argmax(1), NOWHERE).astype(np.int32)
            seen, coins = cells[:players], cells[players:]
        by_seat = np.argsort(self._orders[seat])
        return seen[by_seat], coins[by_seat]

    def _one_hot(self, places: Array) -> Array:
        """``float32[..., cells]``, without a one for `NOWHERE`."""
        if self._rows is None:
            return (places[..., None] == self._cells[None, None]).astype(np.float32)
        rows: Array = array_namespace(places).asarray(self._rows)[places]
        return rows

    def _shifted(self, cells: Array, centres: Array) -> Array:
        """Where the cells are once the board is moved so that ``centres`` are in the middle."""
        height, width = self._game.height, self._game.width
        rows = cells // width - centres // width + height // 2
        columns = cells % width - centres % width + width // 2
        return rows % height * width + columns % width


@lru_cache(64)
def view_of(game: CoinSettings) -> CoinView:
    """The view of a game; that of equal games is one."""
    return CoinView(game)
