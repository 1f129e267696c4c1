"""Means of a league: of pairs over episodes, of teams over seeds."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loqa_agents.league.intervals import (
    Estimate,
    Floats,
    over_episodes,
    over_pairs,
    over_same_seeds,
    over_two_teams,
)

Members = NDArray[np.intp]


class Estimates(NamedTuple):
    """What a measurement says of a league of N entrants in K teams."""

    pairs: Estimate
    """``[N, N]``: the row against the column; the interval is over episodes."""
    teams: Estimate
    """``[K, K]``: the same of teams, every seed of one with every seed of the other; the interval
    is over seeds of those teams that have several, and unknown where neither has. A team with
    itself: all its pairs of different seeds, or the one seed with itself."""
    same_seed: Estimate
    """``[K]``: each seed of the team with itself; for a team of one, without an interval."""
    cross_seed: Estimate
    """``[K]``: different seeds of the team; NaN for a team of one, and without an interval for a
    team of two."""


class Averages(NamedTuple):
    """The means of `Estimates` alone."""

    pairs: Floats
    teams: Floats
    same_seed: Floats
    cross_seed: Floats


def average(episodes: Floats, teams: Sequence[str]) -> Averages:
    """Means of ``episodes[N, N, E]``, as in `Estimates`."""
    return Averages(*(level.mean for level in estimate(episodes, teams)))


def estimate(episodes: Floats, teams: Sequence[str], common: bool = False) -> Estimates:
    """Estimates of ``episodes[..., N, N, E]``: a number for each episode of row and column.

    Pairs that were not played are NaN, and so is what needs them. If episodes are ``common``, all
    pairs had the same random numbers in episode e.
    """
    names = dict.fromkeys(teams)
    members = [np.array([i for i, team in enumerate(teams) if team == name]) for name in names]

    def of(over: Callable[[Floats], Estimate], one: Members, other: Members) -> Estimate:
        block = episodes[..., one[:, None], other, :]
        found = over(block.mean(-1, dtype=float))
        if not common:
            return found
        by_episode = over(np.moveaxis(block, -1, 0).astype(float)).mean
        return found.on_shared(np.moveaxis(by_episode, 0, -1))

    def met(one: Members, other: Members) -> Estimate:
        if one is not other:
            return of(over_two_teams, one, other)
        return of(over_pairs if len(one) > 1 else over_same_seeds, one, one)

    return Estimates(
        over_episodes(episodes, common),
        _stack([_stack([met(one, other) for other in members]) for one in members], -2),
        _stack([of(over_same_seeds, own, own) for own in members]),
        _stack([of(over_pairs, own, own) for own in members]),
    )


def _stack(estimates: Sequence[Estimate], axis: int = -1) -> Estimate:
    """Estimates side by side, along a new axis of their means."""
    mean, variance, reach, shared = zip(*estimates, strict=True)
    return Estimate(
        np.stack(mean, axis),
        np.stack(variance, axis),
        np.stack(reach, axis),
        None if shared[0] is None else np.stack(shared, axis - 1),
    )
