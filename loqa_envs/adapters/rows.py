"""Many games in one jitted step as a Gymnasium vector environment, a row for each open seat."""

from collections.abc import Callable
from typing import Any, ClassVar

import jax
import numpy as np
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from loqa_envs.adapters import arguments, single
from loqa_envs.adapters.batch import Batch, Boards
from loqa_envs.adapters.compiled import Compiled
from loqa_envs.adapters.infos import Bools, Rows, masked, rows_as_objects
from loqa_envs.adapters.rendering import RENDER_FPS, draw_picture, draw_text
from loqa_envs.game import Game, Params, Policy
from loqa_envs.memory import require_memory
from loqa_envs.observation import Observation, each_array
from loqa_envs.validation import check
from loqa_envs.wording import shown

_DRAW: dict[str, Callable[..., Any]] = {"ansi": draw_text, "rgb_array": draw_picture}

_OBSERVATIONS, _OTHERS = 8, 500
"""How many times its observation, and how many bytes beside, a row takes; as measured."""


class RowsVectorEnv(
    arguments.KnowsItsLength, VectorEnv[Observation, NDArray[np.integer[Any]], NDArray[Any]]
):
    """``num_games`` games with ``players`` in their seats, and the open seats as sub-environments.

    See `VectorGameEnv` and `SharedVectorEnv`, which differ in what seats they leave open.

    Args:
        players: a policy for each seat, None for an open one.
        params: the parameters of the policies that have some.
        autoreset_mode, max_episode_steps, render_mode: as in `VectorGameEnv`.
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]  # each instance adds its mode
        "render_modes": list(_DRAW),
        "render_fps": RENDER_FPS,
    }

    def __init__(
        self,
        game: Game,
        players: tuple[Policy | None, ...],
        num_games: int,
        params: Params,
        autoreset_mode: AutoresetMode | str,
        max_episode_steps: int | None,
        render_mode: str | None,
    ) -> None:
        self.game = game
        self.num_games = num_games
        self.opponent_params = params
        self.episode_length = arguments.episode_length(max_episode_steps, game)
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
        self._batch = Batch(game, players, num_games)
        self.rows_per_game = len(self._batch.open_seats)
        self.num_envs = num_games * self.rows_per_game
        require_memory(
            "a vector environment",
            self.num_envs * (_OBSERVATIONS * _bytes(game) + _OTHERS),
            {"games": num_games, "observation": game.observation_spec},
        )
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._boards: Boards | None = None
        self._clocks = np.zeros(num_games, np.int64)
        self._returns = np.zeros((num_games, self.game.num_players))
        self._begin = Compiled(self._batch.begin)
        self._begin_some = Compiled(self._batch.begin_some)
        self._play = Compiled(self._batch.play)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin episodes, all or those of ``options["reset_mask"]``; others keep their place.

        Without a seed, chance goes on where it was.
        """
        self._check_open()
        super().reset(seed=arguments.seed_or_none("seed, one for all games,", seed))
        mask = (check("options", options, dict | None) or {}).get("reset_mask")
        if mask is None:
            self._clocks[:] = 0
            self._returns[:] = 0
            self._boards, observations = self._begin(self._chance())
            return each_array(np.array, observations), {}
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
        games = mask.reshape(self.num_games, -1)
        if (games.any(1) != games.all(1)).any():
            raise ValueError(
                "options['reset_mask'] must be the same for all seats of a game, since they begin "
                f"together, got {mask!r}."
            )
        if self._boards is None:
            raise ResetNeeded("the first reset must be of all games, without a reset_mask.")
        return self._reset_some(games[:, 0]), {}

    def step(
        self, actions: NDArray[np.integer[Any]]
    ) -> tuple[Observation, Rows, Bools, Bools, dict[str, Any]]:
        self._check_open()
        if self._boards is None:
            raise ResetNeeded("step must come after reset, which has not been called yet.")
        games_over = self._clocks >= self.episode_length
        if self.autoreset_mode is AutoresetMode.DISABLED and games_over.any():
            raise ResetNeeded(
                "step must come before the episode's end; call reset with a reset_mask for the "
                f"{games_over.sum()} games that have ended."
            )
        over = self._spread(games_over)
        actions = self._checked(actions, over)
        self._boards, *outcome = self._play(
            self._chance(), self.opponent_params, self._boards, actions
        )
        observations, all_rewards, measured = outcome
        observations = each_array(np.array, observations)
        all_rewards = np.array(all_rewards, np.float64)
        self._clocks += 1
        self._returns += all_rewards
        rewards = np.asarray(self._batch.rows(all_rewards))
        measured = {name: np.array(values, np.float64) for name, values in measured.items()}
        others = self._spread(all_rewards.sum(1)) - rewards
        measured["opponent_reward"] = others / max(1, self.game.num_players - 1)
        if games_over.any():  # only in mode NEXT_STEP
            observations = self._reset_some(games_over)
            rewards[over] = 0
        games_ended = self._clocks >= self.episode_length
        ended = self._spread(games_ended)
        if self.autoreset_mode is AutoresetMode.SAME_STEP and ended.any():
            info = masked(measured, ~ended) | {
                "final_obs": rows_as_objects(observations, ended),
                "_final_obs": ended.copy(),
                "final_info": masked(measured, ended),
                "_final_info": ended.copy(),
            }
            observations = self._reset_some(games_ended)
        else:
            info = masked(measured, ~over)
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
            for i in range(self.num_games)
        )

    def close_extras(self, **kwargs: Any) -> None:
        self._boards = None

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedEnvironmentError("the vector environment must be open, and it was closed.")

    def _checked(self, actions: NDArray[np.integer[Any]], over: Bools) -> NDArray[np.int32]:
        try:
            actions = np.asarray(actions)
            problem = f"an array of shape {actions.shape} and type {actions.dtype}"
        except ValueError:  # of lists of different lengths
            actions, problem = np.zeros((), np.int64), shown(actions)
        highest = self.game.num_actions - 1
        if actions.shape == (self.num_envs,) and actions.dtype.kind in "iu":
            if over.any():
                actions = np.where(over, 0, actions)  # theirs are ignored, whatever they are
            lowest_given, highest_given = actions.min(), actions.max()
            if lowest_given >= 0 and highest_given <= highest:
                return actions.astype(np.int32)
            problem = f"numbers from {lowest_given} to {highest_given}"
        raise ValueError(
            f"actions must be {self.num_envs} integers from 0 to {highest}, one for each row, "
            f"got {problem}."
        )

    def _chance(self) -> NDArray[np.uint32]:
        """What the next jitted call makes its key of, from the generator that ``reset`` seeds."""
        return self.np_random.integers(2**32, size=2, dtype=np.uint32)

    def _spread(self, games: NDArray[Any]) -> NDArray[Any]:
        """What belongs to a game, once for each of its rows."""
        return np.repeat(games, self.rows_per_game)

    def _reset_some(self, mask: Bools) -> Observation:
        self._clocks[mask] = 0
        self._returns[mask] = 0
        self._boards, observations = self._begin_some(self._chance(), self._boards, mask)
        return each_array(np.array, observations)


def _bytes(game: Game) -> int:
    """Of one observation."""
    return sum(leaf.size * np.dtype(leaf.dtype).itemsize for leaf in game.observation_spec.leaves)
