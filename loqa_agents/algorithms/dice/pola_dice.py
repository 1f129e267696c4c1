"""POLA-DiCE: LOLA-DiCE that moves policies rather than parameters.

In place of one step up the return after the others have learned, an update takes many towards the
solution of a proximal problem around the parameters θ_i that it began with:

    θ_0  ←  argmax_θ  J_0(θ, θ_j'(θ)) - penalty KL(π_θ_0, π_θ),

    θ_j'(θ)  =  ``inner_steps`` steps of length ``inner_rate``, from θ_j on, up
                J_j(θ, θ_j') - inner_penalty KL(π_θ_j, π_θ_j'),        for all j ≠ 0,

by ``steps`` of Adam, which begins anew in every update. Each plays a batch of episodes for every
step of the others, and one with what they have become. J is the loaded objective of DiCE with the
advantages of player j's critic, KL(π_old, π_new) the mean over the steps of the same episodes of

    sum over actions of  π_old log(π_old / π_new),        given what the player has seen.

Given enough steps, how far a policy moves depends neither on their length nor on how it is
parametrised. The learner has a critic for each seat, V of what is seen from there; with each step
of its own these take one, also Adam's, down the mean of (A + V_old - V)² over the last batch.

Zhao et al., Proximal Learning with Opponent-Learning Awareness (NeurIPS 2022). In the authors' code
others' critics are the others' own and take the inner steps, too. ``ipd-pola-paper`` has the
published settings, 60 million steps per update and player; the defaults are for tables.
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
from loqa_agents.algorithms.dice.lola_dice import LolaDice
from loqa_agents.algorithms.dice.objective import divergence, loaded_dice_objective
from loqa_agents.algorithms.dice.steps import after_steps
from loqa_agents.algorithms.estimators import gae
from loqa_agents.algorithms.view import EpisodeView, side_of
from loqa_agents.common.rollout import Trajectory
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.network import Network
from loqa_envs.game import Game, Params
from loqa_envs.keys import boundary, stream
from loqa_envs.validation import Positive, Share, Weight


class PolaState(NamedTuple):
    actor: Params
    critics: tuple[Params, ...]
    """Of each seat's rewards, in turn from the learner's own."""


@dataclass(frozen=True)
class PolaDice(LolaDice):
    """Proximal LOLA by DiCE, from episodes of its own, played with the others' parameters.

    Raises:
        ValueError: in ``init``, as `LolaDice`.
    """

    inner_rate: Positive = 0.1
    """Length of the others' steps, in units of the gradient."""
    rate: Positive = 0.05
    """Learning rate of the learner's steps (Adam)."""
    steps: Annotated[int, Interval(ge=1, le=10_000)] = 10
    """Steps of the learner per update."""
    penalty: Weight = 10.0
    """Weight of the divergence from the policy before the update."""
    inner_penalty: Weight = 1.0
    """Weight of the others' divergence from their present policies, felt from step two on."""
    critic: Network = field(default_factory=DenseGRU)
    critic_rate: Positive = 0.1
    """Learning rate of the critics (Adam)."""
    gae_decay: Share = 1.0
    """GAE λ of the advantages: 0 is the one-step advantage, 1 the Monte Carlo one."""

    @property
    def rollouts(self) -> int:
        return self.steps * (self.inner_steps + 1)

    @boundary
    def init(self, key: jax.Array, game: Game) -> PolaState:
        keys = [stream(key, f"critic {seat}") for seat in range(game.num_players)]
        critics = tuple(self.critic.init(key, Inputs.of(game), 1) for key in keys)
        return PolaState(super().init(key, game), critics)

    def params(self, state: PolaState) -> ActorCritic:
        return ActorCritic(state.actor, state.critics[0])

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: PolaState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[PolaState, Metrics]:
        del views
        before = (state.actor, *(other.actor for other in context.others))
        rates = {"actor": adam(self.rate), "critics": adam(self.critic_rate)}
        optimizer = optax.multi_transform(rates, PolaState("actor", "critics"))  # type: ignore[arg-type]

        def step(carry: Any, key: jax.Array) -> Any:
            now, moments = carry
            gradient, metrics = jax.grad(self.loss, has_aux=True)(now, key, game, before, context)
            changes, moments = optimizer.update(gradient, moments)
            return (optax.apply_updates(now, changes), moments), metrics

        keys = jax.random.split(key, self.steps)
        (state, _), metrics = jax.lax.scan(step, (state, optimizer.init(state)), keys)
        return state, jax.tree.map(lambda values: values[-1], metrics)

    def loss(
        self, now: PolaState, key: jax.Array, game: Game, before: Sequence[Params], context: Context
    ) -> tuple[jax.Array, Metrics]:
        """What a step descends, from everyone's actors before the update, and its parts."""
        *inner_keys, outer_key = jax.random.split(key, self.inner_steps + 1)
        policy = self.policy(game)

        def objective(key: jax.Array, actors: Sequence[Params], player: int) -> jax.Array:
            played = context.play(key, actors, context.episodes)
            gained, _ = self._gained(game, now.critics[player], played, player)
            return gained - self.inner_penalty * divergence(policy, before[player], played, player)

        others = after_steps(objective, inner_keys, self.inner_rate, now.actor, before[1:])
        played = context.play(outer_key, (now.actor, *others), context.episodes)
        moved = divergence(policy, before[0], played, 0)
        judged = [self._gained(game, each, played, seat) for seat, each in enumerate(now.critics)]
        lost = jnp.stack([error for _, error in judged]).mean()
        loss = self.penalty * moved + lost - judged[0][0]
        return loss, {"divergence": moved, "critic_loss": lost}

    def _gained(
        self, game: Game, critic: Params, played: Trajectory, player: int
    ) -> tuple[jax.Array, jax.Array]:
        """J of a player, and the loss of its critic, from episodes ``[B]``."""

        def judge(side: EpisodeView) -> tuple[jax.Array, jax.Array]:
            values = self.critic.unroll(critic, Inputs.of(game), side.observations, 1)[:, 0]
            held = jax.lax.stop_gradient(values)
            advantages = gae(side.rewards, held, self.discount, self.gae_decay, side.continues)
            return advantages, advantages + held[:-1] - values[:-1]

        sides = jax.vmap(lambda episode: side_of(episode, player))(played)
        advantages, errors = jax.vmap(judge)(sides)
        return loaded_dice_objective(played, advantages, self.discount), jnp.mean(errors**2)
