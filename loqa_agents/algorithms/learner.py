"""A learner: an actor and a critic, and how a batch of episodes changes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import optax

from loqa_agents.algorithms.algorithm import ActorCritic, Context, Metrics
from loqa_agents.algorithms.estimators import alive, gae, td_targets
from loqa_agents.algorithms.losses import (
    Batch,
    LearnerState,
    critic_loss,
    descend_actor,
    descend_critic,
    pick,
)
from loqa_agents.algorithms.opponent_values import OpponentValues, Watched
from loqa_agents.algorithms.registry import ALGORITHMS, EVERYTHING_SEEN, judge
from loqa_agents.algorithms.settings import LearnerSettings
from loqa_agents.algorithms.view import EpisodeView, as_one_batch, side_of
from loqa_agents.common.rollout import Trajectory
from loqa_agents.networks.critic import Critic
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs.game import Game, Params
from loqa_envs.keys import boundary, stream


@dataclass(frozen=True)
class Learner(LearnerSettings):
    """How one player learns by policy gradient: settings, and the pure functions they define.

    Raises:
        ValueError: for an unknown algorithm or a setting out of its range.
    """

    shows = frozenset({"values", "action_values"})
    by_name = False  # trainings ask for what its ``algorithm`` is set to

    @property
    def label(self) -> str:
        return self.algorithm

    @property
    def knows(self) -> frozenset[str]:
        known: frozenset[str] = getattr(ALGORITHMS[self.algorithm], "knows", EVERYTHING_SEEN)
        return known - self.shows if self.opponent_values == "learned" else known

    def behaviour(self, game: Game) -> NetworkPolicy:
        """The same player as it acts in training, exploring."""
        return replace(self.policy(game), exploration=self.exploration)

    @boundary
    def init(self, key: jax.Array, game: Game) -> LearnerState:
        actor_key, critic_key = jax.random.split(key)
        actor = self.policy(game).init(actor_key)
        critic = self._critic(game).init(critic_key)
        state = LearnerState(
            ActorCritic(actor, critic),
            critic,
            self._actor_optimizer.init(actor),
            self._critic_optimizer.init(critic),
        )
        if self.opponent_values == "shared":
            return state
        others = self._opponents(game).critic.init(stream(key, "others"))
        return state._replace(others=others, others_optimizer=self._critic_optimizer.init(others))

    def params(self, state: LearnerState) -> ActorCritic:
        return state.params

    def view(
        self, game: Game, params: ActorCritic, trajectory: Trajectory, seat: int
    ) -> EpisodeView:
        """The side of a seat in which `behaviour` played with these parameters, and its values."""
        side, policy = side_of(trajectory, seat), self.behaviour(game).in_seat(seat)
        rows = policy.placed(side.observations)
        last = jax.tree.map(lambda leaf: leaf[-1], side.observations)
        # What its actor would have said to the last observation, on which it did not act.
        unheard, _ = policy.step(params.actor, trajectory.carries[seat], last)
        said = jnp.concatenate([side.extras["log_probabilities"], unheard[None]])
        action_values = self._critic(game).action_values(params.critic, rows)
        return side._replace(
            observations=rows,
            log_probabilities=said,
            action_values=action_values,
            values=self._values(game, said, action_values),
            discount=jnp.float32(self.discount),
        )

    def watch(self, game: Game, trajectory: Trajectory, seat: int) -> EpisodeView:
        side, policy = super().watch(game, trajectory, seat), self.policy(game).in_seat(seat)
        seen = side.observations
        return side._replace(observations=None if seen is None else policy.placed(seen))

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: LearnerState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[LearnerState, Metrics]:
        del key
        batch = self.batch(game, state, views)
        return self.learn(game, state, batch, context.update)

    def batch(self, game: Game, state: LearnerState, views: Sequence[EpisodeView]) -> Batch:
        """What episodes ``[B, n]`` of several kinds teach, as one batch."""
        teach = jax.vmap(jax.vmap(partial(self.row, game, state)))
        batch: Batch = as_one_batch([teach(view) for view in views])
        return batch

    def row(self, game: Game, state: LearnerState, view: EpisodeView) -> Batch:
        """What one episode teaches the learner that had this view of it."""
        rewards, continues = view.rewards, view.continues
        slow = view.values
        if self.target_decay:
            action_values = self._critic(game).action_values(state.target, view.observations)
            slow = self._values(game, view.log_probabilities, action_values)
        targets = td_targets(rewards, slow, self.discount, self.td_decay, continues)
        watched: tuple[Watched, ...] = ()
        if self.opponent_values == "learned":
            opponents = self._opponents(game)
            view = opponents.with_values(state.others, view)
            watched = opponents.watched(view)
        view = self._judged(view)
        advantages, shaping = judge(self.algorithm, view, self.shaping.model, self.discount)
        return Batch(
            view.observations,
            view.actions,
            pick(view.log_probabilities[:-1], view.actions),
            advantages,
            shaping,
            targets,
            alive(continues),
            watched,
        )

    def learn(
        self, game: Game, state: LearnerState, batch: Batch, update: jax.Array | int = 0
    ) -> tuple[LearnerState, Metrics]:
        """Several steps of critic and actor on ``batch[B]``, in the update of that number."""
        critic, target, critic_optimizer, lost = descend_critic(
            partial(critic_loss, critic=self._critic(game)),
            self._critic_optimizer, self.critic_steps, self.target_decay,
            (state.params.critic, state.target, state.critic_optimizer), batch,
        )  # fmt: skip
        actor, actor_optimizer, metrics = descend_actor(
            self.policy(game), self._actor_optimizer, self.actor_steps,
            (state.params.actor, state.actor_optimizer),
            batch, self.weights(batch, update), self.clip, self.entropy_weight(update),
        )  # fmt: skip
        metrics = {"actor_loss": metrics.pop("loss"), "critic_loss": lost} | metrics
        others, others_optimizer = state.others, state.others_optimizer
        if batch.others:
            watched = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *batch.others)
            others, others_optimizer, metrics["others_loss"] = self._opponents(game).learn(
                self._critic_optimizer, self.critic_steps, others, others_optimizer, watched
            )
        learned = ActorCritic(actor, critic)
        return LearnerState(
            learned, target, actor_optimizer, critic_optimizer, others, others_optimizer
        ), metrics

    def follow(self, state: LearnerState, gradient: Params) -> LearnerState:
        """One optimiser step of the actor down a gradient that was computed elsewhere."""
        updates, optimizer = self._actor_optimizer.update(gradient, state.actor_optimizer)
        actor = optax.apply_updates(state.params.actor, updates)
        return state._replace(params=state.params._replace(actor=actor), actor_optimizer=optimizer)

    def _judged(self, view: EpisodeView) -> EpisodeView:
        """The same with advantages: the learner's own, and those of the others."""

        def advantages(side: EpisodeView, values: jax.Array, decay: float) -> jax.Array:
            return gae(side.rewards, values, side.discount, decay, side.continues)

        others = tuple(
            other
            if other.values is None
            # An opponent's returns stop with the episode, so its value there is none.
            else other._replace(
                advantages=advantages(other, other.values.at[-1].set(0.0), self.opponent_gae_decay)
            )
            for other in view.others
        )
        return view._replace(
            advantages=advantages(view, view.values, self.gae_decay),
            credits=advantages(view, view.values, self.credit_gae_decay),
            others=others,
        )

    def _values(
        self, game: Game, log_probabilities: jax.Array, action_values: jax.Array
    ) -> jax.Array:
        """What is to be expected of a player that explores, ``[T + 1]``."""
        probabilities = self.behaviour(game).explored(log_probabilities)
        return (probabilities * action_values).sum(-1)

    def _opponents(self, game: Game) -> OpponentValues:
        critic = self._critic(game)
        return OpponentValues(replace(critic, num_actions=1 + game.num_actions), self.td_decay)

    def _critic(self, game: Game) -> Critic:
        return Critic(
            self.critic, Inputs.of(game, self.finite_horizon), game.num_actions, self.discount
        )
