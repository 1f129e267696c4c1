"""LOQA: shape an opponent that picks its actions by their values. Three forms of the same idea.

The learner plays a_t for r_t, the opponent b_t for s_t. The opponent is modelled as a softmax of
its action values, pi(b) = softmax(Q(b) / temperature). A and B are the advantages of the learner
and of the opponent. What their choice did for the learner, times how movable that choice was, is

    u_t = A_t (1 - pi_t(b_t)) / temperature,

and what their choices have done so far is the trace  C_0 = 0, C_{t+1} = discount decay C_t + u_t.
The weight of the learner's log-probability at t is then  A_t + weight discount C_t B_t:  do what is
good for me, and be good to those who were good to me. The functions below give the two summands,
the second one without its weight.

Aghajohari et al., LOQA: Learning with Opponent Q-Learning Awareness (ICLR 2024).
With A held constant, differentiating the published loaded-DiCE loss gives exactly these weights.
"""

from dataclasses import dataclass
from typing import Annotated

import jax
import jax.numpy as jnp
from annotated_types import Interval

from loqa_agents.algorithms.estimators import (
    OpponentModel,
    Perspective,
    Weights,
    discounted_returns,
    trace,
)
from loqa_envs.validation import Positive, Settings, Share, Weight


@dataclass(frozen=True)
class Shaping(Settings):
    """How strongly, and through which model of the opponent, the learner shapes it."""

    weight: Weight = 1.0
    """Weight of the shaping term beside the learner's own advantage; 0 is the naive learner."""
    temperature: Positive = 1.0
    """Temperature of the softmax that models the opponent."""
    decay: Share = 0.9
    """How much of an opponent's choice is still credited a step later, beside the discount."""
    steps: Annotated[int, Interval(ge=2, le=1000)] = 4
    """How many of the opponent's rewards the n-step form makes differentiable."""
    sampled_values: bool = False
    """Value the action that the opponent took by its sampled return, as LOQA's code does."""

    @property
    def model(self) -> OpponentModel:
        """All but the weight, which no algorithm knows."""
        return OpponentModel(self.temperature, self.decay, self.steps, self.sampled_values)


def loqa_weights(view: Perspective, model: OpponentModel, discount: float) -> Weights:
    """A and discount C B, loaded-DiCE form."""
    return _aligned(view, _pushes(view, model, discount), model, discount)


def advantage_alignment_weights(
    view: Perspective, model: OpponentModel, discount: float
) -> Weights:
    """As `loqa_weights`, with every choice of the opponent taken for equally movable.

    Duque et al., Advantage Alignment Algorithms (ICLR 2025).
    """
    return _aligned(view, view.credits, model, discount)


def n_step_weights(view: Perspective, model: OpponentModel, discount: float) -> Weights:
    """As `loqa_weights`, but through the opponent's next ``model.steps`` rewards only.

    An opponent's choice at t is valued by its rewards at t, ..., t + steps - 1 (those within the
    episode), of which the learner's actions after t can change all but the first.
    """
    rewards, pushes = view.opponent_rewards, _pushes(view, model, discount)
    length = rewards.shape[0]
    weights = nothing = jnp.zeros_like(rewards)
    ahead = nothing  # the discounted sum of the next steps - i rewards, from each step
    for i in reversed(range(1, min(model.steps, length))):
        ahead = rewards + discount * jnp.append(ahead[1:], nothing[:1])
        weights += discount**i * jnp.append(nothing[:i], pushes[:-i]) * ahead
    return Weights(view.advantages, weights)


def _pushes(view: Perspective, model: OpponentModel, discount: float) -> jax.Array:
    """``u[T]``: what the opponent's choice did for the learner, times how movable it was."""
    values = view.opponent_values
    chosen = jax.nn.one_hot(view.opponent_actions, values.shape[-1], dtype=values.dtype)
    if model.sampled_values:
        returns = discounted_returns(view.opponent_rewards, discount)
        values = jnp.where(chosen, returns[:, None], values)
    probability = (chosen * jax.nn.softmax(values / model.temperature)).sum(-1)
    return view.credits * (1 - probability) / model.temperature


def _aligned(
    view: Perspective, pushes: jax.Array, model: OpponentModel, discount: float
) -> Weights:
    credit = trace(pushes, discount * model.decay)
    return Weights(view.advantages, discount * credit * view.opponent_advantages)
