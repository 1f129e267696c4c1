"""Scripted players of the games on a board: each takes a step that costs least, by its own costs.

They look no further than that step, and do not look at the other player.
"""

from dataclasses import dataclass

import numpy as np

from loqa_envs.arrays import Array
from loqa_envs.game import Carry, ScriptedPolicy
from loqa_envs.stag_hunt_grid.board import Board, cheapest


@dataclass(frozen=True)
class Walker(ScriptedPolicy):
    """Takes the move that costs least, of several such moves a random one."""

    board: Board
    num_actions, noise_size = 5, 1

    def costs(self, observation: Array) -> Array:
        """``int32[5]``: what each move costs."""
        raise NotImplementedError

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        return cheapest(self.costs(observation)[: self.num_actions], noise[0]), carry


@dataclass(frozen=True)
class Hunter(Walker):
    """Walks the shortest way to the stag, or to the nearest plant.

    It does not look at what lies on its way: a hunter goes for the stag alone, and may be mauled.
    """

    hunts: bool
    num_actions = 4

    def costs(self, observation: Array) -> Array:
        goals = observation[2:3] if self.hunts else observation[3:]
        return self.board.to_nearest(observation[0], goals)


@dataclass(frozen=True)
class Harvester(Walker):
    """Walks the shortest way to the nearest plant, or to the nearest that is mature, if one is."""

    mature_first: bool

    def costs(self, observation: Array) -> Array:
        plants, mature = observation[2:].reshape(2, -1)
        steps = self.board.steps(observation[0], plants)
        # This way any mature plant is nearer than all that are young.
        farther = np.int32(self.mature_first * (self.board.height + self.board.width))
        costs: Array = (steps + farther * (1 - mature[None])).min(1)
        return costs


@dataclass(frozen=True)
class Escalator(Walker):
    """Walks the shortest way to the mark and stays there, or as far as it can from it."""

    comes: bool

    def costs(self, observation: Array) -> Array:
        steps = self.board.to_nearest(observation[0], observation[2:3])
        return steps if self.comes else -steps
