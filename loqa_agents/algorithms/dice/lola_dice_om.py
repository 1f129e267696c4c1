"""LOLA-DiCE with models of the others in place of their parameters.

The learner keeps a policy of its own network for each other seat, and makes it do what the player
there did: ``model_steps`` steps of Adam an update, down the mean over the steps of all episodes of

    - log of the model's probability of the action that was taken, for what was seen there.

Among models of the others it then looks ahead as `LolaDice` does, in episodes that it imagines.

Foerster et al., Learning with Opponent-Learning Awareness (AAMAS 2018), section 4.4, has opponent
modelling; Foerster et al., DiCE: The Infinitely Differentiable Monte Carlo Estimator (ICML 2018),
LOLA-DiCE-OM. Models go on from the update before, where the authors' code does not say how they are
fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from annotated_types import Interval

from loqa_agents.algorithms.adam import adam
from loqa_agents.algorithms.algorithm import ActorCritic, Context, Metrics
from loqa_agents.algorithms.dice.lola_dice import LolaDice
from loqa_agents.algorithms.estimators import alive
from loqa_agents.algorithms.losses import pick
from loqa_agents.algorithms.view import EpisodeView, as_one_batch
from loqa_envs.game import Game, Params
from loqa_envs.keys import boundary, stream
from loqa_envs.validation import Positive


class ModellingState(NamedTuple):
    actor: Params
    models: tuple[Params, ...]
    """Of the other seats, in turn from the next one on."""
    optimizer: Any


class Deeds(NamedTuple):
    """What a player was seen to do, ``[episodes, T]``."""

    seen: Any
    actions: jax.Array
    alive: jax.Array


@dataclass(frozen=True)
class LolaDiceOM(LolaDice):
    """`LolaDice` with models of the others, fitted to what they do; their rewards are known.

    Raises:
        ValueError: in ``init``, as `LolaDice`, and for a game that hides what others see.
    """

    model_steps: Annotated[int, Interval(ge=1, le=10_000)] = 10
    """Steps of the models per update."""
    model_rate: Positive = 0.1
    """Learning rate of the models (Adam)."""

    plays_episodes = True

    @property
    def knows(self) -> frozenset[str]:
        return frozenset({"actions", "rewards"})

    @boundary
    def init(self, key: jax.Array, game: Game) -> ModellingState:
        if not game.observations_public:
            raise ValueError(f"lola_dice_om must see what others see; {game!r} does not show it.")
        models = tuple(
            super(LolaDiceOM, self).init(stream(key, f"model {seat}"), game)
            for seat in range(1, game.num_players)
        )
        return ModellingState(super().init(key, game), models, self._optimizer.init(models))

    def params(self, state: ModellingState) -> ActorCritic:
        return ActorCritic(state.actor)

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: ModellingState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[ModellingState, Metrics]:
        if 1 < len(context.seats) < game.num_players:
            raise ValueError(
                "lola_dice_om must sit in one seat or in all, so that each model is of one player; "
                f"got seats {context.seats} of {game!r}."
            )
        deeds = [
            as_one_batch([Deeds(*_cut(view.others[i])) for view in views])
            for i in range(len(state.models))
        ]

        def loss(models: tuple[Params, ...]) -> jax.Array:
            parts = [self._surprise(game, *pair) for pair in zip(models, deeds, strict=True)]
            return sum(parts[1:], parts[0])

        def step(carry: Any, _: None) -> Any:
            models, optimizer = carry
            lost, gradient = jax.value_and_grad(loss)(models)
            changes, optimizer = self._optimizer.update(gradient, optimizer)
            return (optax.apply_updates(models, changes), optimizer), lost

        start = state.models, state.optimizer
        (models, optimizer), lost = jax.lax.scan(step, start, length=self.model_steps)
        actor, metrics = self.looked_ahead(key, state.actor, models, context)
        return ModellingState(actor, models, optimizer), metrics | {"model_loss": lost[-1]}

    def _surprise(self, game: Game, model: Params, deeds: Deeds) -> jax.Array:
        said = jax.vmap(lambda rows: self.policy(game).unroll(model, rows))(deeds.seen)
        chosen = jax.vmap(pick)(said, deeds.actions)
        return -jnp.mean(chosen * deeds.alive) / deeds.alive.mean()

    @property
    def _optimizer(self) -> optax.GradientTransformation:
        return adam(self.model_rate)


def _cut(other: EpisodeView) -> tuple[Any, jax.Array, jax.Array]:
    """What a player saw before each step of episodes ``[B, n]``, and what it did."""
    seen = jax.tree.map(lambda rows: rows[:, :, :-1], other.observations)
    return seen, other.actions, jax.vmap(jax.vmap(alive))(other.continues)
