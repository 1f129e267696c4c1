"""The settings of a policy-gradient learner."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import jax
import jax.numpy as jnp
import optax
from annotated_types import Interval

from loqa_agents.algorithms.adam import adam
from loqa_agents.algorithms.losses import Batch
from loqa_agents.algorithms.registry import ALGORITHMS
from loqa_agents.algorithms.weights.loqa import Shaping
from loqa_agents.algorithms.with_actor import WithActor
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.network import Network
from loqa_envs.validation import Positive, Probability, Share, Weight

_MOST_STEPS = 2**31 - 1
LEAST_SCALE = 1e-6
"""What is added to a standard deviation before anything is divided by it."""


@dataclass(frozen=True)
class LearnerSettings(WithActor):
    """What a learner is set to, and what of it changes in training.

    Raises:
        ValueError: for an unknown algorithm or a setting out of its range.
    """

    algorithm: str = "loqa"
    """Which weights the policy gradient has: loqa, loqa_n_step, advantage_alignment, naive or
    prosocial. Others have options of their own: naive_exact, lookahead, lola_exact, sos, cgd,
    pola, mfos, lola_dice, lola_dice_om, pola_dice, ippo, shaper."""
    shaping: Shaping = field(default_factory=Shaping)
    actor: Network = field(default_factory=DenseGRU)
    critic: Network = field(default_factory=lambda: DenseGRU(hidden=(16,)))
    opponent_values: Literal["shared", "learned"] = "shared"
    """Where opponents' values come from: their own critics (shared), or a critic that learns them
    from their actions and rewards (learned), which also works with scripted opponents."""
    exploration: Probability = 0.2
    """Probability of a uniformly random action during training."""
    discount: Share = 0.96
    """Discount factor of rewards per step."""
    finite_horizon: bool = True
    """Give the critic the elapsed time, and zero value at the end of the episode."""
    gae_decay: Share = 0.95
    """GAE λ of the learner's own advantage: 0 is the one-step advantage, 1 the Monte Carlo one."""
    opponent_gae_decay: Share = 0.95
    """GAE λ of the opponents' advantages."""
    credit_gae_decay: Share = 0.95
    """GAE λ of the advantage that judges the opponents' actions; 0 is the one-step advantage."""
    td_decay: Share = 0.95
    """TD(λ) of the critic's targets."""
    target_decay: Share = 0.0
    """Share of the target critic kept at each critic step; 0 uses the critic itself."""
    actor_learning_rate: Positive = 1e-2
    """Learning rate of the actor (Adam)."""
    critic_learning_rate: Positive = 1e-2
    """Learning rate of the critic (Adam)."""
    actor_steps: Annotated[int, Interval(ge=1, le=10_000)] = 4
    """Gradient steps of the actor per update."""
    critic_steps: Annotated[int, Interval(ge=1, le=10_000)] = 4
    """Gradient steps of the critic per update."""
    clip: Positive = 0.2
    """PPO clipping range of the probability ratio."""
    gradient_norm: Positive = 1.0
    """Largest norm of the actor's gradient; larger ones are scaled down."""
    entropy: Weight = 0.0
    """Coefficient of the entropy bonus."""
    balance: bool = False
    """Divide advantages and shaping by their standard deviations in the batch."""
    anneal: Annotated[int, Interval(ge=0, le=10**9)] = 0
    """Updates over which learning rate, shaping and entropy go to their final values; 0: never."""
    final_actor_learning_rate: Positive = 1e-3
    """Learning rate of the actor after ``anneal`` updates."""
    final_shaping_weight: Weight = 1.0
    """Weight of shaping after ``anneal`` updates."""
    final_entropy: Weight = 0.0
    """Coefficient of the entropy bonus after ``anneal`` updates."""

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

    def weights(self, batch: Batch, update: jax.Array | int) -> jax.Array:
        """``[B, T]``: how much more probable each action should become."""
        own, shaping = batch.advantages, batch.shaping
        if self.balance:
            played = batch.alive > 0
            own, shaping = (x / (jnp.std(x, where=played) + LEAST_SCALE) for x in (own, shaping))
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
