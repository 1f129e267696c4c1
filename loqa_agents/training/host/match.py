"""One episode of somebody's environment at a time, stepped as a game's `Match` is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from loqa_agents.training.host.episodes import EnvironmentFailed
from loqa_envs.adapters.host.copies import CopyFailed
from loqa_envs.adapters.host.game import HostGame
from loqa_envs.adapters.host.in_process import Share
from loqa_envs.adapters.host.rows import Rows
from loqa_envs.adapters.single import Match
from loqa_envs.game import Game, State
from loqa_envs.observation import Observation


class HostMatch:
    """What of a `Match` is asked of one that Python players play, of an environment of others.

    An agent that has left is still asked, earns nothing and changes nothing. ``state`` is the
    environment's own picture or text, if it was made with a ``render_mode``.
    """

    def __init__(self, game: HostGame) -> None:
        self.game, self.length = game, game.episode_length
        self.returns: list[float] = []
        self._rows, self._share = Rows(game, 1), Share(game)
        self.clock = 0

    def reset(self, generator: np.random.Generator) -> None:
        seed = int(generator.integers(2**31))
        self._asked(self._share.reset, self._rows, {0: seed})
        self.clock, self.returns = 0, [0.0] * self.game.num_players

    @property
    def finished(self) -> bool:
        return self.clock >= self.length or not self._rows.playing.any()

    def observe(self) -> Observation:
        seen = {name: rows[0].copy() for name, rows in self._rows.seen.items()}
        return seen if isinstance(self.game.observation_spec.tree, dict) else seen["observation"]

    def play(
        self, actions: Sequence[int], generator: np.random.Generator
    ) -> tuple[list[float], dict[str, list[float]]]:
        """Play one joint action; returns every seat's reward, and no measurements."""
        del generator  # the environment's chance is its own
        self._rows.actions[0] = actions
        self._asked(self._share.step, self.clock)
        self.clock += 1
        rewards: list[float] = self._rows.rewards[0].tolist()
        self.returns = [total + reward for total, reward in zip(self.returns, rewards, strict=True)]
        return rewards, {}

    @property
    def state(self) -> State:
        env = self._share.env(0)
        shown = env.render() if getattr(env, "render_mode", None) else None
        return np.asarray("" if shown is None else shown)

    def close(self) -> None:
        self._share.close()

    def _asked(self, ask: Any, *what: Any) -> None:
        try:
            ask(*what)
        except CopyFailed as failed:
            raise EnvironmentFailed(f"{self.game.name} {failed.what}") from failed


@contextmanager
def match_of(game: Game) -> Iterator[Any]:
    """A match of that game under NumPy, or of an environment, which is closed at the end."""
    if game.under_jax:
        yield Match(game, game.episode_length)
        return
    environment: Any = game
    match = HostMatch(environment)
    try:
        yield match
    finally:
        match.close()
