"""Independent PPO: every learner takes the others for part of the environment.

With A the generalised advantages (GAE) and R = A + V the returns, an update takes an Adam step for
each of ``minibatches`` parts of the episodes, in each of ``epochs`` passes over them, down

    clipped_surrogate  +  value_weight * value_loss  -  entropy * H,

of which `loqa_agents.algorithms.ppo.losses` has the first two, and H is the entropy of the policy.

Schulman et al., Proximal Policy Optimization Algorithms (2017); de Witt et al., Is Independent
Learning All You Need in the StarCraft Multi-Agent Challenge? (2020). Losses and defaults are those
of CleanRL's ppo.py (Huang et al., JMLR 2022). These differ: networks have ReLU and flax's initial
weights, minibatches are of whole episodes, for networks with memory, and the rate is not annealed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from annotated_types import Interval

from loqa_agents.algorithms.adam import adam
from loqa_agents.algorithms.algorithm import ActorCritic, Context, Metrics
from loqa_agents.algorithms.estimators import alive, gae
from loqa_agents.algorithms.losses import pick
from loqa_agents.algorithms.ppo.losses import Minibatch, clipped_surrogate, value_loss
from loqa_agents.algorithms.ppo.passes import passes
from loqa_agents.algorithms.view import EpisodeView, as_one_batch, side_of
from loqa_agents.algorithms.with_actor import WithActor
from loqa_agents.common.rollout import Trajectory
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.network import Network
from loqa_envs.game import Game
from loqa_envs.keys import boundary
from loqa_envs.validation import Positive, Share, Weight


class PPOState(NamedTuple):
    params: ActorCritic
    optimizer: Any


@dataclass(frozen=True)
class IPPO(WithActor):
    """Independent PPO: clipped policy and values, several passes over minibatches of episodes."""

    shows = frozenset({"values"})
    actor: Network = field(default_factory=lambda: DenseGRU(hidden=(64, 64)))
    critic: Network = field(default_factory=lambda: DenseGRU(hidden=(64, 64)))
    discount: Share = 0.99
    """Discount factor of rewards per step."""
    gae_decay: Share = 0.95
    """GAE λ of the advantages."""
    learning_rate: Positive = 2.5e-4
    """Learning rate of actor and critic (Adam)."""
    anneal: Annotated[int, Interval(ge=0, le=10**6)] = 0
    """Updates over which the learning rate goes to 0; 0: never."""
    epochs: Annotated[int, Interval(ge=1, le=1000)] = 4
    """Passes over the episodes per update."""
    minibatches: Annotated[int, Interval(ge=1, le=1000)] = 4
    """Parts of a pass."""
    clip: Positive = 0.2
    """Clipping range of the probability ratio and of values."""
    value_weight: Weight = 0.5
    """Coefficient of the loss of values."""
    entropy: Weight = 0.01
    """Coefficient of the entropy bonus."""
    gradient_norm: Positive = 0.5
    """Largest norm of the gradient; larger ones are scaled down."""

    @boundary
    def init(self, key: jax.Array, game: Game) -> PPOState:
        actor_key, critic_key = jax.random.split(key)
        critic = self.critic.init(critic_key, Inputs.of(game), 1)
        params = ActorCritic(self.policy(game).init(actor_key), critic)
        return PPOState(params, self._optimizer.init(params))

    def params(self, state: PPOState) -> ActorCritic:
        return state.params

    def view(
        self, game: Game, params: ActorCritic, trajectory: Trajectory, seat: int
    ) -> EpisodeView:
        side = side_of(trajectory, seat)
        rows = self.policy(game).in_seat(seat).placed(side.observations)
        return side._replace(
            observations=rows,
            log_probabilities=side.extras["log_probabilities"],
            values=self._values(game, params, rows),
            discount=jnp.float32(self.discount),
        )

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: PPOState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[PPOState, Metrics]:
        batch = as_one_batch([jax.vmap(jax.vmap(self._taught))(view) for view in views])

        def step(state: PPOState, minibatch: Minibatch) -> tuple[PPOState, Metrics]:
            grad = jax.grad(self.loss, has_aux=True)
            gradient, metrics = grad(state.params, game, minibatch)
            changes, optimizer = self._optimizer.update(gradient, state.optimizer)
            return PPOState(optax.apply_updates(state.params, changes), optimizer), metrics

        state, metrics = passes(key, batch, self.epochs, self.minibatches, step, state)
        return state, jax.tree.map(jnp.mean, metrics)

    def loss(self, params: ActorCritic, game: Game, batch: Minibatch) -> tuple[jax.Array, Metrics]:
        """What a step descends, and its parts."""
        seen = batch.observations
        said = jax.vmap(lambda rows: self.policy(game).unroll(params.actor, rows))(seen)
        values = jax.vmap(lambda rows: self._values(game, params, rows))(seen)
        parts = {
            "actor_loss": clipped_surrogate(batch, jax.vmap(pick)(said, batch.actions), self.clip),
            "critic_loss": value_loss(batch, values, self.clip),
            "entropy": batch.mean(-(jnp.exp(said) * said).sum(-1)),
        }
        loss = parts["actor_loss"] + self.value_weight * parts["critic_loss"]
        return loss - self.entropy * parts["entropy"], parts

    def _taught(self, view: EpisodeView) -> Minibatch:
        return Minibatch(
            jax.tree.map(lambda rows: rows[:-1], view.observations),
            view.actions,
            pick(view.log_probabilities, view.actions),
            view.values[:-1],
            gae(view.rewards, view.values, self.discount, self.gae_decay, view.continues),
            alive(view.continues).astype(bool),
        )

    def _values(self, game: Game, params: ActorCritic, rows: Any) -> jax.Array:
        """``V[T]`` of what a seat saw."""
        return jnp.asarray(self.critic.unroll(params.critic, Inputs.of(game), rows, 1)[:, 0])

    @property
    def _optimizer(self) -> optax.GradientTransformation:
        steps = self.anneal * self.epochs * self.minibatches
        steps_of_adam = adam(self.learning_rate, steps=steps, epsilon=1e-5)
        return optax.chain(optax.clip_by_global_norm(self.gradient_norm), steps_of_adam)
