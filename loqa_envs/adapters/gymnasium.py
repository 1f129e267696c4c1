"""Any game from one seat, against a fixed opponent, as a Gymnasium environment."""

import os
import sys
from functools import partial
from typing import Any, ClassVar

import gymnasium
import jax
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete

from loqa_envs import keys
from loqa_envs.adapters import arguments, single
from loqa_envs.adapters.compiled import Compiled
from loqa_envs.adapters.rendering import RENDER_FPS, RENDER_MODES, Renderer
from loqa_envs.arrays import Array, of_seat
from loqa_envs.catalogue import make_game
from loqa_envs.game import Carry, Extras, Game, Params, Policy, ScriptedPolicy
from loqa_envs.observation import Observation, each_array


class GameEnv(arguments.KnowsItsLength, gymnasium.Env[Observation, int]):
    """One seat of a game; a fixed opponent has all the others.

    An episode is truncated after ``episode_length`` steps and never terminates. Info holds the
    game's measurements of this seat, and ``opponent_reward``, the mean reward of the other seats.
    A scripted opponent is played with NumPy, so that the environment is quick and safe to fork; any
    other policy acts through JAX.

    Args:
        game: a name in `loqa_envs.GAMES`, or a game.
        opponent: a name such as ``tit_for_tat`` or ``memory_one:1,1,0,1,0``, an agent's name or
            file such as ``coin3x3/loqa/42``, or a `Policy`.
        seat: which seat to play.
        opponent_params: the opponent's parameters, for policies that have some.
        max_episode_steps: steps of an episode, instead of the game's own number.
        render_mode: None, ``human``, ``rgb_array`` or ``ansi``.
        settings: settings of the game, if it is given by name.

    Raises:
        ValueError: for settings out of their range, and in ``step`` for an action outside the
            space.
        gymnasium.error.ResetNeeded: for a step before ``reset`` or after the end.
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "render_modes": RENDER_MODES,
        "render_fps": RENDER_FPS,
    }
    observation_space: Box | Dict
    action_space: Discrete  # type: ignore[assignment]

    def __init__(
        self,
        game: str | Game,
        opponent: str | os.PathLike[str] | Policy = "random",
        *,
        seat: int = 0,
        opponent_params: Params = (),
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        self.game = make_game(game, **settings)
        self.seat = arguments.check_integer("seat", seat, 0, self.game.num_players - 1)
        self.opponents = {
            other: arguments.opponent_for(opponent, self.game, other)
            for other in range(self.game.num_players)
            if other != self.seat
        }
        self.opponent_params = opponent_params
        self.render_mode = render_mode
        self.observation_space = single.observation_space(self.game)
        self.action_space = single.action_space(self.game)
        self.episode_length = arguments.episode_length(max_episode_steps, self.game)
        self._match = single.Match(self.game, self.episode_length)
        self._renderer = Renderer(render_mode, self.game.name)
        self._carries: dict[int, Carry] = {}
        self._acts = {seat: Compiled(partial(_act, one)) for seat, one in self.opponents.items()}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        super().reset(seed=arguments.seed_or_none("seed", seed))
        self._match.reset(self.np_random)
        self._carries = {other: player.initial_carry() for other, player in self.opponents.items()}
        self._renderer.show(self._match)
        return self._observation(), {}

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        match = self._match
        match.check_running()
        actions = [arguments.check_integer("action", action, 0, self.game.num_actions - 1)]
        actions *= self.game.num_players
        observations = match.observe()
        for seat in self._carries:
            actions[seat] = self._opponent_action(seat, of_seat(observations, seat))
        rewards, measured = match.play(actions, self.np_random)
        info = {name: values[self.seat] for name, values in measured.items()}
        info["opponent_reward"] = (sum(rewards) - rewards[self.seat]) / (len(rewards) - 1)
        self._renderer.show(match)
        return self._observation(), rewards[self.seat], False, match.finished, info

    def render(self) -> Any:
        return self._renderer.render(self._match)

    def close(self) -> None:
        self._renderer.close()

    def get_keys_to_action(self) -> dict[tuple[str | int, ...], int]:
        """What the keys do in ``gymnasium.utils.play.play``."""
        return keys_to_action(self.game)

    def _observation(self) -> Observation:
        return each_array(np.array, of_seat(self._match.observe(), self.seat))

    def _opponent_action(self, seat: int, observation: Observation) -> int:
        carry, opponent = self._carries[seat], self.opponents[seat]
        if isinstance(opponent, ScriptedPolicy):
            noise = single.uniform(self.np_random, opponent.noise_size)
            action, self._carries[seat] = opponent.choose(carry, observation, noise)
        else:
            seed = np.uint32(self.np_random.integers(2**31))
            action, self._carries[seat], _ = self._acts[seat](
                seed, self.opponent_params, carry, observation
            )
        return int(action)


def _act(
    policy: Policy, seed: jax.Array, params: Params, carry: Carry, observation: Observation
) -> tuple[Array, Carry, Extras]:
    return policy.act(keys.key(seed), params, carry, observation)


_ARROWS = {"right": 0x4000004F, "left": 0x40000050, "down": 0x40000051, "up": 0x40000052}
"""The arrow keys, by their numbers in SDL and so in pygame."""


def keys_to_action(game: Game) -> dict[tuple[str | int, ...], int]:
    """The keys that play each action: its number, the first letter of its name, its arrow.

    Letters only where no two names begin alike.
    """
    names = game.action_names
    keys: dict[tuple[str | int, ...], int] = {(str(i),): i for i in range(min(len(names), 10))}
    letters = [name[0].lower() for name in names]
    if len(set(letters)) == len(letters):
        keys |= {(letter,): i for i, letter in enumerate(letters)}
    return keys | {(_ARROWS[name],): i for i, name in enumerate(names) if name in _ARROWS}


def make_env(**settings: Any) -> GameEnv:
    """`GameEnv` as ``gymnasium.make`` makes it, its episodes as long as ``max_episode_steps``.

    Gymnasium keeps that number to itself and cuts what is longer, so that an environment with an
    end of its own would ignore a larger one. Nobody but its caller can be asked.
    """
    caller = sys._getframe(1).f_locals
    limit = caller.get("max_episode_steps")
    if limit is None:
        limit = getattr(caller.get("env_spec"), "max_episode_steps", None)
    return GameEnv(max_episode_steps=limit, **settings)


make_env.metadata = GameEnv.metadata  # type: ignore[attr-defined]  # Gymnasium looks for the modes here
