"""Harvest: to pick what is mature, for both, or what is near, for oneself."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.game import EpisodeLength
from loqa_envs.stag_hunt_grid.board import MOVES
from loqa_envs.stag_hunt_grid.players import Harvester
from loqa_envs.stag_hunt_grid.rules import BoardRules, Plants
from loqa_envs.validation import Probability, Real


class HarvestState(NamedTuple):
    players: Array
    """``int32[2]``: their cells, see `loqa_envs.stag_hunt_grid.board`."""
    plants: Array
    """``int32[plants]``: their cells."""
    mature: Array
    """``int32[plants]``: 1 for each plant that is mature, 0 for each that is young."""


@dataclass(frozen=True)
class HarvestGrid(BoardRules):
    """Two players on a board with edges pick plants: young ones for themselves, mature for both.

    Rules: first both players move, who may share a cell; then plants mature and die, each by a coin
        of its own. Whoever is at a plant then picks it, both if both are. A plant that was picked
        reappears, as young or as mature as it was; one that dies reappears young, and who is at it
        in this step picks it as a young one. What reappears does so on a cell without players and
        plants. A step over the edge stays in place.
    Actions: 0 left, 1 right, 2 up, 3 down, 4 stay.
    Observation: ``int32[2 + 2 plants]``, the cells, counted row by row, of oneself, the other
        player and the plants, then 1 for each plant that is mature and 0 for each that is young.
    Reward: ``young_reward`` for picking a young plant, and ``mature_reward`` for either player
        that picks a mature one, oneself or the other.
    Info: ``picked_young`` and ``picked_mature``, 1 where the seat did.
    Chance: which player begins in which upper corner; where plants, all young, begin, and where
        they reappear; which of them mature and die.
    Episode: ``episode_length`` steps.
    Scripted players: always_cooperate goes to mature plants first, always_defect to the nearest
        plant of any kind. With the default settings they get 1.31 per step among cooperators, 1.27
        among defectors, and 1.24 and 1.38 where one of each plays.
    Differs from: the paper, where plants are born young; the reference code, as here, changes only
        where a picked plant is. That code also always puts the same player in the same corner and
        numbers moves in another order.
    Reference: Harvest of NullDefault/Gym-Stag-Hunt, after Peysakhovich and Lerer, Prosocial
        learning agents solve generalized stag hunts better than selfish ones (2018).

    Raises:
        ValueError: for a setting out of its range, or too small a board.
    """

    plants: Plants = 4
    """Number of plants."""
    chance_to_mature: Probability = 0.1
    """Probability with which a young plant matures in a step."""
    chance_to_die: Probability = 0.1
    """Probability with which a mature plant dies in a step."""
    young_reward: Real = 1.0
    """For a young plant, to the player who picks it."""
    mature_reward: Real = 2.0
    """For a mature plant, to both players, whoever picks it."""
    episode_length: EpisodeLength = 50
    """Steps of an episode."""

    name, num_actions, action_names = "harvest_grid", len(MOVES), MOVES

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_cells(
            self.plants + 3, f"two players, {self.plants} plants and one to reappear on"
        )

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return (2 + 2 * self.plants,)

    @property
    def observation_high(self) -> NDArray[np.int32]:
        highest = np.array([self.board.num_cells - 1, 1], np.int32)
        return np.repeat(highest, [2 + self.plants, self.plants])

    @property
    def reward_range(self) -> tuple[float, float]:
        shared = 0.0, self.mature_reward
        own = *shared, self.young_reward
        return min(own) + min(shared), max(own) + max(shared)

    @property
    def noise_size(self) -> int:  # type: ignore[override]
        return 2 * self.plants

    @property
    def reset_noise_size(self) -> int:
        return 1 + self.plants

    def walker(self, cooperates: bool) -> Harvester:
        return Harvester(self.board, mature_first=cooperates)

    def initial_state(self, noise: Array) -> HarvestState:
        chance = narrowed(noise)
        players = self.corners(chance[0])
        plants = self.scattered(chance[1:], players)
        return HarvestState(players, plants, plants * 0)

    def transition(
        self, state: HarvestState, actions: Array, noise: Array
    ) -> tuple[HarvestState, Array, dict[str, Array]]:
        xp, chance = array_namespace(actions), narrowed(noise)
        players = xp.asarray(self.board.next_cells)[state.players, actions]
        chances = xp.asarray([self.chance_to_mature, self.chance_to_die], np.float32)
        turned = chance[: self.plants] < chances[state.mature]
        mature = (state.mature == 1) ^ turned  # a plant that dies is picked as a young one
        picks = players[:, None] == state.plants[None]  # [P, plants]
        young, ripe = (picks & ~mature[None]).any(1), (picks & mature[None]).any(1)
        info = {"picked_young": young.astype(np.float32), "picked_mature": ripe.astype(np.float32)}
        own, shared = info["picked_young"], info["picked_mature"].sum(dtype=np.float32)
        rewards = np.float32(self.young_reward) * own + np.float32(self.mature_reward) * shared
        gone = picks.any(0) | (turned & ~mature)
        plants = self.reappeared(state.plants, gone, chance[self.plants :], players)
        return HarvestState(players, plants, mature.astype(np.int32)), rewards, info

    def observe(self, state: HarvestState) -> Array:
        return self.both_see(state.players, state.plants, state.mature)

    def render(self, state: HarvestState) -> str:
        """The board: players by number, p a young plant, P a mature one."""
        mature = np.asarray(state.mature) == 1
        plants = np.asarray(state.plants)
        return self.drawn(state.players, [("p", plants[~mature]), ("P", plants[mature])])
