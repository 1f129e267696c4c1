"""A trial: episodes one after another with somebody who learns from each."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax

from loqa_agents.algorithms.algorithm import Algorithm, Context
from loqa_agents.common.rollout import play_episode
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs.game import Carry, Extras, Game, Params
from loqa_envs.observation import Observation
from loqa_envs.policy import Around


@dataclass(frozen=True)
class Remembering(Around):
    """A player that begins an episode with a memory of earlier ones."""

    policy: NetworkPolicy
    memory: Carry

    def initial_carry(self) -> Carry:
        return self.memory

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Observation
    ) -> tuple[jax.Array, Carry, Extras]:
        return self.policy.act(key, params, carry, observation)


class Teacher(NamedTuple):
    """Who goes through a trial without learning."""

    policy: NetworkPolicy
    params: Params
    batches: int
    """How many batches of episodes a trial has."""


def trial(
    key: jax.Array, game: Game, shaper: Teacher, learner: Algorithm, context: Context
) -> jax.Array:
    """``[2]``: means per step over a trial, of the shaper and of the learner in the second seat.

    The learner begins anew and takes an update after each batch of ``context.episodes``. The
    shaper's memory goes on from batch to batch, as its mean over the episodes.
    """
    init_key, key = jax.random.split(key)

    def batch(carry: Any, key: jax.Array) -> Any:
        memory, other = carry
        play_key, learn_key = jax.random.split(key)
        players = (Remembering(shaper.policy, memory), learner.behaviour(game))
        params = learner.params(other)

        def play(key: jax.Array) -> Any:
            episode = play_episode(key, game, players, (shaper.params, params.actor))
            return episode, learner.view(game, params, episode, 1)

        episodes, views = jax.vmap(play)(jax.random.split(play_key, context.episodes))
        column = jax.tree.map(lambda leaf: leaf[:, None], views)
        other, _ = learner.update(learn_key, game, other, [column], context)
        memory = jax.tree.map(lambda rows: rows.mean(0), episodes.carries[0])
        return (memory, other), episodes.rewards.mean((0, 1))

    start = shaper.policy.initial_carry(), learner.init(init_key, game)
    rewards: jax.Array = jax.lax.scan(batch, start, jax.random.split(key, shaper.batches))[1]
    return rewards.mean(0)
