"""Scripted players of the negotiation game: who asks for which items.

Each asks for all of an item or for nothing of it, so that it plays with any number of levels.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from loqa_envs.arrays import Array, array_namespace
from loqa_envs.game import Carry, ScriptedPolicy

ITEMS = 3
"""How many items there are in every round."""
# Where in what a seat sees it finds what the items are worth to itself and to the other, and what
# the other asked for.
OWN_WORTH, OTHER_WORTH, OTHER_ASKED = slice(3, 6), slice(9, 12), slice(12, 15)


@dataclass(frozen=True)
class Asker(ScriptedPolicy):
    """Asks for the items that are worth more to itself, and with ``greedy`` for all of them."""

    levels: Annotated[int, Interval(ge=2)] = 2
    """How many proposals the game has for each item."""
    greedy: bool = False

    @property
    def num_actions(self) -> int:  # type: ignore[override]
        return int(self.levels**ITEMS)

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        return self._action(_own_items(observation) | self.greedy), carry

    def _action(self, items: Array) -> Array:
        """The number of the action that asks for all of these items, ``bool[ITEMS]``."""
        digits = np.array([self.levels**2, self.levels, 1], np.int32) * (self.levels - 1)
        action: Array = (items.astype(np.int32) * digits).sum(dtype=np.int32)
        return action


@dataclass(frozen=True)
class TitForTat(Asker):
    """Asks for its own items, and for all after the other asked for an item that was not its own.

    The carry is which items were the player's own in the round before: those worth more to it.
    """

    def initial_carry(self) -> Carry:
        return np.zeros(ITEMS, np.bool_)

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        xp = array_namespace(observation, carry)
        wronged = xp.logical_and(carry, observation[OTHER_ASKED] > 0).any()
        own = _own_items(observation)
        return self._action(own | wronged), own


def _own_items(observation: Array) -> Array:
    own: Array = observation[OWN_WORTH] > observation[OTHER_WORTH]
    return own
