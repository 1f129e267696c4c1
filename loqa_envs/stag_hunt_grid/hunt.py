"""The stag hunt on a grid: to hunt together, or to forage alone."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.game import EpisodeLength
from loqa_envs.stag_hunt_grid.board import MOVES, cheapest
from loqa_envs.stag_hunt_grid.players import Hunter
from loqa_envs.stag_hunt_grid.rules import BoardRules, Plants
from loqa_envs.validation import Real


class StagHuntState(NamedTuple):
    players: Array
    """``int32[2]``: their cells, see `loqa_envs.stag_hunt_grid.board`."""
    stag: Array
    """``int32``: its cell."""
    plants: Array
    """``int32[plants]``: their cells."""


@dataclass(frozen=True)
class StagHuntGrid(BoardRules):
    """Two players on a board with edges hunt a stag, which takes both of them, or gather plants.

    Rules: first the stag moves, then both players, who may share a cell. Where both have come to
        the stag, they catch it, and it reappears; one who is there alone is mauled. Else whoever
        is at a plant gathers it, both if both are, and it reappears. What reappears does so on a
        cell without players, stag and plants. A stag that follows goes the shortest way to the
        nearest player, and stays where one is; any other takes random steps. A step over the edge
        stays in place.
    Actions: 0 left, 1 right, 2 up, 3 down.
    Observation: ``int32[3 + plants]``, the cells, counted row by row, of oneself, the other
        player, the stag and the plants.
    Reward: ``stag_reward``, ``maul_reward`` or ``plant_reward``; 0 where nothing happens.
    Info: ``hunted``, ``mauled`` and ``gathered``, 1 where that happened to the seat.
    Chance: which player begins in which upper corner, while the stag begins in the middle; where
        plants begin, and where plants and stag reappear; which of equally good steps the stag
        takes.
    Episode: ``episode_length`` steps.
    Differs from: the reference code always puts the same player in the same corner, numbers moves
        in another order, lets players stay where they are, and can end the episode of a player
        with its first reward. Its Harvest and Escalation, which have other rules, are games of
        their own here: `loqa_envs.HarvestGrid` and `loqa_envs.EscalationGrid`.
    Reference: Hunt of NullDefault/Gym-Stag-Hunt, after Peysakhovich and Lerer, Prosocial learning
        agents solve generalized stag hunts better than selfish ones (2018).

    Raises:
        ValueError: for a setting out of its range, or too small a board.
    """

    plants: Plants = 2
    """Number of plants."""
    stag_follows: bool = True
    """Whether the stag goes to the nearest player; otherwise it wanders."""
    run_away: bool = False
    """Whether the stag reappears elsewhere after it mauled a player."""
    stag_reward: Real = 5.0
    """For each of those who catch the stag together."""
    plant_reward: Real = 1.0
    """For a plant."""
    maul_reward: Real = -5.0
    """For meeting the stag alone."""
    episode_length: EpisodeLength = 50
    """Steps of an episode."""

    name, num_actions, action_names = "stag_hunt_grid", 4, MOVES[:4]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_cells(
            self.plants + 4,
            f"two players, the stag, {self.plants} plants and one to reappear on",
        )

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return (3 + self.plants,)

    @property
    def observation_high(self) -> np.int32:
        return np.int32(self.board.num_cells - 1)

    @property
    def reward_range(self) -> tuple[float, float]:
        rewards = (0.0, self.stag_reward, self.plant_reward, self.maul_reward)
        return min(rewards), max(rewards)

    @property
    def noise_size(self) -> int:  # type: ignore[override]
        return 2 + self.plants

    def walker(self, cooperates: bool) -> Hunter:
        return Hunter(self.board, hunts=cooperates)

    def initial_state(self, noise: Array) -> StagHuntState:
        chance = narrowed(noise)
        players = self.corners(chance[0])
        middle = np.int32(self.board.height // 2 * self.board.width + self.board.width // 2)
        stag = array_namespace(noise).asarray(middle)
        others = array_namespace(noise).concatenate([players, stag[None]])
        return StagHuntState(players, stag, self.scattered(chance[2:], others))

    def transition(
        self, state: StagHuntState, actions: Array, noise: Array
    ) -> tuple[StagHuntState, Array, dict[str, Array]]:
        xp, chance = array_namespace(actions), narrowed(noise)
        cells = xp.asarray(self.board.next_cells)
        costs = xp.asarray(_WANDERING)
        if self.stag_follows:
            costs = self.board.to_nearest(state.stag, state.players)
        stag = cells[state.stag, cheapest(costs, chance[0])]
        players = cells[state.players, actions]
        there = players == stag
        hunted, mauled = there & there[::-1], there & ~there[::-1]
        at_plant = (players[:, None] == state.plants[None]) & ~there[:, None]  # [P, plants]
        gathered = at_plant.any(1)
        happened = {"hunted": hunted, "mauled": mauled, "gathered": gathered}
        info = {name: what.astype(np.float32) for name, what in happened.items()}
        paid = (self.stag_reward, self.maul_reward, self.plant_reward)
        rewards = sum(np.float32(r) * what for r, what in zip(paid, info.values(), strict=True))
        gone = (hunted | mauled).any() if self.run_away else hunted.any()
        others = xp.concatenate([players, state.plants])
        stag = self.reappeared(stag[None], gone[None], chance[1:2], others)
        others = xp.concatenate([players, stag])
        plants = self.reappeared(state.plants, at_plant.any(0), chance[2:], others)
        return StagHuntState(players, stag[0], plants), rewards, info

    def observe(self, state: StagHuntState) -> Array:
        return self.both_see(state.players, state.stag[None], state.plants)

    def render(self, state: StagHuntState) -> str:
        """The board: players by number, S the stag, p a plant."""
        return self.drawn(state.players, [("S", state.stag), ("p", state.plants)])


_WANDERING = np.array([0, 0, 0, 0, 1], np.int32)  # costs of a stag that moves anywhere
