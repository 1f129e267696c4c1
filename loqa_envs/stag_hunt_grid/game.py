"""The stag hunt on a grid: to hunt together, or to forage alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np
from annotated_types import Interval

from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.coin_game.numbers import draw_cell, numbers, where
from loqa_envs.game import EpisodeLength, Policy, Rules
from loqa_envs.policy import Random
from loqa_envs.stag_hunt_grid.board import MOVES, Board, cheapest
from loqa_envs.stag_hunt_grid.players import Walker
from loqa_envs.validation import Real
from loqa_envs.wording import Words

Side: TypeAlias = Annotated[int, Interval(ge=2, le=100)]
Size: TypeAlias = Annotated[
    Side | tuple[Side, Side],
    Words("an integer from 2 to 100, or a pair of them, height and width"),
]


class StagHuntState(NamedTuple):
    players: Array
    """``int32[2]``: their cells, see `loqa_envs.stag_hunt_grid.board`."""
    stag: Array
    """``int32``: its cell."""
    plants: Array
    """``int32[plants]``: their cells."""


@dataclass(frozen=True)
class StagHuntGrid(Rules):
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
        in another order, and can end the episode of a player with its first reward. Its Harvest and
        Escalation, which have other rules, are not here.
    Reference: Hunt of NullDefault/Gym-Stag-Hunt, after Peysakhovich and Lerer, Prosocial learning
        agents solve generalized stag hunts better than selfish ones (2018).

    Raises:
        ValueError: for a setting out of its range, or too small a board.
    """

    size: Size = 5
    """N of an N x N board, or its height and width."""
    plants: Annotated[int, Interval(ge=1, le=16)] = 2
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

    name, num_players, num_actions, action_names = "stag_hunt_grid", 2, 4, MOVES[:4]
    seats_alike, observations_public = True, True

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.size, int):  # equal games must compare and hash equal
            object.__setattr__(self, "size", (self.size, self.size))
        if self.board.num_cells < self.plants + 4:
            raise ValueError(
                f"StagHuntGrid.size must be at least {self.plants + 4} cells, for two players, the "
                f"stag, {self.plants} plants and one to reappear on; got {self.size}."
            )

    @cached_property
    def board(self) -> Board:
        return Board(*self.size)  # type: ignore[misc]

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

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        return {
            "always_cooperate": Walker(self.board, hunts=True),
            "always_defect": Walker(self.board, hunts=False),
            "random": Random(4),
        }

    def initial_state(self, noise: Array) -> StagHuntState:
        xp, chance = array_namespace(noise), narrowed(noise)
        corner = self.board.width - 1
        first = (chance[0] < 0.5).astype(np.int32) * corner
        players = xp.stack([first, corner - first]).astype(np.int32)
        stag = np.int32(self.board.height // 2 * self.board.width + self.board.width // 2)
        plants: list[Any] = []
        for uniform in numbers(xp, chance)[2:]:
            occupied = [0, corner, int(stag), *plants]
            plants.append(draw_cell(xp, uniform, self.board.num_cells, occupied))
        return StagHuntState(players, xp.asarray(stag), xp.asarray(plants, np.int32))

    def transition(
        self, state: StagHuntState, actions: Array, noise: Array
    ) -> tuple[StagHuntState, Array, dict[str, Array]]:
        xp, chance = array_namespace(actions), narrowed(noise)
        cells, uniforms = xp.asarray(self.board.next_cells), numbers(xp, chance)
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
        plants, standing = numbers(xp, state.plants), numbers(xp, players)
        gone = (hunted | mauled).any() if self.run_away else hunted.any()
        elsewhere = draw_cell(
            xp, uniforms[1], self.board.num_cells, [*standing, *numbers(xp, stag[None]), *plants]
        )
        stag = xp.asarray(where(gone, elsewhere, stag), np.int32)
        for i, eaten in enumerate(numbers(xp, at_plant.any(0))):
            occupied = [*standing, *numbers(xp, stag[None]), *plants]
            new = draw_cell(xp, uniforms[2 + i], self.board.num_cells, occupied)
            plants[i] = where(eaten, new, plants[i])
        return StagHuntState(players, stag, xp.asarray(plants, np.int32)), rewards, info

    def observe(self, state: StagHuntState) -> Array:
        xp = array_namespace(state.players)
        things = xp.concatenate([state.stag[None], state.plants])
        pairs = [state.players, state.players[::-1]]
        seen: Array = xp.stack([xp.concatenate([pair, things]) for pair in pairs])
        return seen

    def render(self, state: StagHuntState) -> str:
        """The board: players by number, S the stag, p a plant."""
        cells = [""] * self.board.num_cells
        for seat, cell in enumerate(np.asarray(state.players).tolist()):
            cells[cell] += str(seat)
        cells[int(state.stag)] += "S"
        for cell in np.asarray(state.plants).tolist():
            cells[cell] += "p"
        width, most = self.board.width, max(3, *map(len, cells))
        rows = [cells[i : i + width] for i in range(0, len(cells), width)]
        return "\n".join(
            " ".join((cell or ".").center(most) for cell in row).rstrip() for row in rows
        )


_WANDERING = np.array([0, 0, 0, 0, 1], np.int32)  # costs of a stag that moves anywhere
