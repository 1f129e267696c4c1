"""LOQA: shape an opponent that picks its actions by their values. Three forms of the same idea.

The learner plays a_t for r_t, the opponent b_t for s_t. The opponent is modelled as a softmax of
its action values, pi(b) = softmax(Q(b) / temperature). A and B are the advantages of the learner
and of the opponent. What their choice did for the learner, times how movable that choice was, is

    u_t = A_t (1 - pi_t(b_t)) / temperature,

and what their choices have done so far is the trace  C_0 = 0, C_{t+1} = discount decay C_t + u_t.
The weight of the learner's log-probability at t is then  A_t + weight discount C_t B_t:  do what is
good for me, and be good to those who were good to me.

Aghajohari et al., LOQA: Learning with Opponent Q-Learning Awareness (ICLR 2024).
With A held constant, differentiating the published loaded-DiCE loss gives exactly these weights.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from loqa_agents.estimators import Perspective, discounted_returns, trace


@dataclass(frozen=True)
class Shaping:
    """How strongly, and through which model of the opponent, the learner shapes it."""

    weight: float = 1.0
    """Weight of the shaping term beside the learner's own advantage; 0 is the naive learner."""
    temperature: float = 1.0
    """Temperature of the softmax that models the opponent."""
    decay: float = 0.9
    """How much of an opponent's choice is still credited a step later, beside the discount."""
    steps: int = 4
    """How many of the opponent's rewards the n-step form makes differentiable."""
    sampled_values: bool = False
    """Value the action that the opponent took by its sampled return, as LOQA's code does."""

    def __post_init__(self) -> None:
        if self.weight < 0 or self.temperature <= 0 or not 0 <= self.decay <= 1 or self.steps < 2:
            raise ValueError(
                "Shaping needs weight >= 0, temperature > 0, decay in [0, 1] and steps >= 2, "
                f"got {self}."
            )


def loqa_weights(view: Perspective, shaping: Shaping, discount: float) -> jax.Array:
    """Weights ``[T]`` of the learner's log-probabilities, loaded-DiCE form."""
    return _aligned(view, _pushes(view, shaping, discount), shaping, discount)


def advantage_alignment_weights(view: Perspective, shaping: Shaping, discount: float) -> jax.Array:
    """As `loqa_weights`, with every choice of the opponent taken for equally movable.

    Duque et al., Advantage Alignment Algorithms (ICLR 2025).
    """
    return _aligned(view, view.credits, shaping, discount)


def n_step_weights(view: Perspective, shaping: Shaping, discount: float) -> jax.Array:
    """As `loqa_weights`, but through the opponent's next ``shaping.steps`` rewards only.

    An opponent's choice at t is valued by its rewards at t, ..., t + steps - 1 (those within the
    episode), of which the learner's actions after t can change all but the first.
    """
    rewards, pushes = view.opponent_rewards, _pushes(view, shaping, discount)
    length = rewards.shape[0]
    weights = jnp.zeros(length)
    ahead = jnp.zeros(length)  # the discounted sum of the next steps - i rewards, from each step
    for i in reversed(range(1, min(shaping.steps, length))):
        ahead = rewards + discount * jnp.append(ahead[1:], 0.0)
        weights += discount**i * jnp.append(jnp.zeros(i), pushes[:-i]) * ahead
    return view.advantages + shaping.weight * weights


def _pushes(view: Perspective, shaping: Shaping, discount: float) -> jax.Array:
    """``u[T]``: what the opponent's choice did for the learner, times how movable it was."""
    values = view.opponent_values
    chosen = jax.nn.one_hot(view.opponent_actions, values.shape[-1])
    if shaping.sampled_values:
        returns = discounted_returns(view.opponent_rewards, discount)
        values = jnp.where(chosen, returns[:, None], values)
    probability = (chosen * jax.nn.softmax(values / shaping.temperature)).sum(-1)
    return view.credits * (1 - probability) / shaping.temperature


def _aligned(view: Perspective, pushes: jax.Array, shaping: Shaping, discount: float) -> jax.Array:
    credit = trace(pushes, discount * shaping.decay)
    return view.advantages + shaping.weight * discount * credit * view.opponent_advantages
