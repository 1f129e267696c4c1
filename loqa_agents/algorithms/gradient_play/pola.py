"""POLA: LOLA that moves policies rather than parameters, in its exact, tabular form."""

from dataclasses import dataclass
from typing import Annotated

import jax
import jax.numpy as jnp
from annotated_types import Interval

from loqa_agents.algorithms.gradient_play.derivatives import Derivatives
from loqa_agents.algorithms.gradient_play.lookahead import LookAhead
from loqa_envs.validation import Positive, Weight

Steps = Annotated[int, Interval(ge=1, le=10_000)]


@dataclass(frozen=True)
class Pola(LookAhead):
    """Solves a proximal problem in every update, where LOLA takes one step:

        θ_i <- argmin_θ  L_i(θ, θ_j'(θ)) + β KL(π_i, π_θ),

    by ``steps`` gradient steps from the present θ_i. θ_j'(θ) are ``opponent_steps`` steps of length
    η, with which the others answer θ, down L_j + β' KL(π_j, π_θ_j) from their present θ_j; they are
    differentiated through. The divergence of two policies is the mean over all situations. How far
    a policy moves does then not depend on how it is parametrised.

    Zhao et al., Proximal Learning with Opponent-Learning Awareness (NeurIPS 2022).
    """

    learning_rate: Positive = 0.3
    """Length of a step towards the solution, in units of the gradient."""
    deviation: Weight = 0.1
    """Standard deviation of the log-odds at first."""
    steps: Steps = 20
    """Steps per update towards the solution."""
    penalty: Weight = 0.1
    """β: weight of the divergence from the present policy."""
    opponent_rate: Weight = 5.0
    """η: length of the steps that the others are expected to take."""
    opponent_steps: Annotated[int, Interval(ge=1, le=100)] = 1
    """How many steps they are expected to take."""
    opponent_penalty: Weight = 0.0
    """β': weight of the divergence from their present policies; a first step does not feel it."""

    def moved(self, own: jax.Array, game: Derivatives, seat: int) -> jax.Array:
        def objective(odds: jax.Array) -> jax.Array:
            answered = self._answered(game, game.at.at[seat].set(odds), seat)
            return game.losses(answered)[seat] + self.penalty * divergence(own, odds)

        moved: jax.Array = jax.lax.fori_loop(
            0,
            self.steps,
            lambda _, odds: odds - self.learning_rate * jax.grad(objective)(odds),
            own,
        )
        return moved

    def _answered(self, game: Derivatives, at: jax.Array, seat: int) -> jax.Array:
        """``[P, n]``: where the others will be if the player in ``seat`` is there in ``at``."""

        def losses(now: jax.Array) -> jax.Array:
            return game.losses(now) + self.opponent_penalty * divergence(game.at, now)

        def step(now: jax.Array, _: None) -> tuple[jax.Array, None]:
            steps = Derivatives(losses, now).simultaneous.at[seat].set(0.0)
            return now - self.opponent_rate * steps, None

        return jax.lax.scan(step, at, length=self.opponent_steps)[0]


def divergence(old: jax.Array, new: jax.Array) -> jax.Array:
    """KL of policies with log-odds ``old[..., n]`` from ``new``, mean over their situations."""
    chances = jax.nn.sigmoid(old)
    cooperating = jax.nn.log_sigmoid(old) - jax.nn.log_sigmoid(new)
    defecting = jax.nn.log_sigmoid(-old) - jax.nn.log_sigmoid(-new)
    return jnp.mean(chances * cooperating + (1 - chances) * defecting, axis=-1)
