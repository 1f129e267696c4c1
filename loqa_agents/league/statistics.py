"""Means of a league and how far they can be trusted: a bootstrap over seeds, then episodes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DRAWS = 400
"""Resamples behind an interval."""
LEVELS = (2.5, 97.5)
"""Percentiles of an interval of 95 %."""

Floats = NDArray[np.floating]


class Estimate(NamedTuple):
    """A mean and its interval of 95 %; an array each, or a number."""

    mean: Floats
    low: Floats
    high: Floats


class Estimates(NamedTuple):
    """What a measurement says of a league of N entrants in K teams."""

    pairs: Estimate
    """``[N, N]``: the row against the column; the interval is over episodes."""
    teams: Estimate
    """``[K, K]``: the same of teams, every seed of one with every seed of the other; the interval
    is over seeds, then episodes. A team with itself: all its pairs of different seeds, or the one
    seed with itself."""
    same_seed: Estimate
    """``[K]``: each seed of the team with itself."""
    cross_seed: Estimate
    """``[K]``: different seeds of the team; NaN for teams of one. Draws of seeds without two
    different ones are left out, so with two seeds the interval is over episodes only."""


class Averages(NamedTuple):
    """The means of `Estimates` alone."""

    pairs: Floats
    teams: Floats
    same_seed: Floats
    cross_seed: Floats


def average(episodes: Floats, teams: Sequence[str]) -> Averages:
    """Means of ``episodes[N, N, E]``, as in `Estimates`."""
    means = episodes.mean(-1, dtype=np.float64)
    members = _members(teams)
    same = np.array([means[own, own].mean() for own in members])
    both = np.array([[means[np.ix_(one, other)].mean() for other in members] for one in members])
    cross = np.array(
        [
            means[np.ix_(own, own)][~np.eye(len(own), dtype=bool)].mean()
            if len(own) > 1
            else np.nan
            for own in members
        ]
    )
    np.fill_diagonal(both, np.where([len(own) > 1 for own in members], cross, same))
    return Averages(means, both, same, cross)


def estimate(
    episodes: Floats, teams: Sequence[str], seed: int = 0, common: bool = False
) -> Estimates:
    """Estimates of ``episodes[N, N, E]``, a number for each episode of the row with the column.

    Pairs that were not played are NaN, and so is what needs them. The episodes of a pair are drawn
    alike for both of its players, and if they are ``common``, alike for all pairs.
    """
    generator = np.random.default_rng(seed)
    members = _members(teams)
    averages = average(episodes, teams)
    drawn = _resampled(episodes, generator, common)  # [N, N, D]
    seeds = [generator.integers(len(team), size=(DRAWS, len(team))) for team in members]
    draws = np.arange(DRAWS)[:, None]

    def of_same(k: int) -> Floats:
        picked = members[k][seeds[k]]
        same: Floats = drawn[picked, picked, draws].mean(1)
        return same

    def of_both(k: int, other: int) -> Floats:
        rows, columns = members[k], members[other]
        picked: Floats = drawn[
            rows[seeds[k]][:, :, None], columns[seeds[other]][:, None, :], draws[:, :, None]
        ]
        if k != other:
            whole: Floats = picked.mean((1, 2))
            return whole
        different = seeds[k][:, :, None] != seeds[k][:, None, :]
        # A draw of one seed only has no pair of different ones, and says nothing.
        number = different.sum((1, 2))
        sums = np.where(different, picked, 0).sum((1, 2))
        return np.where(number > 0, sums / np.maximum(number, 1), np.nan)

    every = range(len(members))
    same = np.stack([of_same(k) for k in every])
    both = np.stack([np.stack([of_both(k, other) for other in every]) for k in every])
    cross = both[every, every].copy()
    for k in every:
        if len(members[k]) == 1:
            both[k, k] = same[k]
    return Estimates(
        Estimate(averages.pairs, *_interval(drawn)),
        _bounded(averages.teams, both),
        _bounded(averages.same_seed, same),
        _bounded(averages.cross_seed, cross),
    )


def _members(teams: Sequence[str]) -> list[NDArray[np.intp]]:
    """The numbers of each team's entrants."""
    names = dict.fromkeys(teams)
    return [np.array([i for i, team in enumerate(teams) if team == name]) for name in names]


def _resampled(episodes: Floats, generator: np.random.Generator, common: bool) -> Floats:
    """``[N, N, D]``: means of as many episodes, drawn with replacement."""
    number, _, length = episodes.shape
    drawn = np.full((number, number, DRAWS), np.nan)
    shares = _shares(length, generator)
    for i in range(number):
        for j in range(i, number):
            if np.isnan(episodes[i, j, 0]):
                continue
            drawn[i, j], drawn[j, i] = shares @ episodes[i, j], shares @ episodes[j, i]
            if not common:
                shares = _shares(length, generator)
    return drawn


def _shares(length: int, generator: np.random.Generator) -> Floats:
    """``[D, E]``: how often each draw has each episode, as a share of all.

    A product with these is quicker than picking episodes one by one.
    """
    picked = generator.integers(length, size=(DRAWS, length), dtype=np.int32)
    picked += np.arange(DRAWS, dtype=np.int32)[:, None] * length
    counts = np.bincount(picked.ravel(), minlength=DRAWS * length)
    return counts.reshape(DRAWS, length) / length


def _bounded(means: Floats, draws: Floats) -> Estimate:
    low, high = _interval(draws)
    low[np.isnan(means)] = high[np.isnan(means)] = np.nan  # some, but not all, was played
    return Estimate(means, low, high)


def _interval(draws: Floats) -> tuple[Floats, Floats]:
    """Bounds over the last axis; NaN where there is nothing."""
    bounds = np.full((2, *draws.shape[:-1]), np.nan)
    known = ~np.isnan(draws).all(-1)
    if known.any():
        bounds[:, known] = np.nanpercentile(draws[known], LEVELS, axis=-1)
    return bounds[0], bounds[1]
