"""M-FOS: a player whose move is a whole strategy, against a learner that learns from each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Interval

from loqa_agents.algorithms.adam import adam
from loqa_agents.algorithms.algorithm import ActorCritic, Context, Metrics
from loqa_agents.algorithms.estimators import gae
from loqa_agents.algorithms.gradient_play.naive_exact import NaiveExact, require_outcomes
from loqa_agents.algorithms.gradient_play.of_strategies import MetaEpisode, OfStrategies
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.network import Network
from loqa_envs.game import Game, Params
from loqa_envs.validation import Count, Positive, Share, Weight


class MfosState(NamedTuple):
    odds: jax.Array
    """``[n]``: the strategy that it comes to hold, see `MFOS`."""
    meta: Params
    """Actor, critic, and the logarithm of the actor's standard deviation ``[n]``."""
    optimizer: Any


@dataclass(frozen=True)
class MFOS(NaiveExact):
    """Shapes a naive learner by PPO over a meta-game in which each step is an endless game.

    A meta-step: the shaper sees both strategies, picks a new one of its own (log-odds, normally
    distributed around what its network says), both get their exact value per step, and the other
    follows its exact gradient once, as `NaiveExact` does. Meta-episodes begin from random log-odds.
    In the prisoner's dilemma the paper's shaper learns to extort.

    What is saved and plays is the strategy in which the shaper, before its last update and without
    noise, ends from log-odds of 0 of both. It is given the other's parameters: it is privileged.

    Lu et al., Model-Free Opponent Shaping (ICML 2022): batch 4096, learning rate 0.002, tanh units.
    """

    meets_others = False
    opponent_rate: Positive = 1.0
    """Length of the learner's steps, in units of the gradient."""
    learning_rate: Positive = 5e-3
    """Learning rate of the shaper (Adam)."""
    meta_steps: Annotated[int, Interval(ge=2, le=10_000)] = 100
    """Steps of a meta-episode: how often the learner learns."""
    batch: Count = 64
    """Meta-episodes per update."""
    meta_network: Network = field(default_factory=lambda: DenseGRU(hidden=(256,)))
    """Of the shaper's actor, and of its critic; without memory."""
    meta_discount: Annotated[float, Interval(ge=0, le=0.9999)] = 0.99
    """Discount factor of rewards per meta-step."""
    gae_decay: Share = 1.0
    """GAE λ of the shaper's advantages."""
    epochs: Count = 4
    """Gradient steps of the shaper per update."""
    clip: Positive = 0.2
    """PPO clipping range of the probability ratio."""
    entropy: Weight = 0.01
    """Coefficient of the entropy bonus."""

    @property
    def _networks(self) -> OfStrategies:
        return OfStrategies(self.meta_network)

    def init(self, key: jax.Array, game: Game) -> MfosState:
        require_outcomes(game)
        if game.num_players != 2 or not game.seats_alike:
            raise ValueError(f"mfos needs two players whose seats are alike; got {game!r}.")
        if self.meta_network.has_memory:
            raise ValueError(f"meta_network must be without memory; got {self.meta_network!r}.")
        n = len(game.situations)
        meta = self._networks.init(key, n)
        return MfosState(jnp.zeros(n, jnp.float32), meta, adam(self.learning_rate).init(meta))

    def params(self, state: MfosState) -> ActorCritic:
        return ActorCritic(state.odds, state.meta)

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: MfosState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[MfosState, Metrics]:
        del views, context
        noise_key, own_key, other_key = jax.random.split(key, 3)
        n, normal = len(game.situations), partial(jax.random.normal, dtype=np.float32)
        noise = normal(noise_key, (self.meta_steps, self.batch, n))
        own, other = (
            np.float32(self.deviation) * normal(key, (self.batch, n))
            for key in (own_key, other_key)
        )
        # One more, without noise and from 0, shows the strategy that it holds in the end.
        own, other = (jnp.pad(odds, [(0, 1), (0, 0)]) for odds in (own, other))
        noise = jnp.pad(noise, [(0, 0), (0, 1), (0, 0)])
        every = self.meta_episode(game, state.meta, (own, other), noise)
        held, played = every.odds[-1, -1], jax.tree.map(lambda leaf: leaf[:, :-1], every)
        meta, optimizer = self._learn(state, played)
        shaper, learner = played.rewards.mean((0, 1))
        return MfosState(held, meta, optimizer), {"shaper": shaper, "learner": learner}

    def meta_episode(
        self, game: Game, meta: Params, start: tuple[jax.Array, jax.Array], noise: jax.Array
    ) -> MetaEpisode:
        """Play from strategies ``[B, n]`` of both; ``noise[T, B, n]`` is of the shaper."""

        def learn(own: jax.Array, other: jax.Array) -> tuple[jax.Array, jax.Array]:
            def loss(other: jax.Array) -> tuple[jax.Array, jax.Array]:
                losses = self.losses(game, jnp.stack([own, other]))
                return losses[1], losses

            gradient, losses = jax.grad(loss, has_aux=True)(other)
            return other - self.opponent_rate * gradient, -(1 - self.discount) * losses

        def step(both: Any, noise: jax.Array) -> tuple[Any, MetaEpisode]:
            seen = jax.nn.sigmoid(jnp.concatenate(both, axis=1))
            own = self._networks.odds(meta, seen) + jnp.exp(meta["log_deviation"])[None] * noise
            other, rewards = jax.vmap(learn)(own, both[1])
            return (own, other), MetaEpisode(seen, own, noise, rewards)

        return jax.lax.scan(step, start, noise)[1]

    def _learn(self, state: MfosState, played: MetaEpisode) -> tuple[Params, Any]:
        values = self._networks.values(state.meta, played.seen)
        # In units of rewards. A meta-episode ends with the last step, so its value there is none.
        rewards = (1 - self.meta_discount) * played.rewards[..., 0]
        judge = partial(gae, discount=self.meta_discount, decay=self.gae_decay)
        advantages = jax.vmap(judge, 1, 1)(rewards, jnp.pad(values, [(0, 1), (0, 0)]))
        weights = (advantages - advantages.mean()) / (advantages.std() + 1e-8)

        def lost(meta: Params) -> jax.Array:
            known = state.meta, played, weights, values + advantages
            return self._networks.loss(meta, *known, self.clip, self.entropy)

        def step(carry: Any, _: None) -> tuple[Any, None]:
            meta, optimizer = carry
            updates, optimizer = adam(self.learning_rate).update(jax.grad(lost)(meta), optimizer)
            return (jax.tree.map(jnp.add, meta, updates), optimizer), None

        return jax.lax.scan(step, (state.meta, state.optimizer), length=self.epochs)[0]
