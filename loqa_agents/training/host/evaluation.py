"""Evaluation in somebody's environment, with the numbers that every game has."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from loqa_agents.training.evaluation import Evaluator
from loqa_agents.training.host.episodes import HostEpisodes
from loqa_agents.training.means import Means
from loqa_envs.game import Params, Policy
from loqa_envs.validation import Count


class HostEvaluator(Evaluator):
    """Plays the actors of many seeds one after another, in ``batch`` copies of the environment.

    Rewards are per step of the longest possible episode: an agent that has left earns nothing.
    """

    def __init__(self, episodes: HostEpisodes, policy: Policy, batch: Count = 32) -> None:
        self._episodes = episodes
        self.batch = max(batch, 2 * episodes.game.num_players)
        super().__init__(episodes.game, policy)

    def bytes_needed(self, actors: Params) -> int:
        """Bytes of memory that the episodes of a batch take."""
        return self._episodes.bytes_needed(self.batch)

    def warm_up(self, key: jax.Array, actors: Params) -> None:
        """Nothing is compiled before it is first called: a batch would have to be played."""

    def _over_seeds(self, one: Callable[..., Any], axes: tuple[int | None, ...]) -> Any:
        def each(key: jax.Array, *actors: Params) -> Any:
            number = len(jax.tree.leaves(actors[0])[0])
            rows = [jax.tree.map(lambda leaf, i=i: leaf[i], actors) for i in range(number)]
            return _stacked([one(key, *row) for row in rows])

        return each

    def _over_names(self, one: Callable[..., Any]) -> Callable[..., Any]:
        return lambda keys, names: _stacked([one(*each) for each in zip(keys, names, strict=True)])

    def _means(
        self, key: jax.Array, policies: Sequence[Policy], params: Sequence[Params], episodes: int
    ) -> Means:
        played = self._episodes.play(key, policies, params, episodes)
        return Means(played.rewards.mean((0, 1)), {})


def _stacked(rows: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: np.stack(leaves), *rows)
