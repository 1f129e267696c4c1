"""Games whose every step is a lookup: exact values of players without memory; differentiable.

The last joint outcome is all that such a game remembers. A player without memory is therefore its
probability of action 0 in each situation that its seat can see, and the game between such players
a Markov chain over joint outcomes.
"""

import math
from functools import reduce
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_envs.arrays import Array

_NEGLIGIBLE = 1e-8
"""What a discounted step may weigh that is left out; float32 tells no less from nothing."""


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
    visits, chain = chances[0], jnp.float32(discount) * chances[1:]
    # The sum over steps, of twice as many each time. Solving the linear system would be shorter,
    # but batches of LAPACK's solvers wait for each other for ever in some versions of jaxlib.
    for _ in range(_doublings(discount)):
        visits, chain = visits + visits @ chain, chain @ chain
    values: jax.Array = outcomes.payoffs @ visits
    return values


def _doublings(discount: float) -> int:
    """After how many doublings of the steps that are counted the rest is negligible."""
    if discount <= 0:
        return 0
    return math.ceil(math.log2(max(1.0, math.log(_NEGLIGIBLE) / math.log(discount))))
