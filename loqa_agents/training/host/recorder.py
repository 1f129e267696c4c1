"""Where what happens in copies of an environment is written down."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loqa_agents.common.rollout import Trajectory
from loqa_envs.adapters.host.game import HostGame
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

    @property
    def _named(self) -> dict[str, NDArray[Any]]:
        rows = self.observations
        return rows if isinstance(rows, dict) else {"observation": rows}

    def see(
        self, copy: int, t: int, seat: int, agent: str, observations: Any, infos: Any, ended: bool
    ) -> None:
        try:
            arrays = self._game.read(seat, observations[agent], infos.get(agent), ended)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"what {agent} sees must fit its space; in copy {copy} of {self._game.name}, after "
                f"{t} steps: {error}"
            ) from error
        named = self._named
        for name, array in arrays.items():
            named[name][copy, t, seat] = array

    def keep(self, copy: int, t: int) -> None:
        """All seats of a copy see what they saw before, unless they are shown something new."""
        for rows in self._named.values():
            rows[copy, t] = rows[copy, t - 1]

    def repeat(self, t: int) -> None:
        """From step t on nothing happens any more."""
        for rows in self._named.values():
            rows[:, t + 1 :] = rows[:, t : t + 1]
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
        game, named = self._game, self._named
        for part in {part for own in game.spaces for part in own.parts}:
            rows = named[part.name]
            if part.leaf.kind == "categories" and not (
                ((rows >= 0) & (rows <= part.leaf.bounds[1])).all()
            ):
                raise ValueError(
                    f"what agents see must lie within its space; {part.name} "
                    f"of {game.name} does not."
                )
