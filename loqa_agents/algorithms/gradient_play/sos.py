"""Stable opponent shaping: as much of LOLA as does not lead away from stable points."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.gradient_play.derivatives import Derivatives
from loqa_agents.algorithms.gradient_play.lookahead import LookAhead
from loqa_envs.validation import Positive, Share


@dataclass(frozen=True)
class StableOpponentShaping(LookAhead):
    """Between `LookAhead` (p = 0) and LOLA (p = 1):

        ξ_0 - p η χ,  p = min(p_1, p_2),

    where p_1 is the largest p up to 1 with <-p η χ, ξ_0> ≥ -a |ξ_0|², so that shaping never points
    against the rest, and p_2 = |ξ|² near fixed points (|ξ| < b), else 1, so that it fades there.
    Both are of all players' parameters together. It shapes as LOLA does and converges as LookAhead.

    Letcher et al., Stable Opponent Shaping in Differentiable Games (ICLR 2019), algorithm 1.
    """

    alignment: Share = 0.5
    """a: which share of ξ_0 shaping may take back."""
    radius: Positive = 0.1
    """b: the norm of ξ below which shaping fades."""

    def direction(self, game: Derivatives) -> jax.Array:
        first, shaping = super().direction(game), -self.opponent_rate * game.shaping
        along = jnp.vdot(shaping, first)
        against = jnp.where(along < 0, along, -1.0)
        most = self.alignment * jnp.vdot(first, first) / -against
        aligned = jnp.where(along < 0, jnp.minimum(1.0, most), 1.0)
        square = jnp.vdot(game.simultaneous, game.simultaneous)
        fading = jnp.where(square < self.radius**2, square, 1.0)
        return first + jnp.minimum(aligned, fading) * shaping
