"""A batch of episodes, and how far actors and critics descend on it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from loqa_agents.algorithms.algorithm import ActorCritic, Metrics
from loqa_agents.networks.critic import Critic
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs.game import Params


class LearnerState(NamedTuple):
    params: ActorCritic
    target: Params
    """The slow critic behind the critic's own targets."""
    actor_optimizer: Any
    critic_optimizer: Any
    others: Params = ()
    """The critic of the others, where their values are learned."""
    others_optimizer: Any = ()


class Batch(NamedTuple):
    """One episode from the learner's seat, and what to make of it."""

    observations: Any
    """``[T + 1, *obs]``, placed for the seat that the learner sat in."""
    actions: jax.Array
    """``int32[T]``"""
    log_probabilities: jax.Array
    """``[T]``: of the actions, under the actor before the update."""
    advantages: jax.Array
    """``[T]``: how much better each action was for the learner than expected."""
    shaping: jax.Array
    """``[T]``: how much more each action should be taken for what it makes of the others."""
    targets: jax.Array
    """``[T]``: what the critic should have said of each action."""
    alive: jax.Array
    """``[T]``: 0 at steps after the end of the learner's episode, which teach nothing, else 1."""
    others: tuple[Any, ...] = ()
    """What it teaches of each other seat, where their values are learned."""


def pick(rows: jax.Array, columns: jax.Array) -> jax.Array:
    """``rows[t, columns[t]]`` for every t; a masked sum, since XLA's gather is slow on CPUs."""
    mask = jax.nn.one_hot(columns, rows.shape[-1], dtype=rows.dtype)
    picked: jax.Array = jnp.sum(rows * mask, axis=-1)
    return picked


def critic_loss(params: Params, batch: Batch, critic: Critic) -> jax.Array:
    """The mean Huber loss of the critic's values of what was done, over ``batch[B]``."""

    def loss(row: Batch) -> jax.Array:
        values = critic.action_values(params, row.observations)[:-1]
        errors = optax.huber_loss(pick(values, row.actions), row.targets)
        return jnp.mean(errors * row.alive)

    return jax.vmap(loss)(batch).mean() / batch.alive.mean()


def actor_loss(
    params: Params,
    policy: NetworkPolicy,
    batch: Batch,
    weights: jax.Array,
    clip: float,
    entropy_weight: jax.Array | float,
) -> tuple[jax.Array, Metrics]:
    """The clipped surrogate of ``batch[B]`` with ``weights[B, T]``, less the entropy bonus.

    Schulman et al., Proximal Policy Optimization Algorithms (2017), equation 7, for any weights in
    the place of advantages.
    """

    def gain_and_entropy(row: Batch, weights: jax.Array) -> tuple[jax.Array, jax.Array]:
        seen = jax.tree.map(lambda rows: rows[:-1], row.observations)
        logits = policy.unroll(params, seen)
        ratio = jnp.exp(pick(logits, row.actions) - row.log_probabilities)
        clipped = jnp.clip(ratio, 1 - clip, 1 + clip)
        gain = jnp.minimum(ratio * weights, clipped * weights)
        entropy = -(jnp.exp(logits) * logits).sum(-1)
        return (gain * row.alive).mean(), (entropy * row.alive).mean()

    played = batch.alive.mean()
    gain, entropy = (jnp.mean(x) / played for x in jax.vmap(gain_and_entropy)(batch, weights))
    return -gain - entropy_weight * entropy, {"entropy": entropy}


def descend_critic(
    loss: Callable[[Params, Any], jax.Array],
    optimizer: optax.GradientTransformation,
    steps: int,
    target_decay: float,
    start: tuple[Params, Params, Any],
    batch: Any,
) -> tuple[Params, Params, Any, jax.Array]:
    """``steps`` down ``loss(parameters, batch)`` from (parameters, slow parameters, optimiser's
    state); and the first loss."""

    def step(carry, _):  # type: ignore[no-untyped-def]
        params, target, state = carry
        lost, gradient = jax.value_and_grad(loss)(params, batch)
        updates, state = optimizer.update(gradient, state)
        params = optax.apply_updates(params, updates)
        target = optax.incremental_update(params, target, 1 - target_decay)
        return (params, target, state), lost

    (params, target, state), losses = jax.lax.scan(step, start, length=steps)
    return params, target, state, losses[0]


def descend_actor(
    policy: NetworkPolicy,
    optimizer: optax.GradientTransformation,
    steps: int,
    start: tuple[Params, Any],
    batch: Batch,
    weights: jax.Array,
    clip: float,
    entropy_weight: jax.Array | float,
) -> tuple[Params, Any, Metrics]:
    """``steps`` from (parameters, optimiser's state); and loss and entropy before them."""

    def step(carry, _):  # type: ignore[no-untyped-def]
        params, state = carry
        (loss, metrics), gradient = jax.value_and_grad(actor_loss, has_aux=True)(
            params, policy, batch, weights, clip, entropy_weight
        )
        updates, state = optimizer.update(gradient, state)
        return (optax.apply_updates(params, updates), state), {"loss": loss} | metrics

    (params, state), metrics = jax.lax.scan(step, start, length=steps)
    return params, state, {name: values[0] for name, values in metrics.items()}
