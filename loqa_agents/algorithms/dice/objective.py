"""What DiCE estimates derivatives of every order from."""

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.estimators import magic_box
from loqa_agents.algorithms.losses import pick
from loqa_agents.common.rollout import Trajectory
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs.game import Params


def dice_objective(played: Trajectory, player: int, discount: float) -> jax.Array:
    """J of a player (`loqa_agents.algorithms.dice.lola_dice`), a scalar, from episodes ``[B]``.

    Everyone in them noted log-probabilities, through which it can be differentiated.
    """
    rewards = played.rewards[:, :, player] - played.rewards[:, :, player].mean(0)
    so_far = jnp.cumsum(_choices(played), axis=1)
    return jnp.mean(jnp.sum(_discounts(rewards, discount) * rewards * magic_box(so_far), 1))


def loaded_dice_objective(played: Trajectory, advantages: jax.Array, discount: float) -> jax.Array:
    """The same of the player with ``advantages[B, T]``, in whose place no derivative is taken.

        mean over episodes of  sum over t of  discount^t A_t (box(≤ t) - box(< t)),

    where box(≤ t) is that of everyone's log-probabilities up to t, and box(< t) of those before.
    Its value is 0, its derivatives are estimates of those of the expected return.

    Farquhar et al., Loaded DiCE (NeurIPS 2019).
    """
    choices = _choices(played)
    so_far = jnp.cumsum(choices, axis=1)
    boxes = magic_box(so_far) - magic_box(so_far - choices)
    loads = _discounts(advantages, discount) * jax.lax.stop_gradient(advantages)
    return jnp.mean(jnp.sum(loads * boxes, 1))


def divergence(policy: NetworkPolicy, before: Params, played: Trajectory, player: int) -> jax.Array:
    """KL of a player's policy with the actor ``before`` from the one it played with, a scalar.

    The mean over all steps of ``played[B]``, in which it noted log-probabilities; how it came to
    see what it saw is not differentiated.
    """
    seen = jax.tree.map(lambda rows: rows[:, :-1, player], played.observations)
    old = jax.vmap(lambda rows: policy.unroll(before, rows))(seen)
    new = jnp.asarray(played.extras[player]["log_probabilities"])
    return jnp.sum(jnp.exp(old) * (old - new), -1).mean()


def _choices(played: Trajectory) -> jax.Array:
    """``[B, T]``: the log-probability of what everyone did in a step."""
    parts = [
        jax.vmap(pick)(jnp.asarray(extras["log_probabilities"]), played.actions[:, :, seat])
        for seat, extras in enumerate(played.extras)
    ]
    return sum(parts[1:], parts[0])


def _discounts(rows: jax.Array, discount: float) -> jax.Array:
    return discount ** jnp.arange(rows.shape[1], dtype=jnp.float32)
