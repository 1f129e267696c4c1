"""Every algorithm by the one name that it has everywhere."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from loqa_agents.algorithms.estimators import OpponentModel, Weights
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.algorithms.weights.advantage_alignment import advantage_alignment_weights
from loqa_agents.algorithms.weights.loqa import loqa_weights, n_step_weights
from loqa_agents.algorithms.weights.naive import naive_weights
from loqa_agents.algorithms.weights.prosocial import prosocial_weights
from loqa_envs.wording import shown

ALGORITHMS: dict[str, Callable[[EpisodeView, OpponentModel, float], Weights]] = {
    "loqa": loqa_weights,
    "loqa_n_step": n_step_weights,
    "advantage_alignment": advantage_alignment_weights,
    "naive": naive_weights,
    "prosocial": prosocial_weights,
}
"""Each makes `Weights` of one episode, a model of the opponents, and the discount. It is given all
values of the others, unless it has an attribute ``knows`` of less, see `Algorithm.knows`."""


EVERYTHING_SEEN = frozenset({"actions", "rewards", "values", "action_values"})
"""What an algorithm knows of the others that says nothing of it."""


def judge(algorithm: str, view: EpisodeView, model: OpponentModel, discount: float) -> Weights:
    """What the algorithm of that name makes of an episode.

    Raises:
        ValueError: if that is no `Weights`, such as the sum of both.
    """
    weights: Any = ALGORITHMS[algorithm](view, model, discount)
    form = view.advantages.shape
    if not isinstance(weights, tuple) or [jnp.shape(part) for part in weights] != [form] * 2:
        raise ValueError(
            f"the algorithm {algorithm} must return Weights(own, shaping), an array of {form[0]} "
            f"steps each, which the learner weighs against each other; got {shown(weights)}."
        )
    return Weights(*weights)
