"""LOLA-DiCE: follow one's return after the others have learned, through what they will learn.

Player i of P has parameters θ_i and, from a batch of episodes, the objective

    J_i = mean over episodes of  sum over t of  discount^t r_i,t  box(sum over k ≤ t of all players'
          log-probabilities of their actions at k),          box(x) = exp(x - stop_gradient(x)),

whose derivatives of every order and in everyone's parameters are estimates of those of the expected
return. The learner, player 0, plays ``inner_steps`` batches in which the others learn naively,

    θ_j  ←  θ_j + inner_rate dJ_j / dθ_j            for all j ≠ 0, from a fresh batch each time,

and one more batch with what they have become, and takes a step of ``rate`` up dJ_0 / dθ_0, in which
the θ_j depend on θ_0 through all of their steps. From rewards their mean over the batch at the same
step is subtracted, which lowers the variance.

Foerster et al., DiCE: The Infinitely Differentiable Monte Carlo Estimator (ICML 2018); Foerster et
al., Learning with Opponent-Learning Awareness (AAMAS 2018). Much depends on ``inner_steps *
inner_rate``: with too little of it everyone defects in the prisoner's dilemma, with too much some
extort. The published rates of .1 and .2 are for one logit per situation; a player here has a number
for each of two actions, whose difference takes the same steps with .05 and .1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import jax
import jax.numpy as jnp
from annotated_types import Interval

from loqa_agents.algorithms.algorithm import ActorCritic, Context, Metrics
from loqa_agents.algorithms.dice.objective import dice_objective
from loqa_agents.algorithms.dice.steps import after_steps, plus
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.algorithms.with_actor import WithActor
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.network import Network
from loqa_envs.game import Game, Params
from loqa_envs.keys import boundary
from loqa_envs.validation import Positive, Share


@dataclass(frozen=True)
class LolaDice(WithActor):
    """LOLA by DiCE, from episodes of its own, played with the others' parameters.

    Raises:
        ValueError: in ``init``, for a game whose seats differ, since it looks ahead from the first,
            and for an actor of several layers without ``initial_scale``.
    """

    actor: Network = field(default_factory=DenseGRU)
    discount: Share = 0.96
    """Discount factor of rewards per step."""
    inner_steps: Annotated[int, Interval(ge=0, le=1000)] = 2
    """Steps that the others are expected to take; 0 is the naive policy gradient."""
    inner_rate: Positive = 0.05
    """Length of those steps, in units of the gradient."""
    rate: Positive = 0.1
    """Length of the learner's own step, in units of the gradient."""
    initial_scale: Share = 0.0
    """By what the network's initial weights are multiplied; 0 is the uniform policy, from which the
    published runs begin and an actor of several layers would never move."""

    plays_episodes = False

    @property
    def knows(self) -> frozenset[str]:
        return frozenset({"actions", "rewards", "parameters"})

    @property
    def rollouts(self) -> int:
        return self.inner_steps + 1

    @boundary
    def init(self, key: jax.Array, game: Game) -> Params:
        if not game.seats_alike:
            raise ValueError(
                f"{self.label} looks ahead from the first seat of a game, so its seats must be "
                f"alike; got {game!r}."
            )
        weights = self.policy(game).init(key)
        if self.initial_scale == 0 and len(jax.tree.leaves(weights)) > 1:
            raise ValueError(
                "initial_scale must be above 0 for an actor of several layers, whose gradient is 0 "
                f"where all weights are; got {self.actor!r}."
            )
        return jax.tree.map(lambda leaf: self.initial_scale * leaf, weights)

    def params(self, state: Params) -> ActorCritic:
        return ActorCritic(state)

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: Params,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[Params, Metrics]:
        del game, views
        others = tuple(other.actor for other in context.others)
        return self.looked_ahead(key, state, others, context)

    def looked_ahead(
        self, key: jax.Array, own: Params, others: Sequence[Params], context: Context
    ) -> tuple[Params, Metrics]:
        """The learner's parameters after its step, among others who are now as given."""
        *inner_keys, outer_key = jax.random.split(key, self.rollouts)

        def objective(key: jax.Array, actors: Sequence[Params], player: int) -> jax.Array:
            played = context.play(key, actors, context.episodes)
            return dice_objective(played, player, self.discount)

        def after_their_steps(own: Params) -> jax.Array:
            learned = after_steps(objective, inner_keys, self.inner_rate, own, others)
            return objective(outer_key, (own, *learned), 0)

        gradient = jax.grad(after_their_steps)(own)
        square = sum(jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(gradient))
        return plus(own, self.rate, gradient), {"gradient_norm": jnp.sqrt(square)}
