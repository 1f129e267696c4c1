"""The public goods game: a prisoner's dilemma of two to eight players."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Self

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from loqa_envs.arrays import Array, array_namespace
from loqa_envs.game import EpisodeLength, Policy, Rules
from loqa_envs.matrix_games.game import MatrixState
from loqa_envs.matrix_games.outcomes import Outcomes, joint_actions
from loqa_envs.matrix_games.players import MemoryOneOfMany, memory_one_of_many
from loqa_envs.policy import Random
from loqa_envs.validation import Positive, Real

PUBLIC_GOODS: dict[str, dict[str, Any]] = {
    "pola": {"num_players": 2, "factor": 1.33},
    # Own C and D where 0, 1, 2 others play D: 4, 2, 0 and 5, 3, 1.
    "pax": {"num_players": 3, "factor": 2.0, "gift": 3.0, "income": 1.0},
}
"""Published versions, by name, as settings of a `PublicGoods`."""


@dataclass(frozen=True)
class PublicGoods(Rules):
    """A common pot to which everyone gives or not, and which all share: a dilemma of N players.

    Rules: all players move at once; what they give grows by ``factor`` and is shared equally. Each
        sees its own move, and how many of the others gave. Where 1 < ``factor`` < N it pays to
        keep whatever the others do, and all are better off if all give.
    Actions: 0 give (C), 1 keep (D).
    Observation: ``float32[2 N + 1]``, one-hot of START, own C with N - 1, ..., 0 of the others
        giving, own D with as many; with two players START, CC, CD, DC, DD.
    Reward: ``income + factor * gifts / N - own gift``; a gift is of ``gift``.
    Info: ``cooperated``, 1 where the seat gave.
    Chance: none.
    Episode: ``episode_length`` steps.
    Reference: Zhao et al., Proximal Learning with Opponent-Learning Awareness (NeurIPS 2022), for
        the preset ``pola``; the N-player dilemma of pax for ``pax``.

    Raises:
        ValueError: for a setting out of its range.
    """

    num_players: Annotated[int, Interval(ge=2, le=8)] = 3
    """Number of players, from 2 to 8."""
    factor: Annotated[float, Interval(ge=0, le=1000)] = 1.5
    """What the pot grows by before it is shared."""
    gift: Positive = 1.0
    """What one player gives."""
    income: Real = 0.0
    """What everyone gets in any case."""
    episode_length: EpisodeLength = 50
    """Steps of an episode."""

    name = "public_goods"
    num_actions, action_names, seats_alike = 2, ("C", "D"), True

    @classmethod
    def preset(cls, name: str, **settings: Any) -> Self:
        """The version that was published under that name, with these settings changed.

        Raises:
            ValueError: for an unknown name.
        """
        if name not in PUBLIC_GOODS:
            raise ValueError(f"preset must be one of {', '.join(PUBLIC_GOODS)}; got {name!r}.")
        return cls(**(PUBLIC_GOODS[name] | settings))

    @cached_property
    def payoff_rows(self) -> NDArray[np.float64]:
        """``[2, N]``: for who gives and who keeps, where N - 1, ..., 0 of the others give."""
        own = np.array([[1], [0]])
        gifts = own + np.arange(self.num_players)[::-1]
        share = self.gift * self.factor * gifts / self.num_players
        rows: NDArray[np.float64] = share - self.gift * own + self.income
        return rows

    @cached_property
    def _payoffs(self) -> NDArray[np.float32]:
        return np.asarray(self.payoff_rows.ravel(), np.float32)

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return (2 * self.num_players + 1,)

    @property
    def observations_public(self) -> bool:
        return self.num_players == 2

    @property
    def reward_range(self) -> tuple[float, float]:
        return float(self._payoffs.min()), float(self._payoffs.max())

    @property
    def dilemma(self) -> tuple[float, ...] | None:
        (cc, cd), (dc, dd) = self.payoff_rows[:, [0, -1]].tolist()
        return (cc, cd, dc, dd) if self.num_players == 2 and dc > cc > dd > cd else None

    @property
    def situations(self) -> Mapping[str, Array]:
        others = range(self.num_players)[::-1]
        names = ["START", *(f"{own}{number}" for own in "CD" for number in others)]
        return dict(zip(names, np.eye(len(names), dtype=np.float32), strict=True))

    @property
    def outcomes(self) -> Outcomes:
        cells = self._cells(joint_actions(self.num_players))
        start = np.zeros((self.num_players, 1), np.int32)
        return Outcomes(self._payoffs[cells], np.append(start, 1 + cells, axis=1))

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        number = self.num_players
        return {
            "always_cooperate": MemoryOneOfMany((1.0,) * (2 * number + 1)),
            "always_defect": MemoryOneOfMany((0.0,) * (2 * number + 1)),
            "random": Random(2),
            # Gives at first, and then where all others gave.
            "tit_for_tat": MemoryOneOfMany((1.0, *((1.0, *(0.0,) * (number - 1)) * 2))),
        }

    def parametrised_players(self, seat: int) -> Mapping[str, Callable[[str], Policy]]:
        return {"memory_one": memory_one_of_many(tuple(self.situations))}

    def initial_state(self, noise: Array) -> MatrixState:
        return MatrixState(array_namespace(noise).zeros(self.num_players, np.int32))

    def transition(
        self, state: MatrixState, actions: Array, noise: Array
    ) -> tuple[MatrixState, Array, dict[str, Array]]:
        cells = self._cells(actions)
        rewards = array_namespace(actions).asarray(self._payoffs)[cells]
        info = {"cooperated": (actions == 0).astype(np.float32)}
        return MatrixState((1 + cells).astype(np.int32)), rewards, info

    def _cells(self, actions: Any) -> Any:
        """``int32[P, ...]``: the cell of `payoff_rows` that each seat is paid."""
        kept = actions.astype(np.int32)
        return (kept * (self.num_players - 1) + kept.sum(0, dtype=np.int32)).astype(np.int32)

    def observe(self, state: MatrixState) -> Array:
        numbers = np.arange(2 * self.num_players + 1, dtype=np.int32)[None]
        return (state.situations[:, None] == numbers).astype(np.float32)

    def render(self, state: MatrixState) -> str:
        """What each player did, and what it got."""
        if not int(state.situations[0]):
            return "START"
        cells = [int(each) - 1 for each in state.situations]
        return "  ".join(f"{'CD'[c // self.num_players]} {self._payoffs[c]:g}" for c in cells)
