"""The negotiation game: two players divide items that are worth more to one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.game import EpisodeLength, Policy, Rules
from loqa_envs.negotiation.players import ITEMS, Asker, TitForTat
from loqa_envs.policy import Random

MOST = 5
"""The largest proposal for an item, and the most that one can be worth to a player."""


class NegotiationState(NamedTuple):
    own: Array
    """``int32[P, 3]``: 1 where an item of this round is worth more to the seat than to the other,
    and so is the seat's own, else 0."""
    asked: Array
    """``int32[P, 3]``: the level of each seat's last proposal for each item; at first 0."""


@dataclass(frozen=True)
class Negotiation(Rules):
    """Each round, two players propose at once how much of each of three items they want.

    Rules: an item is worth 5 to one player and 1 to the other, to whom is a coin toss for each
        item in every round. Where the proposals for an item, p and q, are more than 5 together, it
        is shared in proportion to them: a player gets p / max(p + q, 5) of it. It pays to ask for
        everything, and both are better off if each asks for what is worth more to it.
    Actions: a proposal for each item, one of ``levels`` evenly spaced numbers from 0 to 5, the
        last item varying fastest: with two levels 0/0/0, 0/0/5, ..., 5/5/5.
    Observation: ``float32[15]``, a tenth of: the quantities of the items (1), what they are worth
        to oneself, one's own last proposals, what they are worth to the other, the other's last
        proposals. Before the first round these proposals are 0.
    Reward: what a player gets of the three items is worth, divided by 15.
    Info: ``asked_own`` and ``asked_other``, how many of the items that are worth more to oneself
        and to the other the seat asked for; a proposal of 5 is one item, one of 2.5 half.
    Chance: whose each item is, in each round.
    Episode: ``episode_length`` rounds.
    Differs from: the paper's proposals are any numbers from 0 to 5.
    Reference: the Negotiation game of Duque et al., Advantage Alignment Algorithms (ICLR 2025),
        whose code calls it the exchange game, with utilities of high contrast.

    Raises:
        ValueError: for a setting out of its range.
    """

    levels: Annotated[int, Interval(ge=2, le=11)] = 2
    """Number of proposals for each item, from 0 to 5; their cube is the number of actions."""
    episode_length: EpisodeLength = 50
    """Rounds of an episode."""

    name, num_players, seats_alike, observations_public = "negotiation", 2, True, True
    noise_size, reward_range = ITEMS, (0.0, 1.0)
    observation_shape, observation_high = (5 * ITEMS,), np.float32(MOST / 10)

    @property
    def num_actions(self) -> int:
        return int(self.levels**ITEMS)

    @property
    def action_names(self) -> tuple[str, ...]:
        return tuple("/".join(f"{p:g}" for p in row) for row in self._proposals[self._asks])

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        return {
            "always_cooperate": Asker(levels=self.levels),
            "always_defect": Asker(levels=self.levels, greedy=True),
            "random": Random(self.num_actions),
            "tit_for_tat": TitForTat(levels=self.levels),
        }

    def initial_state(self, noise: Array) -> NegotiationState:
        return NegotiationState(_toss(noise), array_namespace(noise).zeros((2, ITEMS), np.int32))

    def transition(
        self, state: NegotiationState, actions: Array, noise: Array
    ) -> tuple[NegotiationState, Array, dict[str, Array]]:
        xp = array_namespace(actions)
        asked = xp.asarray(self._asks)[actions]
        first, second, third = xp.asarray(self._gains)[state.own, asked, asked[::-1]].T
        unit = np.float32(1 / (self.levels - 1))
        info = {
            name: (asked * whose).sum(1, dtype=np.int32).astype(np.float32) * unit
            for name, whose in (("asked_own", state.own), ("asked_other", 1 - state.own))
        }
        return NegotiationState(_toss(noise), asked), first + second + third, info

    def observe(self, state: NegotiationState) -> Array:
        xp = array_namespace(state.own)
        worth = xp.asarray(_WORTH / np.float32(10))[state.own]
        asked = xp.asarray(self._proposals / np.float32(10))[state.asked]
        quantities = xp.full((2, ITEMS), 0.1, np.float32)
        rows = [quantities, worth, asked, worth[::-1], asked[::-1]]
        seen: Array = xp.concatenate(rows, axis=1)
        return seen

    def render(self, state: NegotiationState) -> str:
        """What the items are worth to each player in this round, and what it last asked for."""
        rows = zip(
            _WORTH[np.asarray(state.own)], self._proposals[np.asarray(state.asked)], strict=True
        )
        return "\n".join(
            f"player {seat}: worth {' '.join(f'{u:g}' for u in worth)}, "
            f"asked {' '.join(f'{p:g}' for p in asked)}"
            for seat, (worth, asked) in enumerate(rows)
        )

    @cached_property
    def _proposals(self) -> NDArray[np.float32]:
        return np.linspace(0, MOST, self.levels, dtype=np.float32)

    @cached_property
    def _asks(self) -> NDArray[np.int32]:
        """``[A, 3]``: the level of the proposal for each item that each action makes."""
        return np.array(list(product(range(self.levels), repeat=ITEMS)), np.int32)

    @cached_property
    def _gains(self) -> NDArray[np.float32]:
        """``[2, L, L]``: the reward for an item, by whose it is and the levels of both proposals.

        A table, since NumPy and JAX do not round divisions alike.
        """
        p = self._proposals.astype(np.float64)[:, None]
        share = p / np.maximum(p + p.T, MOST)
        return np.asarray(_WORTH[:, None, None] * share / (MOST * ITEMS), np.float32)


_WORTH = np.array([1, MOST], np.float32)  # of an item that is the other's, and of one's own


def _toss(noise: Array) -> Array:
    """Whose each item is, ``int32[P, 3]``."""
    heads = (narrowed(noise) < 0.5).astype(np.int32)
    both: Array = array_namespace(noise).stack([heads, 1 - heads])
    return both
