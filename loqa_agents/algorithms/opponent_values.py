"""Values of the others, learned from what they do and earn instead of read from their critics."""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from loqa_agents.algorithms.estimators import alive, td_targets
from loqa_agents.algorithms.losses import descend_critic, pick
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.networks.critic import Critic
from loqa_envs.game import Params


class Watched(NamedTuple):
    """What one episode shows of another seat."""

    observations: Any
    """``[T + 1, *obs]``: what that seat saw where the game shows it, else what the learner saw."""
    actions: jax.Array
    """``int32[T]``"""
    targets: jax.Array
    """``[T]``: what its actions turned out to be worth to it."""
    alive: jax.Array
    """``[T]``: 0 after the end of its episode, else 1."""


@dataclass(frozen=True)
class OpponentValues:
    """A critic of the other seats; all of them share it.

    It says the action values ``Q[A]`` by which an opponent is modelled to choose, and as its last
    output the value ``V`` that its choices turn out to have on average, whatever it chooses by.
    """

    critic: Critic
    """With an output more than there are actions."""
    td_decay: float

    def with_values(self, params: Params, view: EpisodeView) -> EpisodeView:
        """The same view with the values of the others."""

        def of(other: EpisodeView) -> EpisodeView:
            outputs = self.critic.action_values(params, self._rows(view, other))
            discount = jnp.float32(self.critic.discount)
            return other._replace(
                action_values=outputs[:, :-1], values=outputs[:, -1], discount=discount
            )

        return view._replace(others=tuple(of(other) for other in view.others))

    def watched(self, view: EpisodeView) -> tuple[Watched, ...]:
        """What an episode teaches of each other seat after `with_values`."""
        return tuple(
            Watched(
                self._rows(view, other),
                other.actions,
                td_targets(
                    other.rewards, other.values, self.critic.discount, self.td_decay,
                    other.continues,
                ),
                alive(other.continues),
            )
            for other in view.others
        )  # fmt: skip

    def learn(
        self,
        optimizer: optax.GradientTransformation,
        steps: int,
        params: Params,
        state: Any,
        watched: Watched,
    ) -> tuple[Params, Any, jax.Array]:
        """Parameters and optimiser's state after ``steps`` on ``watched[B]``; the first loss."""
        loss = partial(_loss, critic=self.critic)
        params, _, state, losses = descend_critic(
            loss, optimizer, steps, 0.0, (params, params, state), watched
        )
        return params, state, losses

    def _rows(self, view: EpisodeView, other: EpisodeView) -> Any:
        return view.observations if other.observations is None else other.observations


def _loss(params: Params, watched: Watched, critic: Critic) -> jax.Array:
    """The mean Huber loss of the values of what was done, and of what was to be expected."""

    def loss(one: Watched) -> jax.Array:
        outputs = critic.action_values(params, one.observations)[:-1]
        errors = optax.huber_loss(pick(outputs[:, :-1], one.actions), one.targets)
        errors += optax.huber_loss(outputs[:, -1], one.targets)
        return jnp.mean(errors * one.alive)

    return jax.vmap(loss)(watched).mean() / watched.alive.mean()
