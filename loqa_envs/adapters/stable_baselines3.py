"""Every seat of many games as one vector environment of stable-baselines3."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from loqa_envs.adapters.vector import SharedVectorEnv
from loqa_envs.game import Game
from loqa_envs.observation import Observation


class SharedVecEnv(VecEnv):  # type: ignore[misc]  # untyped where stable-baselines3 is missing
    """`SharedVectorEnv` as stable-baselines3 takes it: one policy learns from all seats.

    Episodes begin anew by themselves; the last observation of one that was cut is in
    ``info["terminal_observation"]``, and ``info["TimeLimit.truncated"]`` is true. Infos hold the
    game's measurements too. All chance comes from the seed of ``seed``.

    Args:
        game, num_games, settings: as in `SharedVectorEnv`.
    """

    def __init__(self, game: str | Game, *, num_games: int = 1, **settings: Any) -> None:
        self.envs = SharedVectorEnv(
            game, num_games=num_games, autoreset_mode=AutoresetMode.SAME_STEP, **settings
        )
        self._actions: NDArray[np.integer[Any]] = np.zeros(0, np.int64)
        super().__init__(
            self.envs.num_envs, self.envs.single_observation_space, self.envs.single_action_space
        )
        self.metadata = self.envs.metadata  # with the frames per second, for VecVideoRecorder

    def reset(self) -> Observation:
        observations, _ = self.envs.reset(seed=self._seeds[0])
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: NDArray[np.integer[Any]]) -> None:
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[Observation, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        observations, rewards, _, ended, info = self.envs.step(self._actions)
        infos = _as_list(info, self.num_envs)
        if ended.any():
            final = _as_list(info["final_info"], self.num_envs)
            for i in np.flatnonzero(ended):
                infos[i] = final[i] | {
                    "terminal_observation": info["final_obs"][i],
                    "TimeLimit.truncated": True,
                }
        return observations, rewards.astype(np.float32), ended, infos

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed the next reset; there is one seed for all sub-environments."""
        self._seeds = [seed] * self.num_envs
        return self._seeds

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        """One picture a game, with ``render_mode="rgb_array"``."""
        return list(self.envs.render() or [])

    def close(self) -> None:
        self.envs.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self.envs, attr_name)] * len(self._get_indices(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        self._refuse_parts(indices)
        setattr(self.envs, attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any
    ) -> list[Any]:
        self._refuse_parts(indices)
        return [getattr(self.envs, method_name)(*args, **kwargs)] * self.num_envs

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        return [False] * len(self._get_indices(indices))

    def _refuse_parts(self, indices: Any) -> None:
        if indices is not None and len(set(self._get_indices(indices))) < self.num_envs:
            raise ValueError(
                "indices must be None: all sub-environments are one program and share their "
                f"attributes; got {indices!r}."
            )


def _as_list(info: dict[str, Any], size: int) -> list[dict[str, Any]]:
    """Gymnasium's infos of arrays as a dictionary a sub-environment."""
    names = [name for name in info if not name.startswith(("_", "final_"))]
    if not names:
        return [{} for _ in range(size)]
    columns = [info[name].tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
