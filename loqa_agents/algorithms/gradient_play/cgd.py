"""Competitive gradient descent: the equilibrium of a local game in place of a gradient."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.gradient_play.derivatives import Derivatives
from loqa_agents.algorithms.gradient_play.lookahead import LookAhead


@dataclass(frozen=True)
class CompetitiveGradientDescent(LookAhead):
    """Everyone plays the equilibrium of the game's bilinear approximation with a cost of moving:

        (I + η H_o)⁻¹ ξ,

    of which `LookAhead` is the first order in η, and further orders answer the answers. It
    converges where gradients cycle, and defects in the prisoner's dilemma.

    Schäfer and Anandkumar, Competitive Gradient Descent (NeurIPS 2019), for any number of players
    as in Letcher et al. (ICLR 2019).
    """

    def direction(self, game: Derivatives) -> jax.Array:
        size = game.at.size
        mixed = self.opponent_rate * game.mixed.reshape(size, size)
        moves: jax.Array = _solved(
            jnp.eye(size, dtype=jnp.float32) + mixed, game.simultaneous.ravel()
        )
        return moves.reshape(game.at.shape)


# One at a time, also under vmap: jaxlib 0.10 shares a batch of decompositions out over the threads
# that run the program, and where two such batches wait for each other it hangs.
_solved = jax.custom_batching.sequential_vmap(jnp.linalg.solve)
