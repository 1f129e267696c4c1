"""What actors and critics descend on a batch of lessons."""

import jax
import jax.numpy as jnp
import optax

from loqa_agents.algorithms.lesson import Lesson, Metrics, pick
from loqa_agents.networks.critic import Critic
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs.game import Params


def critic_loss(params: Params, critic: Critic, lessons: Lesson) -> jax.Array:
    """The mean Huber loss of the critic's values of what was done, over ``lessons[B]``."""

    def loss(lesson: Lesson) -> jax.Array:
        values = critic.action_values(params, lesson.observations)[:-1]
        errors = optax.huber_loss(pick(values, lesson.actions), lesson.targets)
        return jnp.mean(errors)

    return jax.vmap(loss)(lessons).mean()


def actor_loss(
    params: Params,
    policy: NetworkPolicy,
    lessons: Lesson,
    weights: jax.Array,
    clip: float,
    entropy_weight: jax.Array | float,
) -> tuple[jax.Array, Metrics]:
    """The clipped surrogate of ``lessons[B]`` with ``weights[B, T]``, less the entropy bonus.

    Schulman et al., Proximal Policy Optimization Algorithms (2017), equation 7, for any weights in
    the place of advantages.
    """

    def gain_and_entropy(lesson: Lesson, weights: jax.Array) -> tuple[jax.Array, jax.Array]:
        logits = policy.unroll(params, lesson.observations[:-1])
        ratio = jnp.exp(pick(logits, lesson.actions) - lesson.log_probabilities)
        clipped = jnp.clip(ratio, 1 - clip, 1 + clip)
        gain = jnp.minimum(ratio * weights, clipped * weights)
        return gain.mean(), -(jnp.exp(logits) * logits).sum(-1).mean()

    gain, entropy = (jnp.mean(x) for x in jax.vmap(gain_and_entropy)(lessons, weights))
    return -gain - entropy_weight * entropy, {"entropy": entropy}
