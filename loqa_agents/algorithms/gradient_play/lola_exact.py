"""LOLA with exact values: choose where the others will go."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.gradient_play.derivatives import Derivatives
from loqa_agents.algorithms.gradient_play.lookahead import LookAhead


@dataclass(frozen=True)
class LolaExact(LookAhead):
    """Differentiates its own value through the step η that the others take next:

        full:     ξ_0 - η χ,  with ξ_0 of `LookAhead` and χ how a player's parameters change the
                  others' steps, times what those do to it;
        shaping:  ξ - η χ, as the authors' experiments have it;
        step:     d/dθ_i L_i(θ_i, θ_j - η d/dθ_j L_j), of which ``full`` is first order in η.

    Two of them reciprocate in the prisoner's dilemma from most starting points. They may move away
    from fixed points that are stable, and become arrogant in games of coordination.

    Foerster et al., Learning with Opponent-Learning Awareness (AAMAS 2018).
    """

    form: Literal["full", "shaping", "step"] = "full"
    """Which of the three directions."""

    def direction(self, game: Derivatives) -> jax.Array:
        if self.form == "step":
            return jnp.stack([self._through_step(game, player) for player in range(len(game.at))])
        first = game.simultaneous if self.form == "shaping" else super().direction(game)
        return first - self.opponent_rate * game.shaping

    def _through_step(self, game: Derivatives, player: int) -> jax.Array:
        """``[n]``: of the player's loss after the others' steps, in its own parameters."""

        def loss(own: jax.Array) -> jax.Array:
            now = game.at.at[player].set(own)
            steps = Derivatives(game.losses, now).simultaneous.at[player].set(0.0)
            return game.losses(now - self.opponent_rate * steps)[player]

        direction: jax.Array = jax.grad(loss)(game.at[player])
        return direction
