"""The learner that all adjustments of the simultaneous gradient share; alone, the naive one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Interval

from loqa_agents.algorithms.algorithm import ActorCritic, Algorithm, Context, Metrics
from loqa_agents.algorithms.gradient_play.derivatives import Derivatives
from loqa_agents.algorithms.gradient_play.log_odds import LogOdds
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.common.seatings import in_turn
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs.game import Game, Params
from loqa_envs.matrix_games.outcomes import endless_values
from loqa_envs.validation import Positive, Weight


@dataclass(frozen=True)
class NaiveExact(Algorithm):
    """Everyone follows the exact gradient of its own value, and takes the others for fixed.

    The value is the sum of discounted rewards in an endless game. Two players of the prisoner's
    dilemma come to defect. Other learners of this folder override `direction`.
    """

    learning_rate: Positive = 1.0
    """Length of a step, in units of the gradient."""
    discount: Annotated[float, Interval(ge=0, le=0.9999)] = 0.96
    """Discount factor of rewards per step."""
    deviation: Weight = 1.0
    """Standard deviation of the log-odds at first."""

    plays_episodes = False

    @property
    def knows(self) -> frozenset[str]:
        return frozenset({"rewards", "parameters"})

    def direction(self, game: Derivatives) -> jax.Array:
        """``[P, n]``: against which directions the players go, if all learn as this one does."""
        return game.simultaneous

    def init(self, key: jax.Array, game: Game) -> Params:
        require_outcomes(game)
        return np.float32(self.deviation) * self.policy(game).init(key)

    def params(self, state: Params) -> ActorCritic:
        return ActorCritic(state)

    def policy(self, game: Game) -> NetworkPolicy:
        return NetworkPolicy(LogOdds(), Inputs.of(game), game.num_actions)

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: Params,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[Params, Metrics]:
        del key, views
        everyone = (state, *(other.actor for other in context.others))
        players = [each.reshape(-1, len(game.situations)) for each in everyone]
        learned, losses = [], []
        for seat, own in enumerate(players[0]):  # one row for all seats, or one for each
            here = Derivatives(partial(self.losses, game), seated(players, seat))
            learned.append(self.moved(own, here, seat))
            losses.append(here.losses(here.at)[seat])
        means = [-(1 - self.discount) * loss for loss in losses]
        return jnp.concatenate(learned), {"value": jnp.stack(means).mean()}

    def moved(self, own: jax.Array, game: Derivatives, seat: int) -> jax.Array:
        """The log-odds ``own[n]`` of the player in that seat after an update."""
        return own - self.learning_rate * self.direction(game)[seat]

    def losses(self, game: Game, odds: jax.Array) -> jax.Array:
        """``[P]``: the negative value of each seat, where each has ``odds[P, n]``."""
        outcomes: Any = game.outcomes
        return -endless_values(outcomes, jax.nn.sigmoid(odds), self.discount)


def seated(players: Sequence[jax.Array], seat: int) -> jax.Array:
    """``[P, n]``: who sits where if the first of the players, ``[1 or P, n]`` each, is in ``seat``
    and the others are in turn from the next one on."""
    rows = {
        where: player[where % len(player)]
        for player, where in zip(players, in_turn(len(players), seat), strict=True)
    }
    return jnp.stack([rows[where] for where in range(len(players))])


def require_outcomes(game: Game) -> None:
    """Raise ``ValueError`` unless the exact values of a game are known."""
    if game.outcomes is None:
        raise ValueError(
            "exact values need a game whose every step is a lookup, such as a matrix game (see "
            f"Game.outcomes); got {game!r}."
        )
