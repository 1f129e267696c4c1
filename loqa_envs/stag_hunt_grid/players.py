"""Scripted players of the stag hunt on a grid."""

from dataclasses import dataclass

from loqa_envs.arrays import Array
from loqa_envs.game import Carry, ScriptedPolicy
from loqa_envs.stag_hunt_grid.board import Board, cheapest


@dataclass(frozen=True)
class Walker(ScriptedPolicy):
    """Walks the shortest way to the stag, or to the nearest plant; of equal moves, a random one.

    A step over the edge stays in place. It looks neither at the other player nor at what lies on
    its way: a hunter goes for the stag alone, and may be mauled.
    """

    board: Board
    hunts: bool
    num_actions: int = 4
    noise_size = 1

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        goals = observation[2:3] if self.hunts else observation[3:]
        return cheapest(self.board.to_nearest(observation[0], goals)[:4], noise[0]), carry
