"""Where what happens in copies of an environment is written down."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loqa_agents.common.rollout import Trajectory
from loqa_envs.adapters.host.game import HostGame
from loqa_envs.adapters.host.rows import Rows, named
from loqa_envs.game import Carry, Extras
from loqa_envs.observation import each_array


class Recorder:
    """Arrays of all copies, ``[N, T, P]`` and ``[N, T + 1, P, *obs]``."""

    def __init__(self, game: HostGame, copies: int) -> None:
        self._game = game
        rows = copies, game.episode_length, game.num_players
        self.actions = np.zeros(rows, np.int32)
        self.rewards = np.zeros(rows, np.float32)
        self.continues = np.ones(rows, np.float32)
        self.truncated = np.zeros(rows, np.float32)
        more = copies, game.episode_length + 1, game.num_players
        self.observations: Any = each_array(
            lambda leaf: np.zeros(more + leaf.shape, leaf.dtype), game.observation_spec.tree
        )
        self._seen: dict[str, NDArray[Any]] = named(self.observations)

    def see(self, t: int, rows: Rows) -> None:
        """Write down what all seats are shown after t steps."""
        for name, seen in self._seen.items():
            seen[:, t] = rows.seen[name]

    def note(self, t: int, rows: Rows) -> None:
        """Write down what step number ``t`` brought."""
        self.rewards[:, t] = rows.rewards
        self.continues[:, t] = ~rows.terminated
        if t + 1 < self._game.episode_length:
            self.truncated[:, t] = rows.truncated
        self.see(t + 1, rows)

    def repeat(self, t: int) -> None:
        """From step t on nothing happens any more."""
        for seen in self._seen.values():
            seen[:, t + 1 :] = seen[:, t : t + 1]
        self.actions[:, t + 1 :] = self.actions[:, t : t + 1]

    def trajectory(
        self, front: tuple[int, int], extras: tuple[Extras, ...], carries: tuple[Carry, ...]
    ) -> Trajectory:
        self._check_categories()

        def split(leaf: NDArray[Any]) -> Any:
            return leaf.reshape(front + leaf.shape[1:])

        return Trajectory(
            each_array(split, self.observations),
            split(self.actions),
            split(self.rewards),
            split(self.continues),
            {"truncated": split(self.truncated)},
            extras,
            carries,
        )

    def _check_categories(self) -> None:
        """Raise ``ValueError`` for categories outside of their spaces, which no table has."""
        for part in {part for own in self._game.spaces for part in own.parts}:
            seen = self._seen[part.name]
            if part.leaf.kind == "categories" and not (
                ((seen >= 0) & (seen <= part.leaf.bounds[1])).all()
            ):
                raise ValueError(
                    f"what agents see must lie within its space; {part.name} of "
                    f"{self._game.name} does not."
                )
