"""Thousands of games, each from one seat against a fixed opponent, as a Gymnasium vector env."""

from typing import Any, ClassVar, TypeAlias

import jax
import numpy as np
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from loqa_envs.adapters import single
from loqa_envs.adapters.batch import Batch, Boards
from loqa_envs.adapters.rendering import RENDER_FPS, draw_picture, draw_text
from loqa_envs.catalogue import make_game, make_player
from loqa_envs.game import Game, Params, Policy

Floats: TypeAlias = NDArray[np.floating[Any]]
Bools: TypeAlias = NDArray[np.bool_]

_DRAW = {"ansi": draw_text, "rgb_array": draw_picture}


class VectorGameEnv(VectorEnv[Floats, NDArray[np.integer[Any]], NDArray[Any]]):
    """``num_envs`` games in one jitted step; NumPy arrays go in and fresh NumPy arrays come out.

    Rewards, ends, infos and the three ways to begin the next episode are those of
    ``gymnasium.vector.SyncVectorEnv`` over `GameEnv`; all chance comes from one seed.

    Args:
        game, opponent, seat, opponent_params, settings: as in `GameEnv`.
        num_envs: how many games.
        autoreset_mode: an ``AutoresetMode`` or its value. ``NextStep``: the step after the last one
            begins a new episode, ignores the action and gives no reward. ``SameStep``: the last
            step returns the first observation of the next episode; its own are in
            ``info["final_obs"]`` and ``info["final_info"]``. ``Disabled``: the caller resets, all
            or by ``reset(options={"reset_mask": bool[num_envs]})``.
        max_episode_steps: cut episodes even before the game's ``episode_length``.
        render_mode: None, ``rgb_array`` or ``ansi``; ``render`` returns a frame for each game.

    Raises:
        ValueError: for settings out of their range, and for actions that are not ``num_envs``
            integers within the space.
        gymnasium.error.ResetNeeded: for a step before ``reset``, or of a game that has ended while
            resets are disabled.
        gymnasium.error.ClosedEnvironmentError: for any use after ``close``.
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]  # each instance adds its mode
        "render_modes": list(_DRAW),
        "render_fps": RENDER_FPS,
    }

    def __init__(
        self,
        game: str | Game,
        opponent: str | Policy = "random",
        *,
        num_envs: int = 1,
        seat: int = 0,
        opponent_params: Params = (),
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        self.game = make_game(game, **settings)
        self.seat = single.check_integer("seat", seat, 0, self.game.num_players - 1)
        self.opponents = {
            other: make_player(opponent, self.game, other)
            for other in range(self.game.num_players)
            if other != self.seat
        }
        self.opponent_params = opponent_params
        self.num_envs = single.check_integer("num_envs", num_envs, 1)
        self.episode_length = self.game.episode_length
        if max_episode_steps not in (None, -1):  # -1 is Gymnasium's word for "as the game has it"
            limit = single.check_integer("max_episode_steps", max_episode_steps, 1)
            self.episode_length = min(limit, self.episode_length)
        if autoreset_mode not in (modes := [mode.value for mode in AutoresetMode]) + [
            *AutoresetMode
        ]:
            raise ValueError(
                f"autoreset_mode must be one of {', '.join(modes)}; got {autoreset_mode!r}."
            )
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        if render_mode is not None and render_mode not in _DRAW:
            raise ValueError(
                f"a vector environment's render_mode must be None or one of {', '.join(_DRAW)}; "
                f"got {render_mode!r}."
            )
        self.render_mode = render_mode
        self.metadata = {  # type: ignore[misc]
            **type(self).metadata,
            "autoreset_mode": self.autoreset_mode,
        }
        self.single_observation_space = single.observation_space(self.game)
        self.single_action_space = single.action_space(self.game)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._boards: Boards | None = None
        self._clocks = np.zeros(self.num_envs, np.int64)
        self._returns = np.zeros((self.num_envs, self.game.num_players))
        batch = Batch(self.game, tuple(self.opponents.values()), self.seat, self.num_envs)
        self._begin = jax.jit(batch.begin)
        self._begin_some = jax.jit(batch.begin_some)
        self._play = jax.jit(batch.play)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Begin episodes, all or those of ``options["reset_mask"]``; others keep their place.

        Without a seed, chance goes on where it was.
        """
        self._check_open()
        super().reset(seed=seed)
        mask = (options or {}).get("reset_mask")
        if mask is None:
            self._clocks[:] = 0
            self._returns[:] = 0
            self._boards, observations = self._begin(self._chance())
            return np.array(observations), {}
        if not (
            isinstance(mask, np.ndarray)
            and mask.dtype == np.bool_
            and mask.shape == (self.num_envs,)
            and mask.any()
        ):
            raise ValueError(
                f"options['reset_mask'] must be a NumPy array of {self.num_envs} booleans with at "
                f"least one True, got {mask!r}."
            )
        if self._boards is None:
            raise ResetNeeded("the first reset must be of all games, without a reset_mask.")
        return self._reset_some(mask), {}

    def step(
        self, actions: NDArray[np.integer[Any]]
    ) -> tuple[Floats, Floats, Bools, Bools, dict[str, Any]]:
        self._check_open()
        if self._boards is None:
            raise ResetNeeded("step must come after reset, which has not been called yet.")
        over = self._clocks >= self.episode_length
        if self.autoreset_mode is AutoresetMode.DISABLED and over.any():
            raise ResetNeeded(
                "step must come before the episode's end; call reset with a reset_mask for the "
                f"{over.sum()} games that have ended."
            )
        actions = self._checked(actions, over)
        self._boards, *outcome = self._play(
            self._chance(), self.opponent_params, self._boards, actions
        )
        observations, all_rewards, measured = outcome
        observations, all_rewards = np.array(observations), np.array(all_rewards, np.float64)
        self._clocks += 1
        self._returns += all_rewards
        rewards = all_rewards[:, self.seat].copy()
        measured = {name: np.array(values, np.float64) for name, values in measured.items()}
        measured["opponent_reward"] = (all_rewards.sum(1) - rewards) / (self.game.num_players - 1)
        if over.any():  # only in mode NEXT_STEP
            observations = self._reset_some(over)
            rewards[over] = 0
        ended = self._clocks >= self.episode_length
        if self.autoreset_mode is AutoresetMode.SAME_STEP and ended.any():
            info = _masked(measured, ~ended) | {
                "final_obs": _rows_as_objects(observations, ended),
                "_final_obs": ended.copy(),
                "final_info": _masked(measured, ended),
                "_final_info": ended.copy(),
            }
            observations = self._reset_some(ended)
        else:
            info = _masked(measured, ~over)
        return observations, rewards, np.zeros(self.num_envs, np.bool_), ended, info

    def render(self) -> Any:
        """One frame for each game, or None without a ``render_mode``."""
        self._check_open()
        if self.render_mode is None:
            return None
        if self._boards is None:
            raise ResetNeeded("render must come after reset, which has not been called yet.")
        draw = _DRAW[self.render_mode]
        states = jax.tree.map(np.asarray, self._boards[0])
        return tuple(
            draw(
                self.game,
                jax.tree.map(lambda leaf, i=i: leaf[i], states),
                int(self._clocks[i]),
                self.episode_length,
                self._returns[i].tolist(),
            )
            for i in range(self.num_envs)
        )

    def close_extras(self, **kwargs: Any) -> None:
        self._boards = None

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedEnvironmentError("the vector environment must be open, and it was closed.")

    def _checked(self, actions: NDArray[np.integer[Any]], over: Bools) -> NDArray[np.int32]:
        actions = np.asarray(actions)
        highest = self.game.num_actions - 1
        problem = f"an array of shape {actions.shape} and type {actions.dtype}"
        if actions.shape == (self.num_envs,) and actions.dtype.kind in "iu":
            if over.any():
                actions = np.where(over, 0, actions)  # theirs are ignored, whatever they are
            lowest_given, highest_given = actions.min(), actions.max()
            if lowest_given >= 0 and highest_given <= highest:
                return actions.astype(np.int32)
            problem = f"numbers from {lowest_given} to {highest_given}"
        raise ValueError(
            f"actions must be {self.num_envs} integers from 0 to {highest}, one for each game, "
            f"got {problem}."
        )

    def _chance(self) -> NDArray[np.uint32]:
        """What the next jitted call makes its key of, from the generator that ``reset`` seeds."""
        return self.np_random.integers(2**32, size=2, dtype=np.uint32)

    def _reset_some(self, mask: Bools) -> Floats:
        self._clocks[mask] = 0
        self._returns[mask] = 0
        self._boards, observations = self._begin_some(self._chance(), self._boards, mask)
        return np.array(observations)


def _masked(values: dict[str, Floats], mask: Bools) -> dict[str, Any]:
    """Gymnasium's form of the infos that only the games of the mask have."""
    if not mask.any():
        return {}
    info: dict[str, Any] = {}
    for name, numbers in values.items():
        info[name], info[f"_{name}"] = np.where(mask, numbers, 0.0), mask.copy()
    return info


def _rows_as_objects(rows: Floats, mask: Bools) -> NDArray[Any]:
    objects = np.full(len(rows), None, object)
    for i in np.flatnonzero(mask):
        objects[i] = rows[i]
    return objects
