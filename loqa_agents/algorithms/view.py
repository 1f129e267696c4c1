"""One seat's side of an episode: what algorithms are written against."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from loqa_agents.common.rollout import Trajectory
from loqa_envs.game import Extras


class EpisodeView(NamedTuple):
    """One seat's side of an episode; put episodes in front with ``jax.vmap``.

    What an algorithm must not or cannot know of another seat is None there: a scripted player has
    no values, and those of a learner are given only to algorithms that say that they know them.
    """

    observations: Any
    """``[T + 1, *obs]``, as the seat saw them, or as its network was given them; None of others
    where the game does not show what they see."""
    actions: jax.Array
    """``int32[T]``"""
    rewards: jax.Array
    """``[T]``"""
    continues: jax.Array
    """``[T]``: 0 where the step ended the seat's episode, else 1."""
    extras: Extras
    """What the seat's player noted, ``[T, ...]`` each."""
    log_probabilities: Any = None
    """``[T + 1, A]``: of all actions, under the seat's actor without exploration."""
    action_values: Any = None
    """``Q[T + 1, A]``: by the seat's own critic, network and discount."""
    values: Any = None
    """``V[T + 1]``: the mean of its action values over what it does, exploration included."""
    advantages: Any = None
    """``[T]``: how much better each step turned out for the seat than its critic expected."""
    credits: Any = None
    """``[T]``: the same of the learner's own, as far as others' choices are credited with it."""
    discount: Any = None
    """What the seat's own critic discounts rewards by, a scalar."""
    others: tuple["EpisodeView", ...] = ()
    """The same of every other seat, in turn from the next one on."""


def side_of(trajectory: Trajectory, seat: int) -> EpisodeView:
    """What anyone could see of one seat: no values, no others."""
    return EpisodeView(
        jax.tree.map(lambda rows: rows[:, seat], trajectory.observations),
        trajectory.actions[:, seat],
        trajectory.rewards[:, seat],
        trajectory.continues[:, seat],
        trajectory.extras[seat],
    )


def over_others(view: EpisodeView, of: Callable[[EpisodeView], jax.Array]) -> jax.Array:
    """The sum of ``of(other)[T]`` over the other seats whose advantages are known."""
    parts = [of(other) for other in view.others if other.advantages is not None]
    return sum(parts[1:], parts[0]) if parts else jnp.zeros_like(view.rewards)


def as_one_batch(kinds: Sequence[Any]) -> Any:
    """What episodes ``[B, n]`` of several kinds of opponents teach, as one batch ``[episodes]``."""

    def flat(*leaves: jax.Array) -> jax.Array:
        together = jnp.concatenate(leaves, 1)
        return together.reshape(-1, *together.shape[2:])

    return jax.tree.map(flat, *kinds)
