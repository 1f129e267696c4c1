"""What sampling estimates, computed exactly: weights of players without memory in matrix games.

Tables are those of `loqa_envs.matrix_games.solve`: situations and outcomes name the first player's
own move first.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.estimators import past_factors
from loqa_agents.algorithms.weights.loqa import Shaping
from loqa_envs.arrays import Array
from loqa_envs.matrix_games.solve import OTHER_MOVE, Solution


class Terms(NamedTuple):
    """What the two parts of an algorithm's weights are on average, ``[T, 5, 4]`` each.

    A number is the mean over all episodes of the weight of a step in that situation with that
    outcome, where the episode is there and 0 elsewhere: the probability of the situation counts,
    that of the outcome does not yet. ``shaping`` is of unit weight.
    """

    own: jax.Array
    shaping: jax.Array
    own_squared: jax.Array
    shaping_squared: jax.Array


def expected_terms(solved: Solution, shaping: Shaping, discount: float, algorithm: str) -> Terms:
    """The algorithm's weights and their squares, with exact one-step advantages.

    Raises:
        ValueError: for an algorithm that has no closed form here.
    """
    own = solved.occupancy[:-1, :, None] * solved.advantages
    if algorithm == "naive":
        nothing = jnp.zeros_like(own)
        return Terms(own, nothing, own * solved.advantages, nothing)
    influence = _influence(solved, shaping, algorithm)
    factor, front = past_factors(shaping.past, shaping.decay, discount, len(influence))
    traces, squares = _expected_traces(solved, influence, factor)
    by_their_choice = jnp.reshape(jnp.float32(front), (-1, 1, 1)) * solved.other_advantages
    return Terms(
        own,
        traces[:, :, None] * by_their_choice,
        own * solved.advantages,
        squares[:, :, None] * by_their_choice**2,
    )


def by_action(solved: Solution, weights: Array) -> jax.Array:
    """``[5, 2]``: the mean over steps of ``weights[T, 5, 4]``, by situation and own action."""
    return (weights * solved.outcomes).mean(0).reshape(5, 2, 2).sum(-1)


def expected_weights(
    solved: Solution, shaping: Shaping, discount: float, algorithm: str
) -> jax.Array:
    """How much the update raises each action's log-probability, ``[5, 2]``, mean over steps.

    The expectation of the algorithm's weights over episodes, with exact one-step advantages: the
    expected policy gradient is the sum over situations and actions of these numbers times the
    gradient of the log-probability.

    Raises:
        ValueError: for an algorithm that has no closed form here.
    """
    terms = expected_terms(solved, shaping, discount, algorithm)
    return by_action(solved, terms.own + shaping.weight * terms.shaping)


def _influence(solved: Solution, shaping: Shaping, algorithm: str) -> jax.Array:
    """``u[T, 5, 4]``: what the other's choice did for the first player, times how movable it is."""
    if algorithm == "advantage_alignment":
        return solved.advantages
    if algorithm != "loqa":
        raise ValueError(
            "the exact update knows the algorithms loqa, advantage_alignment and naive; "
            f"got {algorithm!r}."
        )
    probabilities = jax.nn.softmax(solved.other_action_values / shaping.temperature)
    return solved.advantages * (1 - probabilities[:, :, OTHER_MOVE]) / shaping.temperature


def _expected_traces(
    solved: Solution, influence: jax.Array, factor: float
) -> tuple[jax.Array, jax.Array]:
    """``E[C_t; s_t = s]`` and ``E[C_t ** 2; s_t = s]``, ``[T, 5]`` each."""

    def step(traces: tuple[jax.Array, jax.Array], xs: tuple[jax.Array, jax.Array]) -> Any:
        influence, occupancy = xs
        first, second = (trace[:, None] for trace in traces)
        credit = factor * first + occupancy[:, None] * influence
        square = factor**2 * second + influence * (
            2 * factor * first + occupancy[:, None] * influence
        )
        after = (jnp.append(jnp.float32(0), (solved.outcomes * x).sum(0)) for x in (credit, square))
        return tuple(after), traces

    start = (jnp.zeros(5, jnp.float32),) * 2
    _, (first, second) = jax.lax.scan(step, start, (influence, solved.occupancy[:-1]))
    return first, second
