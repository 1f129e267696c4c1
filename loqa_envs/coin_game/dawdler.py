"""A scripted player of the Coin Game that reciprocates, and often takes a harmless detour."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.coin_game.players import Reciprocator
from loqa_envs.coin_game.settings import CoinSettings
from loqa_envs.coin_game.view import NOWHERE
from loqa_envs.validation import Probability


@dataclass(frozen=True)
class Dawdler(Reciprocator):
    """A `Reciprocator` that often takes a harmless detour.

    With probability ``dawdles`` its move is a random one of those that step on no coin which it
    does not want, otherwise that of a `Reciprocator`.

    Raises:
        ValueError: unless ``dawdles`` is a probability.
    """

    dawdles: Probability = 0.3

    @property
    def noise_size(self) -> int:  # type: ignore[override]
        return super().noise_size + 2

    def _walk(self, players: Array, coins: Array, wanted: Array, noise: Array) -> Array:
        xp, chance = array_namespace(players, coins), narrowed(noise)[-2:]
        straight = super()._walk(players, coins, wanted, noise)
        after = xp.asarray(self._after)[self._way(players[self.seat], coins)]  # [coins, A]
        unwanted = (coins != NOWHERE) & ~wanted
        harmless = ~((after == 0) & unwanted[:, None]).any(0)
        number = harmless.sum(dtype=np.int32).astype(np.float32)
        rank = (chance[1] * number).astype(np.int32)
        anywhere = xp.argmax(xp.cumsum(harmless, dtype=np.int32) > rank).astype(np.int32)
        action: Array = xp.where((chance[0] < self.dawdles) & harmless.any(), anywhere, straight)
        return action


def dawdler(game: CoinSettings, seat: int, words: str) -> Dawdler:
    """The player of ``PROBABILITY,STRIKES``: how often it dawdles, and when it takes revenge.

    Raises:
        ValueError: if they are anything else.
    """
    with suppress(ValueError):
        probability, strikes = words.split(",")
        return Dawdler(game, seat, strikes=int(strikes), dawdles=float(probability))
    raise ValueError(
        "dawdler: must be followed by a probability and a number of strikes of at least 1, such as "
        f"dawdler:0.3,1; got 'dawdler:{words}'."
    )
