"""Escalation: the longer two go on together, the more it costs to be left alone."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.coin_game.numbers import draw
from loqa_envs.game import EpisodeLength
from loqa_envs.stag_hunt_grid.board import MOVES, cheapest
from loqa_envs.stag_hunt_grid.players import Escalator
from loqa_envs.stag_hunt_grid.rules import BoardRules
from loqa_envs.validation import Weight


class EscalationState(NamedTuple):
    players: Array
    """``int32[2]``: their cells, see `loqa_envs.stag_hunt_grid.board`."""
    mark: Array
    """``int32``: its cell."""
    streak: Array
    """``int32``: for how many steps until now both have been on the mark."""


@dataclass(frozen=True)
class EscalationGrid(BoardRules):
    """Two players on a board with edges follow a mark together, with ever more to lose.

    Rules: both players move, and may share a cell. Where both have come to the mark, the streak is
        a step longer, and the mark moves to a cell next to it. In any other step the streak ends,
        and whoever is alone at the mark pays for each step that it had. A step over the edge stays
        in place.
    Actions: 0 left, 1 right, 2 up, 3 down, 4 stay.
    Observation: ``int32[4]``, the cells, counted row by row, of oneself, the other player and the
        mark, then the streak.
    Reward: 1 where both are at the mark, ``-penalty`` times the streak where one is alone there,
        and 0 for anyone elsewhere.
    Info: ``together`` and ``alone``, 1 where the seat was so at the mark.
    Chance: which player begins in which upper corner; where the mark, anywhere, begins, and to
        which of the cells next to it it moves.
    Episode: ``episode_length`` steps.
    Scripted players: always_cooperate goes to the mark and waits there, always_defect keeps as far
        from it as it can. With the default settings two who cooperate get 0.916 per step; with one
        who defects, both get 0.
    Differs from: the description of the reference, by which a game ends with its streak; its code
        goes on, too. That code lets the mark begin anywhere but in the last row and column, does
        not show the streak, counts it without end, always puts the same player in the same corner,
        and numbers moves in another order.
    Reference: Escalation of NullDefault/Gym-Stag-Hunt, after Peysakhovich and Lerer, Prosocial
        learning agents solve generalized stag hunts better than selfish ones (2018).

    Raises:
        ValueError: for a setting out of its range.
    """

    penalty: Weight = 0.5
    """What it costs to be alone at the mark, for each step of the streak."""
    longest_streak: Annotated[int, Interval(ge=1, le=1000)] = 50
    """What a streak counts up to."""
    episode_length: EpisodeLength = 50
    """Steps of an episode."""

    name, num_actions, action_names = "escalation_grid", len(MOVES), MOVES
    noise_size, observation_shape = 1, (4,)

    @property
    def reset_noise_size(self) -> int:
        return 2

    @property
    def observation_high(self) -> NDArray[np.int32]:
        return np.array([*[self.board.num_cells - 1] * 3, self.longest_streak], np.int32)

    @property
    def reward_range(self) -> tuple[float, float]:
        return -self.penalty * self.longest_streak, 1.0

    def walker(self, cooperates: bool) -> Escalator:
        return Escalator(self.board, comes=cooperates)

    def initial_state(self, noise: Array) -> EscalationState:
        xp, chance = array_namespace(noise), narrowed(noise)
        mark = xp.asarray(draw(xp, chance[1], self.board.num_cells), np.int32)
        return EscalationState(self.corners(chance[0]), mark, mark * 0)

    def transition(
        self, state: EscalationState, actions: Array, noise: Array
    ) -> tuple[EscalationState, Array, dict[str, Array]]:
        xp, chance = array_namespace(actions), narrowed(noise)
        cells = xp.asarray(self.board.next_cells)
        players = cells[state.players, actions]
        there = players == state.mark
        together, alone = there & there[::-1], there & ~there[::-1]
        info = {"together": together.astype(np.float32), "alone": alone.astype(np.float32)}
        costs = np.float32(self.penalty) * state.streak.astype(np.float32)
        rewards = info["together"] - costs * info["alone"]
        goes_on = together[0].astype(np.int32)
        nearby = cells[state.mark][:4]
        onwards = nearby[cheapest((nearby == state.mark).astype(np.int32), chance[0])]
        mark = state.mark + goes_on * (onwards - state.mark)
        streak = goes_on * xp.minimum(state.streak + 1, np.int32(self.longest_streak))
        return EscalationState(players, mark, streak), rewards, info

    def observe(self, state: EscalationState) -> Array:
        return self.both_see(state.players, state.mark[None], state.streak[None])

    def render(self, state: EscalationState) -> str:
        """The board, players by number and M the mark, and how long the streak is."""
        board = self.drawn(state.players, [("M", state.mark)])
        return f"{board}\nstreak {int(state.streak)}"
