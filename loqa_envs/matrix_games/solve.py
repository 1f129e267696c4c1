"""Exact values of an iterated matrix game between two players without memory; differentiable.

Such a player is its probability of cooperating after START, CC, CD, DC, DD. The state of the game
is then one of five situations, so its values are dynamic programmes over 5 x T numbers. All tables
below are in the view of the first player, in whatever seat it sits: situations s and outcomes o
(CC, CD, DC, DD) name its own move first, and outcome o leads to situation 1 + o.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loqa_envs.arrays import Array
from loqa_envs.matrix_games.game import OTHER_VIEW, MatrixGame

_OTHER_OUTCOME = OTHER_VIEW[1:] - 1
_OWN_MOVE, OTHER_MOVE = np.array([[0, 0, 1, 1], [0, 1, 0, 1]], np.int32)
"""What each has done in each outcome."""


class Solution(NamedTuple):
    """One pair of players, solved; T steps, 5 situations, 4 outcomes, 2 actions."""

    values: jax.Array
    """``[T + 1, 5]`` of the first player; the last row is zero."""
    advantages: jax.Array
    """``[T, 5, 4]`` of the first player: reward and next value less value."""
    other_advantages: jax.Array
    """``[T, 5, 4]`` of the second player."""
    other_action_values: jax.Array
    """``[T, 5, 2]`` of the second player, by its own action."""
    outcomes: jax.Array
    """``[5, 4]``: probability of each outcome in each situation."""
    occupancy: jax.Array
    """``[T + 1, 5]``: probability of each situation at each step."""


def solve(game: MatrixGame, own: Array, other: Array, discount: float, seat: int = 0) -> Solution:
    """Solve the game between memory-one players ``own[5]`` in ``seat`` and ``other[5]``.

    Both are probabilities of cooperating after START, CC, CD, DC, DD in their own view.
    """
    own, other = jnp.asarray(own, jnp.float32), jnp.asarray(other, jnp.float32)[OTHER_VIEW]
    own_moves = jnp.stack([own, 1 - own], axis=-1)
    other_moves = jnp.stack([other, 1 - other], axis=-1)
    outcomes = own_moves[:, _OWN_MOVE] * other_moves[:, OTHER_MOVE]
    payoffs = _payoffs(game, seat)

    def back(after: jax.Array, _: None) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        targets = payoffs + discount * after[:, 1:]  # [P, 4]: does not depend on the situation
        values = targets @ outcomes.T  # [P, 5]
        return values, (values, targets)

    _, (values, targets) = jax.lax.scan(
        back, jnp.zeros((2, 5), jnp.float32), None, length=game.episode_length, reverse=True
    )
    advantages = targets[:, :, None, :] - values[:, :, :, None]  # [T, P, 5, 4]
    # Sum over own moves, for each move of the other's: outcomes (0, 2) have it cooperate.
    other_action_values = jnp.einsum(
        "sa,tba->tsb", own_moves, targets[:, 1][:, np.array([[0, 2], [1, 3]], np.int32)]
    )

    def forward(now: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        return jnp.append(jnp.float32(0), now @ outcomes), now

    last, occupancy = jax.lax.scan(
        forward, jnp.zeros(5, jnp.float32).at[0].set(1.0), None, length=game.episode_length
    )
    return Solution(
        values=jnp.concatenate([values[:, 0], jnp.zeros((1, 5), jnp.float32)]),
        advantages=advantages[:, 0],
        other_advantages=advantages[:, 1],
        other_action_values=other_action_values,
        outcomes=outcomes,
        occupancy=jnp.concatenate([occupancy, last[None]]),
    )


def mean_rewards(game: MatrixGame, own: Array, other: Array) -> jax.Array:
    """Expected reward per step over an episode, ``[2]``: of ``own[5]`` in the first seat, and of
    ``other[5]`` in the second."""
    solved = solve(game, own, other, 1.0)
    return _payoffs(game, 0) @ (solved.occupancy[:-1].mean(0) @ solved.outcomes)


def best_response(
    game: MatrixGame, other: Array, discount: float = 1.0, seat: int = 0
) -> tuple[Array, Array]:
    """The best reply of ``seat`` to a memory-one player ``other[5]``.

    Returns its values ``[T + 1, 5]`` and whether it cooperates, ``bool[T, 5]``. The value of the
    whole episode is ``values[0, 0]``; undiscounted, divide by T for the mean reward per step.
    """
    other = jnp.asarray(other, jnp.float32)[OTHER_VIEW]
    other_moves = jnp.stack([other, 1 - other], axis=-1)

    def back(after: jax.Array, _: None) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        targets = (game.payoff_table[seat] + discount * after[1:]).reshape(2, 2)
        action_values = other_moves @ targets.T  # [5, own action]
        values = action_values.max(-1)
        return values, (values, action_values[:, 0] >= action_values[:, 1])

    _, (values, cooperates) = jax.lax.scan(
        back, jnp.zeros(5, jnp.float32), None, length=game.episode_length, reverse=True
    )
    return jnp.concatenate([values, jnp.zeros((1, 5), jnp.float32)]), cooperates


def _payoffs(game: MatrixGame, seat: int) -> jax.Array:
    """``[2, 4]``: of ``seat`` and of the other after each outcome, as ``seat`` names it."""
    return jnp.stack([game.payoff_table[seat], game.payoff_table[1 - seat][_OTHER_OUTCOME]])
