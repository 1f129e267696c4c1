"""The settings of a policy-gradient learner."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import jax
import jax.numpy as jnp
import optax
from annotated_types import Interval

from loqa_agents.algorithms.adam import adam
from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.algorithms.lesson import Lesson
from loqa_agents.algorithms.loqa import Shaping
from loqa_agents.algorithms.registry import ALGORITHMS
from loqa_agents.networks.dense_gru import Network
from loqa_envs.validation import Positive, Probability, Share, Weight

_MOST_STEPS = 2**31 - 1
LEAST_SCALE = 1e-6
"""What is added to a standard deviation before anything is divided by it."""


@dataclass(frozen=True)
class LearnerSettings(Algorithm):
    """What a learner is set to, and what of it changes in training.

    Raises:
        ValueError: for an unknown algorithm or a setting out of its range.
    """

    algorithm: str = "loqa"
    """One of loqa, loqa_n_step, advantage_alignment, naive."""
    shaping: Shaping = field(default_factory=Shaping)
    actor: Network = field(default_factory=Network)
    critic: Network = field(default_factory=lambda: Network(hidden=(16,)))
    opponent_values: Literal["shared", "learned"] = "shared"
    """Whether others' values are read from their critics, or learned from what others do and earn;
    then whom has none, such as a scripted player, can be shaped, too."""
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

    @property
    def _actor_optimizer(self) -> optax.GradientTransformation:
        steps = self.anneal * self.actor_steps
        rates = self.actor_learning_rate, self.final_actor_learning_rate
        return optax.chain(optax.clip_by_global_norm(self.gradient_norm), adam(*rates, steps))

    @property
    def _critic_optimizer(self) -> optax.GradientTransformation:
        return adam(self.critic_learning_rate)
