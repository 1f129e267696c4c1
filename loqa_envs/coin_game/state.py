"""What changes from step to step in a Coin Game."""

from typing import NamedTuple

from loqa_envs.arrays import Array


class CoinState(NamedTuple):
    """Cells are numbered row by row, from 0 at the top left."""

    players: Array
    """``int32[P]``: the cell of each player."""
    coins: Array
    """``int32[C]``: the cell of each coin."""
    owners: Array
    """``int32[C]``: whose coin it is."""
