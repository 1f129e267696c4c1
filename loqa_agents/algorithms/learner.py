"""A learner: an actor and a critic, and how a batch of episodes changes them."""

from dataclasses import dataclass, field
from typing import Annotated

import jax
import jax.numpy as jnp
import optax
from annotated_types import Interval

from loqa_agents.algorithms.adam import adam
from loqa_agents.algorithms.estimators import Perspective, gae, td_targets
from loqa_agents.algorithms.lesson import Brain, LearnerState, Lesson, Metrics, pick
from loqa_agents.algorithms.loqa import Shaping
from loqa_agents.algorithms.losses import actor_loss, critic_loss
from loqa_agents.algorithms.registry import ALGORITHMS, judge
from loqa_agents.common.rollout import Trajectory
from loqa_agents.networks.critic import Critic
from loqa_agents.networks.dense_gru import Network
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.policy import NetworkPolicy, RecordedPolicy
from loqa_envs.game import Game, Params
from loqa_envs.keys import boundary
from loqa_envs.validation import Positive, Probability, Settings, Share, Weight

_MOST_STEPS = 2**31 - 1
LEAST_SCALE = 1e-6
"""What is added to a standard deviation before anything is divided by it."""


@dataclass(frozen=True)
class Learner(Settings):
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

    def policy(self, game: Game) -> NetworkPolicy:
        """The player of ``game`` with parameters ``brain.actor``; seat it with ``in_seat``."""
        return NetworkPolicy(self.actor, Inputs.of(game), game.num_actions)

    def behaviour(self, game: Game) -> RecordedPolicy:
        """The same player as it acts in training, exploring."""
        return RecordedPolicy(self.actor, Inputs.of(game), game.num_actions, self.exploration)

    @boundary
    def init(self, key: jax.Array, game: Game) -> LearnerState:
        actor_key, critic_key = jax.random.split(key)
        actor = self.policy(game).init(actor_key)
        critic = self._critic(game).init(critic_key)
        return LearnerState(
            Brain(actor, critic),
            critic,
            self._actor_optimizer.init(actor),
            self._critic_optimizer.init(critic),
        )

    def lesson(
        self,
        game: Game,
        state: LearnerState,
        opponent: Brain | None,
        trajectory: Trajectory,
        seat: int,
    ) -> Lesson:
        """What one episode of a two-player game teaches the learner that sat at ``seat``.

        Both must have played it as `behaviour` plays, with these brains. With an opponent that
        has none there is nothing to shape, and only the learner's own advantages count.
        """
        observations = self._placed(game, trajectory, seat)
        actions, rewards = trajectory.actions[:, seat], trajectory.rewards[:, seat]
        _, values, logits = self._values(game, state.brain, trajectory, seat)
        slow = values
        if self.target_decay:
            target = state.brain._replace(critic=state.target)
            slow = self._values(game, target, trajectory, seat)[1]
        targets = td_targets(rewards, slow, self.discount, self.td_decay)
        advantages = gae(rewards, values, self.discount, self.gae_decay)
        shaping = jnp.zeros_like(advantages)
        if opponent is not None:
            credits = gae(rewards, values, self.discount, self.credit_gae_decay)
            view = self._perspective(game, advantages, credits, opponent, trajectory, seat)
            advantages, shaping = judge(self.algorithm, view, self.shaping.model, self.discount)
            # To the rounding of the sum, as runs have always been: they stay the same to the bit.
            shaping = advantages + shaping - advantages
        chosen = pick(logits[:-1], actions)
        return Lesson(observations, actions, chosen, advantages, shaping, targets)

    def learn(
        self, game: Game, state: LearnerState, lessons: Lesson, update: jax.Array | int = 0
    ) -> tuple[LearnerState, Metrics]:
        """Several steps of critic and actor on ``lessons[B]``, in the update of that number."""
        policy, critic = self.policy(game), self._critic(game)
        weights, entropy_weight = self.weights(lessons, update), self.entropy_weight(update)

        def critic_step(carry, _):  # type: ignore[no-untyped-def]
            params, target, optimizer = carry
            loss, gradient = jax.value_and_grad(critic_loss)(params, critic, lessons)
            updates, optimizer = self._critic_optimizer.update(gradient, optimizer)
            params = optax.apply_updates(params, updates)
            target = optax.incremental_update(params, target, 1 - self.target_decay)
            return (params, target, optimizer), loss

        def actor_step(carry, _):  # type: ignore[no-untyped-def]
            params, optimizer = carry
            (loss, metrics), gradient = jax.value_and_grad(actor_loss, has_aux=True)(
                params, policy, lessons, weights, self.clip, entropy_weight
            )
            updates, optimizer = self._actor_optimizer.update(gradient, optimizer)
            return (optax.apply_updates(params, updates), optimizer), (loss, metrics)

        (critic_params, target, critic_optimizer), critic_losses = jax.lax.scan(
            critic_step,
            (state.brain.critic, state.target, state.critic_optimizer),
            length=self.critic_steps,
        )
        (actor_params, actor_optimizer), (actor_losses, metrics) = jax.lax.scan(
            actor_step, (state.brain.actor, state.actor_optimizer), length=self.actor_steps
        )
        brain = Brain(actor_params, critic_params)
        state = LearnerState(brain, target, actor_optimizer, critic_optimizer)
        losses = {"actor_loss": actor_losses[0], "critic_loss": critic_losses[0]}
        return state, losses | {name: values[0] for name, values in metrics.items()}

    def follow(self, state: LearnerState, gradient: Params) -> LearnerState:
        """One optimiser step of the actor down a gradient that was computed elsewhere."""
        updates, optimizer = self._actor_optimizer.update(gradient, state.actor_optimizer)
        actor = optax.apply_updates(state.brain.actor, updates)
        return state._replace(brain=state.brain._replace(actor=actor), actor_optimizer=optimizer)

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

    def _perspective(
        self,
        game: Game,
        advantages: jax.Array,
        credits: jax.Array,
        opponent: Brain,
        trajectory: Trajectory,
        seat: int,
    ) -> Perspective:
        other_rewards = trajectory.rewards[:, 1 - seat]
        other_action_values, other_values, _ = self._values(game, opponent, trajectory, 1 - seat)
        # The opponent's returns stop with the episode, so its value there is none.
        other_values = other_values.at[-1].set(0.0)
        return Perspective(
            advantages,
            credits,
            other_action_values[:-1],
            trajectory.actions[:, 1 - seat],
            other_rewards,
            gae(other_rewards, other_values, self.discount, self.opponent_gae_decay),
        )

    def _values(
        self, game: Game, brain: Brain, trajectory: Trajectory, seat: int
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Action values, values, log-probabilities of one seat, ``T + 1`` rows each."""
        behaviour, last = self.behaviour(game).in_seat(seat), trajectory.observations[-1, seat]
        logits = behaviour.recorded(brain.actor, trajectory.carries[seat], last)
        rows = self._placed(game, trajectory, seat)
        action_values = self._critic(game).action_values(brain.critic, rows)
        # Advantages are measured from what is to be expected of a player that explores.
        probabilities = behaviour.mixed(jnp.exp(logits))
        return action_values, (probabilities * action_values).sum(-1), logits

    def _placed(self, game: Game, trajectory: Trajectory, seat: int) -> jax.Array:
        """What the networks are given of one seat's observations, ``T + 1`` rows."""
        return self.policy(game).in_seat(seat).placed(trajectory.observations[:, seat])

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
