"""What DiCE estimates derivatives of every order from."""

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.estimators import magic_box
from loqa_agents.algorithms.losses import pick
from loqa_agents.common.rollout import Trajectory


def dice_objective(played: Trajectory, player: int, discount: float) -> jax.Array:
    """J of a player (`loqa_agents.algorithms.dice.lola_dice`), a scalar, from episodes ``[B]``.

    Everyone in them noted log-probabilities, through which it can be differentiated.
    """
    choices = [
        jax.vmap(pick)(jnp.asarray(extras["log_probabilities"]), played.actions[:, :, seat])
        for seat, extras in enumerate(played.extras)
    ]
    rewards = played.rewards[:, :, player] - played.rewards[:, :, player].mean(0)
    discounts = discount ** jnp.arange(rewards.shape[1], dtype=jnp.float32)
    so_far = jnp.cumsum(sum(choices[1:], choices[0]), axis=1)
    return jnp.mean(jnp.sum(discounts * rewards * magic_box(so_far), 1))
