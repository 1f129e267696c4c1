"""Players of one version of the Coin Game at the table of another."""

from dataclasses import dataclass

import jax
import numpy as np

from loqa_envs.arrays import Array, array_namespace
from loqa_envs.coin_game.settings import TRANSLATED, CoinSettings
from loqa_envs.coin_game.view import NOWHERE, view_of
from loqa_envs.game import Carry, Extras, Params, Policy


@dataclass(frozen=True)
class Translated:
    """A player of ``own``, playing ``game``, which is the same in all but `TRANSLATED`.

    It is shown the board as its own game would show it, and its moves are numbered anew.

    Raises:
        ValueError: if ``game`` shifts what seats see and ``own`` does not: where the corner of the
            board is cannot be told from a shifted view.
    """

    policy: Policy
    own: CoinSettings
    game: CoinSettings
    seat: int

    def __post_init__(self) -> None:
        if self.game.shift_view and not self.own.shift_view:
            raise ValueError(
                "a player that sees the whole board as it lies cannot play where shift_view moves "
                f"it; got one for {self.own!r}, for {self.game!r}."
            )

    @property
    def num_actions(self) -> int:
        return self.game.num_actions

    def initial_carry(self) -> Carry:
        return self.policy.initial_carry()

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry, Extras]:
        seen = translated_view(self.own, self.game, observation, self.seat)
        action, carry, extras = self.policy.act(key, params, carry, seen)
        xp = array_namespace(action)
        numbers = [self.game.action_names.index(name) for name in self.own.action_names]
        # What is no move of the player's own game is none of this one either.
        own = (action >= 0) & (action < len(numbers))
        table = xp.asarray(np.array([*numbers, -1], np.int32))
        return table[xp.where(own, action, len(numbers))], carry, extras


def translated_view(own: CoinSettings, game: CoinSettings, observation: Array, seat: int) -> Array:
    """What ``seat`` of ``game`` would see of the same board in ``own``."""
    players, coins = view_of(game).read(observation, seat)
    xp = array_namespace(players)
    owners: Array = np.arange(game.num_players, dtype=np.int32)
    if game.num_coins == 1:
        owners = (coins != NOWHERE).argmax()[None].astype(np.int32)
        coins = coins.max()[None]
    row: Array = view_of(own).observe(players, coins, xp.asarray(owners))[seat]
    return row


def translated(policy: Policy, own: CoinSettings, game: CoinSettings, seat: int) -> Policy:
    """The player itself where both games look alike, otherwise `Translated`."""
    alike = all(getattr(own, name) == getattr(game, name) for name in TRANSLATED)
    return policy if alike else Translated(policy, own, game, seat)
