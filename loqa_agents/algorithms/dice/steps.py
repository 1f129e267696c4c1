"""The steps that others are expected to take, through which one differentiates."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import jax

from loqa_envs.game import Params

Objective: TypeAlias = Callable[[jax.Array, Sequence[Params], int], jax.Array]
"""``objective(key, actors, player)``: what a player wants to be large, from episodes with that key
among everyone's actors, the learner's first."""


def after_steps(
    objective: Objective,
    keys: Sequence[jax.Array],
    rate: float,
    own: Params,
    others: Sequence[Params],
) -> tuple[Params, ...]:
    """The others' parameters after a step of ``rate`` up their objectives for each of the keys.

    They take each step at the same time, and it can be differentiated by ``own``.
    """
    actors = (own, *others)
    for key in keys:
        after = (_stepped(objective, key, actors, player, rate) for player in range(1, len(actors)))
        actors = (own, *after)
    return actors[1:]


def plus(params: Params, rate: float, gradient: Params) -> Params:
    return jax.tree.map(lambda leaf, slope: leaf + rate * slope, params, gradient)


def _stepped(
    objective: Objective, key: jax.Array, actors: Sequence[Params], player: int, rate: float
) -> Params:
    """The parameters of ``player`` after a naive step."""

    def of(theirs: Params) -> jax.Array:
        return objective(key, (*actors[:player], theirs, *actors[player + 1 :]), player)

    return plus(actors[player], rate, jax.grad(of)(actors[player]))
