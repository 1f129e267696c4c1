"""The policy gradient that takes its opponent for part of the environment."""

import jax

from loqa_agents.estimators import Perspective


def naive_weights(view: Perspective) -> jax.Array:
    """Weights ``[T]`` of the learner's log-probabilities: its own advantages."""
    return view.advantages
