"""LOQA: shape an opponent that picks its actions by their values. Two forms of the same idea.

The learner plays a_t for r_t, the opponent b_t for s_t. The opponent is modelled as a softmax of
its action values, pi(b) = softmax(Q(b) / temperature). A and B are the advantages of the learner
and of the opponent. What their choice did for the learner, times how movable that choice was, is

    u_t = A_t (1 - pi_t(b_t)) / temperature,

and what their choices have done so far is the trace  C_0 = 0, C_{t+1} = discount decay C_t + u_t.
The weight of the learner's log-probability at t is then  A_t + weight discount C_t B_t:  do what is
good for me, and be good to those who were good to me. The functions below give the two summands,
the second one without its weight. With several
opponents the second is the sum over them.

Aghajohari et al., LOQA: Learning with Opponent Q-Learning Awareness (ICLR 2024).
With A held constant, differentiating the published loaded-DiCE loss gives exactly these weights.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import jax
import jax.numpy as jnp
from annotated_types import Interval

from loqa_agents.algorithms.estimators import OpponentModel, Weights, discounted_returns, past
from loqa_agents.algorithms.view import EpisodeView, over_others
from loqa_envs.validation import Positive, Settings, Share, Weight


@dataclass(frozen=True)
class Shaping(Settings):
    """How strongly, and through which model of the opponent, the learner shapes it."""

    weight: Weight = 1.0
    """Weight of the shaping term beside the learner's own advantage; 0 is the naive learner."""
    temperature: Positive = 1.0
    """Temperature of the softmax policy that models an opponent."""
    decay: Share = 0.9
    """Decay per step of the credit for an opponent's action, on top of the discount."""
    steps: Annotated[int, Interval(ge=2, le=1000)] = 4
    """Number of the opponent's rewards that the n-step form makes differentiable."""
    past: Literal["discounted", "mean"] = "discounted"
    """How earlier credit counts: as a sum that fades by discount and decay, or as its mean."""
    sampled_values: bool = False
    """Use the sampled return as the value of the opponent's action, as LOQA's code does."""

    @property
    def model(self) -> OpponentModel:
        """All but the weight, which no algorithm knows."""
        return OpponentModel(
            self.temperature, self.decay, self.steps, self.sampled_values, self.past
        )


def loqa_weights(view: EpisodeView, model: OpponentModel, discount: float) -> Weights:
    """A and discount C B, loaded-DiCE form; the second is the sum over all others."""

    def shaping(other: EpisodeView) -> jax.Array:
        return _aligned(other, _influence(view, other, model, discount), model, discount)

    return Weights(view.advantages, over_others(view, shaping))


def n_step_weights(view: EpisodeView, model: OpponentModel, discount: float) -> Weights:
    """As `loqa_weights`, but through an opponent's next ``model.steps`` rewards only.

    An opponent's choice at t is valued by its rewards at t, ..., t + steps - 1 (those within the
    episode), of which the learner's actions after t can change all but the first.
    """

    def shaping(other: EpisodeView) -> jax.Array:
        rewards, influence = other.rewards, _influence(view, other, model, discount)
        length = rewards.shape[0]
        weights = nothing = jnp.zeros_like(rewards)
        ahead = nothing  # the discounted sum of the next steps - i rewards, from each step
        for i in reversed(range(1, min(model.steps, length))):
            ahead = rewards + discount * jnp.append(ahead[1:], nothing[:1])
            weights += discount**i * jnp.append(nothing[:i], influence[:-i]) * ahead
        return weights

    return Weights(view.advantages, over_others(view, shaping))


def _influence(
    view: EpisodeView, other: EpisodeView, model: OpponentModel, discount: float
) -> jax.Array:
    """``u[T]``: what the opponent's choice did for the learner, times how movable it was."""
    values = other.action_values[:-1]
    chosen = jax.nn.one_hot(other.actions, values.shape[-1], dtype=values.dtype)
    if model.sampled_values:
        returns = discounted_returns(other.rewards, discount, other.continues)
        values = jnp.where(chosen, returns[:, None], values)
    probability: jax.Array = (chosen * jax.nn.softmax(values / model.temperature)).sum(-1)
    influence: jax.Array = view.credits * (1 - probability) / model.temperature
    return influence


def _aligned(
    other: EpisodeView, influence: jax.Array, model: OpponentModel, discount: float
) -> jax.Array:
    aligned: jax.Array = past(influence, model, discount) * other.advantages
    return aligned
