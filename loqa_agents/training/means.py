"""Means over whole episodes."""

from collections.abc import Sequence
from typing import NamedTuple

import jax

from loqa_agents.common.rollout import play_episode
from loqa_envs.game import Game, Params, Policy
from loqa_envs.keys import boundary


class Means(NamedTuple):
    """Means per step, ``[P]`` each."""

    rewards: jax.Array
    info: dict[str, jax.Array]


def means(
    key: jax.Array,
    game: Game,
    policies: Sequence[Policy],
    params: Sequence[Params],
    episodes: int,
) -> Means:
    """Over whole episodes, with fresh randomness in each."""
    keys = jax.random.split(key, episodes)
    played = jax.vmap(lambda key: play_episode(key, game, policies, params))(keys)
    means = jax.tree.map(lambda leaf: leaf.mean((0, 1)), (played.rewards, played.info))
    return Means(*means)


@boundary
def mean_rewards(
    key: jax.Array,
    game: Game,
    policies: Sequence[Policy],
    params: Sequence[Params],
    episodes: int,
) -> jax.Array:
    """Mean reward per step of each seat, ``[P]``, over whole episodes."""
    return means(key, game, policies, params, episodes).rewards
