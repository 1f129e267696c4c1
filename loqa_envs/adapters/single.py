"""One game played with NumPy: what the PettingZoo and the single Gymnasium environment share.

Unless a game's rules need JAX, nothing here touches a JAX backend, so an environment survives a
fork of a process that used JAX, and a step of a small game costs microseconds instead of a
dispatch.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box, Dict, Discrete
from numpy.typing import NDArray

from loqa_envs.arrays import Array
from loqa_envs.forks import check_jax_may_run
from loqa_envs.game import Game, State
from loqa_envs.observation import Leaf, Observation, each_array

VERSION = 0
"""Version in every environment's id; it goes up when an environment's numbers change."""


def observation_space(game: Game) -> Box | Dict:
    """A ``Box`` for one array, a ``Dict`` of boxes for named ones."""
    return _space(each_array(_box, game.observation_spec.tree))


def state_space(game: Game) -> Box | Dict:
    """Of all seats' observations, one after the other along their first axis."""
    return _space(each_array(lambda leaf: _box(leaf, game.num_players), game.observation_spec.tree))


def joined(rows: Array) -> NDArray[Any]:
    """A copy of an array of all seats ``[P, n, ...]`` as it is in `state_space`, ``[P n, ...]``."""
    return np.array(rows).reshape(-1, *rows.shape[2:])


def _box(leaf: Leaf, seats: int = 0) -> Box:
    low, high = (joined(np.stack([x] * seats)) if seats else x for x in leaf.bounds)
    return Box(low, high, dtype=high.dtype.type)


def _space(boxes: Any) -> Box | Dict:
    return Dict(boxes) if isinstance(boxes, dict) else boxes


def action_space(game: Game) -> Discrete:
    return Discrete(game.num_actions)


def seat_names(game: Game) -> list[str]:
    return [f"player_{seat}" for seat in range(game.num_players)]


class Match:
    """One game from its reset on: state, clock, running returns.

    ``length`` is the number of steps after which the episode is cut; it can be set at any time.
    Chance comes from the generator that is passed in.
    """

    def __init__(self, game: Game, length: int) -> None:
        self.game = game
        self.length = length
        self.seats = seat_names(game)
        self.state: State = None
        self.clock = 0
        self.returns: list[float] = []

    @property
    def finished(self) -> bool:
        return self.clock >= self.length

    def reset(self, generator: np.random.Generator) -> None:
        if getattr(self.game, "needs_jax", False):
            check_jax_may_run()
        self.state = self.game.initial_state(uniform(generator, self.game.reset_noise_size))
        self.clock = 0
        self.returns = [0.0] * self.game.num_players

    def check_begun(self, what: str) -> None:
        """Raise ``ResetNeeded`` before the first reset."""
        if self.state is None:
            raise ResetNeeded(f"{what} must come after reset, which has not been called yet.")

    def check_running(self) -> None:
        """Raise ``ResetNeeded`` unless the next step can be played."""
        self.check_begun("step")
        if self.finished:
            raise ResetNeeded(
                f"step must come before the episode's end, which was after {self.clock} steps; "
                "call reset to begin the next episode."
            )

    def play(
        self, actions: Sequence[int], generator: np.random.Generator
    ) -> tuple[list[float], dict[str, list[float]]]:
        """Play one joint action; returns every seat's reward and the game's measurements."""
        noise = uniform(generator, self.game.noise_size)
        self.state, reward_array, measured = self.game.transition(
            self.state, np.asarray(actions, np.int32), noise
        )
        self.clock += 1
        rewards: list[float] = np.asarray(reward_array).tolist()
        self.returns = [total + reward for total, reward in zip(self.returns, rewards, strict=True)]
        return rewards, {name: np.asarray(value).tolist() for name, value in measured.items()}

    def observe(self) -> Observation:
        return self.game.observe(self.state)


_NO_NOISE = np.zeros(0, np.float32)


def uniform(generator: np.random.Generator, size: int) -> NDArray[np.float32]:
    """``size`` uniform numbers in [0, 1), of the same type as under JAX."""
    return generator.random(size, dtype=np.float32) if size else _NO_NOISE  # two microseconds
