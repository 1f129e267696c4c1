"""Games whose every step is a lookup: exact values of players without memory; differentiable.

The last joint outcome is all that such a game remembers. A player without memory is therefore its
probability of action 0 in each situation that its seat can see, and the game between such players
a Markov chain over joint outcomes.
"""

from functools import reduce
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_envs.arrays import Array

_UNROLLED = 16
"""The largest system whose elimination is written out, which is quicker to run."""


class Outcomes(NamedTuple):
    """A game of P seats with two actions as two tables over its 2^P joint outcomes.

    Outcomes are numbered by the actions as binary digits, that of seat 0 first: of three seats,
    outcome 6 is (1, 1, 0).
    """

    payoffs: NDArray[np.float32]
    """``[P, 2^P]``: the reward of each seat."""
    views: NDArray[np.int32]
    """``[P, 1 + 2^P]``: which of the game's ``situations`` each seat sees at the start, and after
    each outcome."""


def joint_actions(num_players: int) -> NDArray[np.int32]:
    """``[P, 2^P]``: what each seat does in each outcome."""
    return np.indices((2,) * num_players, np.int32).reshape(num_players, -1)


def endless_values(outcomes: Outcomes, cooperation: Array, discount: float) -> jax.Array:
    """``[P]``: the sum of discounted rewards of each seat in a game that never ends.

    ``cooperation[P, situations]`` is how probably each seat takes action 0 in each situation;
    ``discount`` is below 1. Times 1 - ``discount`` it is the discounted mean reward per step.
    """
    cooperation = jnp.asarray(cooperation, jnp.float32)
    seen = jnp.stack([row[view] for row, view in zip(cooperation, outcomes.views, strict=True)])
    moves = joint_actions(len(outcomes.views))[:, None]  # [P, 1, 2^P]
    each = jnp.where(moves == 0, seen[:, :, None], 1 - seen[:, :, None])
    chances = reduce(jnp.multiply, each)  # [1 + 2^P, 2^P]
    # visits = chances[0] + discount * visits @ chances[1:]
    ways = jnp.eye(chances.shape[1], dtype=jnp.float32) - jnp.float32(discount) * chances[1:].T
    visits = _solved(ways, chances[0])
    return jnp.asarray(outcomes.payoffs @ visits)


def _solved(matrix: jax.Array, right: jax.Array) -> jax.Array:
    """``matrix``⁻¹ ``right``, by elimination without exchanging rows.

    That is stable where the diagonal dominates, as it does here. Batches of LAPACK's solvers are no
    alternative: in jaxlib 0.10 two of them that run at once can wait for each other for ever.
    """
    size = len(right)
    places = np.arange(size, dtype=np.int32)

    def eliminated(rows: jax.Array, place: Array | int) -> tuple[jax.Array, None]:
        own: Array = (places == place).astype(np.float32)
        pivot = rows[place] / rows[place, place]
        return rows - (rows[:, place] - own)[:, None] * pivot[None], None

    rows = jnp.concatenate([matrix, right[:, None]], axis=1)
    if size > _UNROLLED:
        return jax.lax.scan(eliminated, rows, jnp.asarray(places))[0][:, -1]
    for place in range(size):
        rows, _ = eliminated(rows, place)
    return rows[:, -1]
