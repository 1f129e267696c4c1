"""SHAPER: a player whose memory outlives episodes, against a learner that learns from each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Interval
from jax.flatten_util import ravel_pytree

from loqa_agents.algorithms.adam import adam
from loqa_agents.algorithms.algorithm import ActorCritic, Context, Metrics
from loqa_agents.algorithms.evolution.trials import Teacher, trial
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.algorithms.with_actor import WithActor
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.network import Network
from loqa_envs.game import Game, Params
from loqa_envs.keys import boundary
from loqa_envs.validation import Count, Positive


class ShaperState(NamedTuple):
    actor: Params
    optimizer: Any


@dataclass(frozen=True)
class Shaper(WithActor):
    """Shapes a naive learner by evolution strategies over trials, in which that learner learns.

    A trial: ``inner_episodes`` batches of episodes, one after another, with a policy gradient that
    begins anew in each trial, explores as a `Learner` does, and takes an update after each batch.
    The shaper's memory goes on from batch to batch, as its mean over the episodes. What counts is
    its reward over the whole trial. With F(θ) for that, and e_i normally distributed, an update
    follows by a step of Adam

        1 / (2 n d)  sum over i ≤ n of  (rank F(θ + d e_i) - rank F(θ - d e_i)) e_i,

    of ranks among all 2n that are spread evenly over [-1/2, 1/2]; both trials of a pair have the
    same chance.

    What is saved is the shaper, which as a player begins every episode without memory, as the first
    of a trial. The number of ``episodes`` of the training is that of a batch.

    Khan et al., Scaling Opponent Teacher to High Dimensional Games (AAMAS 2024), where the other is
    PPO and a training 2e11 steps; Salimans et al., Evolution Strategies as a Scalable Alternative
    to Reinforcement Learning (2017).
    """

    meets_others = False
    actor: Network = field(default_factory=lambda: DenseGRU(memory=8))
    inner_episodes: Annotated[int, Interval(ge=2, le=10_000)] = 30
    """Batches of episodes in a trial: how often the learner learns, and once more."""
    opponent_rate: Positive = 0.3
    """Learning rate of the learner's actor and critic (Adam)."""
    pairs: Count = 32
    """Pairs of trials per update."""
    deviation: Positive = 0.5
    """Standard deviation of what parameters of a trial differ by."""
    learning_rate: Positive = 0.1
    """Learning rate of the shaper (Adam)."""

    plays_episodes = False

    @property
    def rollouts(self) -> int:
        return (2 * self.pairs + 1) * self.inner_episodes

    @boundary
    def init(self, key: jax.Array, game: Game) -> ShaperState:
        if game.num_players != 2 or not game.seats_alike:
            raise ValueError(f"shaper needs two players whose seats are alike; got {game!r}.")
        actor = self.policy(game).init(key)
        return ShaperState(actor, adam(self.learning_rate).init(ravel_pytree(actor)[0]))

    def params(self, state: ShaperState) -> ActorCritic:
        return ActorCritic(state.actor)

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: ShaperState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[ShaperState, Metrics]:
        del views
        noise_key, trial_key = jax.random.split(key)
        flat, unflatten = ravel_pytree(state.actor)
        noise = jax.random.normal(noise_key, (self.pairs, flat.size), np.float32)
        # The last trial is of the parameters themselves, for the record.
        tried = flat + self.deviation * jnp.pad(jnp.concatenate([noise, -noise]), [(0, 1), (0, 0)])
        keys = jax.random.split(trial_key, self.pairs)
        keys = jnp.concatenate([keys, keys, keys[:1]])

        def rewarded(key: jax.Array, flat: jax.Array) -> jax.Array:
            player = Teacher(self.policy(game), unflatten(flat), self.inner_episodes)
            return trial(key, game, player, self.opponent, context)

        rewards = jax.vmap(rewarded)(keys, tried)
        better = centred_ranks(rewards[:-1, 0]).reshape(2, -1)
        gradient = -(better[0] - better[1]) @ noise / (2 * self.pairs * self.deviation)
        changes, optimizer = adam(self.learning_rate).update(gradient, state.optimizer)
        shaper, learner = rewards[-1]
        return ShaperState(unflatten(flat + changes), optimizer), {
            "shaper": shaper, "learner": learner, "best": rewards[:-1, 0].max(),
        }  # fmt: skip

    @property
    def opponent(self) -> Learner:
        """How the other learns."""
        rate = self.opponent_rate
        return Learner(algorithm="naive", actor_learning_rate=rate, critic_learning_rate=rate)


def centred_ranks(values: jax.Array) -> jax.Array:
    """Ranks of ``values[n]``, from -1/2 for the least to 1/2; equal ones have the same."""
    above, equal = values[:, None] > values, values[:, None] == values
    ranks = above.sum(1, dtype=jnp.float32) + (equal.sum(1, dtype=jnp.float32) - 1) / 2
    return ranks / (len(values) - 1) - 0.5
