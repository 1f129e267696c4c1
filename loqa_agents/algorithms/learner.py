"""A learner: an actor and a critic, and how a batch of episodes changes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated

import jax
import jax.numpy as jnp
import optax
from annotated_types import Interval

from loqa_agents.algorithms.adam import adam
from loqa_agents.algorithms.algorithm import ActorCritic, Algorithm, Context, Metrics
from loqa_agents.algorithms.estimators import alive, gae, td_targets
from loqa_agents.algorithms.lesson import LearnerState, Lesson, pick
from loqa_agents.algorithms.loqa import Shaping
from loqa_agents.algorithms.losses import descend_actor, descend_critic
from loqa_agents.algorithms.registry import ALGORITHMS, EVERYTHING_SEEN, judge
from loqa_agents.algorithms.view import EpisodeView, side_of
from loqa_agents.common.rollout import Trajectory
from loqa_agents.networks.critic import Critic
from loqa_agents.networks.dense_gru import Network
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.policy import NetworkPolicy, mixed
from loqa_envs.game import Game, Params
from loqa_envs.keys import boundary
from loqa_envs.validation import Positive, Probability, Share, Weight

_MOST_STEPS = 2**31 - 1
LEAST_SCALE = 1e-6
"""What is added to a standard deviation before anything is divided by it."""


@dataclass(frozen=True)
class Learner(Algorithm):
    """How one player learns: settings, and the pure functions that they define.

    Raises:
        ValueError: for an unknown algorithm or a setting out of its range.
    """

    algorithm: str = "loqa"
    """One of loqa, loqa_n_step, advantage_alignment, naive."""
    shaping: Shaping = field(default_factory=Shaping)
    actor: Network = field(default_factory=Network)
    critic: Network = field(default_factory=lambda: Network(hidden=(16,)))
    exploration: Probability = 0.2
    """Probability, in training, that an action is random instead."""
    discount: Share = 0.96
    """Discount of rewards a step."""
    finite_horizon: bool = True
    """Whether values know the clock and are zero at the end of the episode."""
    gae_decay: Share = 0.95
    """Decay of the learner's own generalised advantages: 0 one-step, 1 Monte-Carlo."""
    opponent_gae_decay: Share = 0.95
    """The same for the opponent's advantages."""
    credit_gae_decay: Share = 0.95
    """The same for what the opponent's choices are credited with; 0 keeps later luck out of it."""
    td_decay: Share = 0.95
    """Decay of the critic's TD(lambda) targets."""
    target_decay: Share = 0.0
    """How much of the target critic is kept at each critic step; 0 is no separate target."""
    actor_learning_rate: Positive = 1e-2
    """Adam's step size for the actor."""
    critic_learning_rate: Positive = 1e-2
    """Adam's step size for the critic."""
    actor_steps: Annotated[int, Interval(ge=1, le=10_000)] = 4
    """Gradient steps of the actor on each batch of episodes."""
    critic_steps: Annotated[int, Interval(ge=1, le=10_000)] = 4
    """Gradient steps of the critic on each batch of episodes."""
    clip: Positive = 0.2
    """Actor steps stop where a probability has changed by this ratio."""
    gradient_norm: Positive = 1.0
    """The actor's gradient is scaled down to this norm."""
    entropy: Weight = 0.0
    """Weight of the entropy bonus."""
    balance: bool = False
    """Whether advantages and shaping are each divided by their standard deviation in the batch."""
    anneal: Annotated[int, Interval(ge=0, le=10**9)] = 0
    """Updates over which learning rate, shaping, entropy change to their final values; 0 never."""
    final_actor_learning_rate: Positive = 1e-3
    """What the actor's step size is after ``anneal`` updates."""
    final_shaping_weight: Weight = 1.0
    """What the weight of shaping is after ``anneal`` updates."""
    final_entropy: Weight = 0.0
    """What the weight of the entropy bonus is after ``anneal`` updates."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.algorithm not in ALGORITHMS:
            raise ValueError(
                f"algorithm must be one of {', '.join(ALGORITHMS)}; got {self.algorithm!r}."
            )
        if self.anneal * self.actor_steps > _MOST_STEPS:
            raise ValueError(
                f"Learner.anneal * actor_steps must be at most {_MOST_STEPS:,}, which is as far as "
                f"an optimiser counts; got {self.anneal} * {self.actor_steps}."
            )

    @property
    def label(self) -> str:
        return self.algorithm

    @property
    def knows(self) -> frozenset[str]:
        known: frozenset[str] = getattr(ALGORITHMS[self.algorithm], "knows", EVERYTHING_SEEN)
        return known

    def policy(self, game: Game) -> NetworkPolicy:
        return NetworkPolicy(self.actor, Inputs.of(game), game.num_actions)

    def behaviour(self, game: Game) -> NetworkPolicy:
        """The same player as it acts in training, exploring."""
        return replace(self.policy(game), exploration=self.exploration)

    @boundary
    def init(self, key: jax.Array, game: Game) -> LearnerState:
        actor_key, critic_key = jax.random.split(key)
        actor = self.policy(game).init(actor_key)
        critic = self._critic(game).init(critic_key)
        return LearnerState(
            ActorCritic(actor, critic),
            critic,
            self._actor_optimizer.init(actor),
            self._critic_optimizer.init(critic),
        )

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
            values=self._values(said, action_values),
        )

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: LearnerState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[LearnerState, Metrics]:
        del key
        lessons = self.lessons(game, state, views)
        return self.learn(game, state, lessons, context.update)

    def lessons(self, game: Game, state: LearnerState, views: Sequence[EpisodeView]) -> Lesson:
        """What episodes ``[B, n]`` of several kinds teach, as one batch."""
        teach = jax.vmap(jax.vmap(partial(self.lesson, game, state)))
        batch: Lesson = jax.tree.map(
            lambda *leaves: _flat(jnp.concatenate(leaves, 1)), *(teach(view) for view in views)
        )
        return batch

    def lesson(self, game: Game, state: LearnerState, view: EpisodeView) -> Lesson:
        """What one episode teaches the learner that had this view of it."""
        rewards, continues = view.rewards, view.continues
        slow = view.values
        if self.target_decay:
            action_values = self._critic(game).action_values(state.target, view.observations)
            slow = self._values(view.log_probabilities, action_values)
        targets = td_targets(rewards, slow, self.discount, self.td_decay, continues)
        view = self._judged(view)
        advantages, shaping = judge(self.algorithm, view, self.shaping.model, self.discount)
        # To the rounding of the sum, as runs have always been: they stay the same to the bit.
        shaping = advantages + shaping - advantages
        return Lesson(
            view.observations,
            view.actions,
            pick(view.log_probabilities[:-1], view.actions),
            advantages,
            shaping,
            targets,
            alive(continues),
        )

    def learn(
        self, game: Game, state: LearnerState, lessons: Lesson, update: jax.Array | int = 0
    ) -> tuple[LearnerState, Metrics]:
        """Several steps of critic and actor on ``lessons[B]``, in the update of that number."""
        critic, target, critic_optimizer, critic_loss = descend_critic(
            self._critic(game), self._critic_optimizer, self.critic_steps, self.target_decay,
            (state.params.critic, state.target, state.critic_optimizer), lessons,
        )  # fmt: skip
        actor, actor_optimizer, metrics = descend_actor(
            self.policy(game), self._actor_optimizer, self.actor_steps,
            (state.params.actor, state.actor_optimizer),
            lessons, self.weights(lessons, update), self.clip, self.entropy_weight(update),
        )  # fmt: skip
        state = LearnerState(ActorCritic(actor, critic), target, actor_optimizer, critic_optimizer)
        return state, {"actor_loss": metrics.pop("loss"), "critic_loss": critic_loss} | metrics

    def follow(self, state: LearnerState, gradient: Params) -> LearnerState:
        """One optimiser step of the actor down a gradient that was computed elsewhere."""
        updates, optimizer = self._actor_optimizer.update(gradient, state.actor_optimizer)
        actor = optax.apply_updates(state.params.actor, updates)
        return state._replace(params=state.params._replace(actor=actor), actor_optimizer=optimizer)

    def weights(self, lessons: Lesson, update: jax.Array | int) -> jax.Array:
        """``[B, T]``: how much more probable each action should become."""
        own, shaping = lessons.advantages, lessons.shaping
        if self.balance:
            own, shaping = (x / (jnp.std(x) + LEAST_SCALE) for x in (own, shaping))
        return own + self.shaping_weight(update) * shaping

    def shaping_weight(self, update: jax.Array | int) -> jax.Array | float:
        """What shaping weighs in the update of that number."""
        return self._annealed(self.shaping.weight, self.final_shaping_weight, update)

    def entropy_weight(self, update: jax.Array | int) -> jax.Array | float:
        """What the entropy bonus weighs in the update of that number."""
        return self._annealed(self.entropy, self.final_entropy, update)

    def _annealed(self, first: float, last: float, update: jax.Array | int) -> jax.Array | float:
        if not self.anneal:
            return first
        return first + (last - first) * jnp.minimum(jnp.float32(update) / self.anneal, 1.0)

    def _judged(self, view: EpisodeView) -> EpisodeView:
        """The same with advantages: the learner's own, and those of the others."""

        def advantages(side: EpisodeView, values: jax.Array, decay: float) -> jax.Array:
            return gae(side.rewards, values, self.discount, decay, side.continues)

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

    def _values(self, log_probabilities: jax.Array, action_values: jax.Array) -> jax.Array:
        """What is to be expected of a player that explores, ``[T + 1]``."""
        probabilities = mixed(jnp.exp(log_probabilities), self.exploration)
        return jnp.asarray((probabilities * action_values).sum(-1))

    def _critic(self, game: Game) -> Critic:
        return Critic(
            self.critic, Inputs.of(game, self.finite_horizon), game.num_actions, self.discount
        )

    @property
    def _actor_optimizer(self) -> optax.GradientTransformation:
        steps = self.anneal * self.actor_steps
        rates = self.actor_learning_rate, self.final_actor_learning_rate
        return optax.chain(optax.clip_by_global_norm(self.gradient_norm), adam(*rates, steps))

    @property
    def _critic_optimizer(self) -> optax.GradientTransformation:
        return adam(self.critic_learning_rate)


def _flat(leaf: jax.Array) -> jax.Array:
    """``[B, n, ...]`` as ``[B n, ...]``."""
    return leaf.reshape(-1, *leaf.shape[2:])
