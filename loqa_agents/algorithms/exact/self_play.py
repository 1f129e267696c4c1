"""The update of self-play in expectation: what sampled updates come to as episodes grow many."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.algorithm import ActorCritic, Algorithm, Context, Metrics
from loqa_agents.algorithms.exact.terms import Terms, by_action, expected_terms
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.losses import LearnerState
from loqa_agents.algorithms.settings import LEAST_SCALE
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.algorithms.weights.loqa import Shaping
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs.game import Game, Params
from loqa_envs.matrix_games.game import SITUATIONS, MatrixGame
from loqa_envs.matrix_games.solve import Solution, solve

_ALGORITHMS = ("loqa", "advantage_alignment", "naive")
_WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {
    "actor_steps": (1,),
    "clip": (),
    "gae_decay": (0.0,),
    "opponent_gae_decay": (0.0,),
    "credit_gae_decay": (0.0,),
    "critic": (),
    "critic_steps": (),
    "critic_learning_rate": (),
    "td_decay": (),
    "target_decay": (),
    "finite_horizon": (),
    "opponent_values": (),
}
"""Settings that the exact update does not read, and the values beside the default that say what it
does: one step of the actor, down the gradient of one-step advantages, without a critic."""


def require_exact(game: Game, learner: Learner) -> None:
    """Raise ``ValueError`` where a learner asks for what the exact update of ``game`` is not."""
    if not (isinstance(game, MatrixGame) and not learner.actor.has_memory):
        raise ValueError(
            "the exact update needs a matrix game and an actor without memory, so that there are "
            f"five situations to solve; got {game!r} and {learner.actor!r}."
        )
    if learner.algorithm not in _ALGORITHMS:
        raise ValueError(
            f"the exact update knows the algorithms {', '.join(_ALGORITHMS)}; "
            f"got {learner.algorithm!r}."
        )
    defaults = {field.name: getattr(Learner(), field.name) for field in fields(Learner)}
    for name, others in _WITHOUT_EFFECT.items():
        _require(name, getattr(learner, name), (defaults[name], *others))
    for name in ("sampled_values", "steps"):
        _require(f"shaping.{name}", getattr(learner.shaping, name), (getattr(Shaping(), name),))


def _require(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if value not in allowed:
        raise ValueError(
            f"the exact update takes one step down a gradient without samples and critic, so "
            f"{name} has no effect and must be {' or '.join(map(str, allowed))}; got {value}."
        )


@dataclass(frozen=True)
class ExactSelfPlay(Algorithm):
    """A learner's self-play in expectation: one step of its actor an update, without episodes."""

    learner: Learner

    plays_episodes = False

    def init(self, key: jax.Array, game: Game) -> LearnerState:
        return self.learner.init(key, game)

    def params(self, state: LearnerState) -> ActorCritic:
        return state.params

    def policy(self, game: Game) -> NetworkPolicy:
        return self.learner.policy(game)

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: LearnerState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[LearnerState, Metrics]:
        del key, views
        assert isinstance(game, MatrixGame)
        loss_of = partial(exact_loss, self.learner, game)
        loss, gradient = jax.value_and_grad(loss_of)(state.params.actor, context.update)
        return self.learner.follow(state, gradient), {"actor_loss": loss}


def exactly(game: Game, learner: Algorithm) -> ExactSelfPlay:
    """The exact update of a learner, which makes one step of its actor whatever it is set to.

    Raises:
        ValueError: where a learner asks for what the exact update of ``game`` is not.
    """
    if not isinstance(learner, Learner):
        raise ValueError(
            f"the exact update is that of a Learner, got {learner!r}; an algorithm of your own "
            "may play no episodes, see Algorithm.plays_episodes."
        )
    require_exact(game, learner)
    return ExactSelfPlay(replace(learner, actor_steps=1))


def exact_loss(
    learner: Learner, game: MatrixGame, actor: Params, update: jax.Array | int
) -> jax.Array:
    """What the update of that number descends: its gradient is the expected one of self-play.

    That is the mean over the seats, in each of which the learner meets itself. Where seats are
    alike, so are their gradients, and one is enough. Balanced terms are divided by their standard
    deviation over all seats, steps and episodes.
    """
    seats = (0,) if game.seats_alike else (0, 1)
    policies = [learner.policy(game).in_seat(seat) for seat in seats]
    logits = [
        policy.log_probabilities(actor, jnp.eye(len(SITUATIONS), dtype=jnp.float32))
        for policy in policies
    ]
    slip = learner.exploration
    cooperation = [(1 - slip) * jnp.exp(each[:, 0]) + slip / 2 for each in logits]
    solved = [
        solve(game, cooperation[seat], cooperation[-1 - seat], learner.discount, seat)
        for seat in seats
    ]
    terms = [
        expected_terms(each, learner.shaping, learner.discount, learner.algorithm)
        for each in solved
    ]
    own_scale, shaping_scale = _scales(solved, terms) if learner.balance else (1.0, 1.0)
    shaping_weight, entropy_weight = learner.shaping_weight(update), learner.entropy_weight(update)
    losses = []
    for said, one, parts in zip(logits, solved, terms, strict=True):
        weights = parts.own / own_scale + shaping_weight * (parts.shaping / shaping_scale)
        gain = jnp.sum(jax.lax.stop_gradient(by_action(one, weights)) * said)
        there = jax.lax.stop_gradient(one.occupancy[:-1].mean(0))
        entropy = -jnp.sum(there[:, None] * jnp.exp(said) * said)
        losses.append(-gain - entropy_weight * entropy)
    return jnp.stack(losses).mean()


def _scales(solved: list[Solution], terms: list[Terms]) -> tuple[jax.Array, jax.Array]:
    """What a learner that balances divides own and shaping terms by."""

    def mean(name: str) -> jax.Array:
        parts = zip(solved, terms, strict=True)
        return jnp.stack([by_action(one, getattr(each, name)).sum() for one, each in parts]).mean()

    def deviation(name: str) -> jax.Array:
        variance = mean(f"{name}_squared") - mean(name) ** 2
        return jnp.sqrt(jnp.maximum(variance, 0.0)) + LEAST_SCALE

    return deviation("own"), deviation("shaping")
