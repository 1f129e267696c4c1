"""LookAhead: answer the step that the others are about to take."""

from dataclasses import dataclass

import jax

from loqa_agents.algorithms.gradient_play.derivatives import Derivatives
from loqa_agents.algorithms.gradient_play.naive_exact import NaiveExact
from loqa_envs.validation import Weight


@dataclass(frozen=True)
class LookAhead(NaiveExact):
    """Follows the gradient at the point where the others will be, taken for fixed:

        ξ_0 = (I - η H_o) ξ,

    which is first order in the step η that the others take down their own gradients ξ. It converges
    to stable fixed points where naive learners cycle, and defects in the prisoner's dilemma.

    Zhang and Lesser, Multi-Agent Learning with Policy Prediction (AAAI 2010); in this form Letcher
    et al., Stable Opponent Shaping in Differentiable Games (ICLR 2019).
    """

    opponent_rate: Weight = 1.0
    """η: the step that the others are expected to take."""

    def direction(self, game: Derivatives) -> jax.Array:
        return game.simultaneous - self.opponent_rate * game.anticipated
