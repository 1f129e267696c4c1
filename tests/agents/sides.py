"""Two sides of an episode, from what algorithms read of them."""

import jax.numpy as jnp

from loqa_agents.algorithms.view import EpisodeView


def two_sides(
    advantages, credits, other_values, other_actions, other_rewards, other_advantages
) -> EpisodeView:
    """The learner's side of an episode of T steps; all that it knows of the other is given."""
    length, nothing = len(advantages), jnp.zeros_like(advantages)
    going_on = jnp.ones(length)
    after = jnp.zeros((1, other_values.shape[-1]))
    other = EpisodeView(
        (), other_actions, other_rewards, going_on, {},
        action_values=jnp.concatenate([other_values, after]), advantages=other_advantages,
    )  # fmt: skip
    return EpisodeView(
        (), jnp.zeros(length, jnp.int32), nothing, going_on, {},
        advantages=advantages, credits=credits, others=(other,),
    )  # fmt: skip
