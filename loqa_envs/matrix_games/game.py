"""Iterated two-player, two-action matrix games; the iterated prisoner's dilemma is one of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from loqa_envs.arrays import Array, array_namespace
from loqa_envs.game import EpisodeLength, Policy, Rules
from loqa_envs.matrix_games.outcomes import Outcomes
from loqa_envs.matrix_games.players import MATRIX_PLAYERS, dilemma_players, memory_one
from loqa_envs.validation import Real
from loqa_envs.wording import Words

Row: TypeAlias = tuple[Real, Real, Real, Real]
Payoffs: TypeAlias = Row | tuple[Row, Row]

SITUATIONS = ("START", "CC", "CD", "DC", "DD")
"""What a seat sees: the last joint action, its own move first."""
OTHER_VIEW = np.array([0, 1, 3, 2, 4], np.int32)
"""The situation that the other player sees."""

PAYOFFS: dict[str, Payoffs] = {
    "lola": (-1, -3, 0, -2),
    # A unit put into the common pot grows to 1.33 and is shared: 1.33 - 1, 0.665 - 1, 0.665, 0.
    "pola": (0.33, -0.335, 0.665, 0.0),
    "stag_hunt": (4, 0, 3, 2),
    "chicken": (3, 1, 4, 0),
    "matching_pennies": ((1, -1, -1, 1), (-1, 1, 1, -1)),
    "battle_of_the_sexes": ((3, 0, 0, 2), (2, 0, 0, 3)),
}
"""Payoffs after CC, CD, DC, DD, own move first: one row for both seats, or a row for each."""


def _preset(name: str) -> str:
    if name not in PAYOFFS:
        raise ValueError
    return name


PayoffsOrPreset: TypeAlias = Annotated[
    Payoffs | Annotated[str, AfterValidator(_preset)],
    Words(
        "four numbers from -1e12 to 1e12, after CC, CD, DC and DD, a row of four for each of the "
        f"two seats, or one of the presets {', '.join(PAYOFFS)}"
    ),
]


class MatrixState(NamedTuple):
    situations: Array
    """``int32[P]``: for each seat, the index into `SITUATIONS` of what it sees."""


@dataclass(frozen=True)
class MatrixGame(Rules):
    """Any iterated game of two players with two actions.

    Rules: both players move at once; each sees both moves and is paid by a fixed table.
    Actions: 0 cooperate (C), 1 defect (D); in games without cooperation, the first and the second.
    Observation: ``float32[5]``, one-hot of START, CC, CD, DC, DD, own last move first.
    Reward: ``payoffs`` after CC, CD, DC, DD, own move first: four numbers for both seats, a row of
        four for each seat, or the name of a preset in `PAYOFFS`.
    Info: ``cooperated``, 1 where the seat played action 0.
    Chance: none.
    Episode: ``episode_length`` steps.
    Differs from: pax has 100 steps; LOLA has 150; POLA shows both moves in the order of the seats.

    Raises:
        ValueError: for an unknown preset, payoffs of another shape or out of their range, or an
            episode of no steps.
    """

    payoffs: PayoffsOrPreset
    """What a seat gets after CC, CD, DC, DD, own move first: four numbers, or four for each seat,
    or the name of a preset."""
    episode_length: EpisodeLength = 50
    """Steps of an episode."""

    def __post_init__(self) -> None:
        super().__post_init__()
        payoffs = PAYOFFS[self.payoffs] if isinstance(self.payoffs, str) else self.payoffs
        # Equal games must compare and hash equal.
        rows = tuple(map(tuple, np.broadcast_to(np.asarray(payoffs, float), (2, 4)).tolist()))
        object.__setattr__(self, "payoffs", rows)

    @property
    def name(self) -> str:
        """The preset with these payoffs, or ``matrix_game``; the dilemma's belong to `IPD`."""
        for name in PAYOFFS.keys() - _DILEMMAS:
            if (np.broadcast_to(PAYOFFS[name], (2, 4)) == self.payoffs).all():
                return name
        return "matrix_game"

    observations_public = True

    @property
    def num_players(self) -> int:
        return 2

    @property
    def num_actions(self) -> int:
        return 2

    @property
    def action_names(self) -> tuple[str, ...]:
        return ("C", "D")

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return (5,)

    @cached_property
    def payoff_table(self) -> NDArray[np.float32]:
        """``float32[P, 4]``: payoffs of each seat after CC, CD, DC, DD, own move first."""
        return np.asarray(self.payoffs, np.float32)

    @property
    def seats_alike(self) -> bool:
        return bool(self.payoffs[0] == self.payoffs[1])

    @property
    def reward_range(self) -> tuple[float, float]:
        return float(self.payoff_table.min()), float(self.payoff_table.max())

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        return MATRIX_PLAYERS if self.dilemma is None else dilemma_players(self.dilemma)

    @property
    def dilemma(self) -> tuple[float, ...] | None:
        first, second = np.asarray(self.payoffs, np.float64).tolist()
        cc, cd, dc, dd = first
        return tuple(first) if first == second and dc > cc > dd > cd else None

    @property
    def situations(self) -> Mapping[str, Array]:
        return dict(zip(SITUATIONS, np.eye(len(SITUATIONS), dtype=np.float32), strict=True))

    @property
    def outcomes(self) -> Outcomes:
        own, other = self.payoff_table
        return Outcomes(np.stack([own, other[OTHER_VIEW[1:] - 1]]), _VIEWS)

    def parametrised_players(self, seat: int) -> Mapping[str, Callable[[str], Policy]]:
        return {"memory_one": memory_one}

    def initial_state(self, noise: Array) -> MatrixState:
        return MatrixState(array_namespace(noise).zeros(2, np.int32))

    def transition(
        self, state: MatrixState, actions: Array, noise: Array
    ) -> tuple[MatrixState, Array, dict[str, Array]]:
        xp = array_namespace(actions)
        outcomes = 2 * actions + actions[::-1]  # CC, CD, DC, DD as 0 to 3, own move first
        rewards = xp.asarray(self.payoff_table)[_SEATS, outcomes]
        info = {"cooperated": (actions == 0).astype(np.float32)}
        return MatrixState((1 + outcomes).astype(np.int32)), rewards, info

    def observe(self, state: MatrixState) -> Array:
        return (state.situations[:, None] == _SITUATION_INDICES).astype(np.float32)

    def render(self, state: MatrixState) -> str:
        """The payoff table, player_0's move down and player_1's across, with the last outcome."""
        own, other = self.payoff_table[0], self.payoff_table[1][[0, 2, 1, 3]]
        last = int(state.situations[0]) - 1
        cells = [f"{own[i]:g}, {other[i]:g}" for i in range(4)]
        cells = [f"[{cell}]" if i == last else f" {cell} " for i, cell in enumerate(cells)]
        width = max(map(len, cells))
        rows = [f"  {move}  " + "  ".join(c.center(width) for c in cells[2 * i : 2 * i + 2])
                for i, move in enumerate("CD")]  # fmt: skip
        return "\n".join(["     " + "  ".join(move.center(width) for move in "CD"), *rows])


_DILEMMAS = {"lola", "pola"}
_VIEWS = np.stack([np.arange(len(SITUATIONS), dtype=np.int32), OTHER_VIEW])
_SEATS = np.arange(2, dtype=np.int32)
_SITUATION_INDICES = np.arange(len(SITUATIONS), dtype=np.int32)[None]


@dataclass(frozen=True)
class IPD(MatrixGame):
    """The iterated prisoner's dilemma.

    Rules, actions, observation, info, chance: as `MatrixGame`.
    Reward: ``lola`` (CC -1, CD -3, DC 0, DD -2; the default) or ``pola`` (a contribution game in
        which a given unit grows by 1.33 and is shared: CC 0.33, CD -0.335, DC 0.665, DD 0).
    Episode: 50 steps, as in LOQA.
    Reference: Foerster et al., Learning with Opponent-Learning Awareness (AAMAS 2018); Zhao et al.,
        Proximal Learning with Opponent-Learning Awareness (NeurIPS 2022), for ``pola``.
    """

    payoffs: PayoffsOrPreset = "lola"
    """As for a matrix game; the presets of the dilemma are lola and pola."""

    @property
    def name(self) -> str:
        return "ipd"
