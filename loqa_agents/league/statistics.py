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


def estimate(
    episodes: Floats, teams: Sequence[str], seed: int = 0, common: bool = False
) -> Estimates:
    """Estimates of ``episodes[N, N, E]``, a number for each episode of the row with the column.

    Pairs that were not played are NaN, and so is what needs them. The episodes of a pair are drawn
    alike for both of its players, and if they are ``common``, alike for all pairs.
    """
    generator = np.random.default_rng(seed)
    names = list(dict.fromkeys(teams))
    members = [np.array([i for i, team in enumerate(teams) if team == name]) for name in names]
    means = episodes.mean(-1, dtype=np.float64)
    drawn = _resampled(episodes, generator, common)  # [N, N, D]
    seeds = [generator.integers(len(team), size=(DRAWS, len(team))) for team in members]
    draws = np.arange(DRAWS)[:, None]

    def of_same(k: int) -> tuple[float, Floats]:
        own = members[k]
        picked = own[seeds[k]]
        return means[own, own].mean(), drawn[picked, picked, draws].mean(1)

    def of_both(k: int, other: int) -> tuple[float, Floats]:
        rows, columns = members[k], members[other]
        whole = means[np.ix_(rows, columns)]
        picked = drawn[
            rows[seeds[k]][:, :, None], columns[seeds[other]][:, None, :], draws[:, :, None]
        ]
        if k != other:
            return whole.mean(), picked.mean((1, 2))
        if len(rows) == 1:
            return np.nan, np.full(DRAWS, np.nan)
        different = seeds[k][:, :, None] != seeds[k][:, None, :]
        # A draw of one seed only has no pair of different ones, and says nothing.
        number = different.sum((1, 2))
        sums = np.where(different, picked, 0).sum((1, 2))
        cross = np.where(number > 0, sums / np.maximum(number, 1), np.nan)
        return whole[~np.eye(len(rows), dtype=bool)].mean(), cross

    same = [of_same(k) for k in range(len(names))]
    cells = [[of_both(k, other) for other in range(len(names))] for k in range(len(names))]
    cross = [cells[k][k] for k in range(len(names))]
    for k in range(len(names)):
        if len(members[k]) == 1:
            cells[k][k] = same[k]
    return Estimates(
        Estimate(means, *_interval(drawn)),
        _gathered([cell for row in cells for cell in row], (len(names), len(names))),
        _gathered(same, (len(names),)),
        _gathered(cross, (len(names),)),
    )


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


def _gathered(cells: Sequence[tuple[float, Floats]], shape: tuple[int, ...]) -> Estimate:
    means = np.array([mean for mean, _ in cells])
    low, high = _interval(np.stack([draws for _, draws in cells]))
    low[np.isnan(means)] = high[np.isnan(means)] = np.nan  # some, but not all, was played
    return Estimate(*(array.reshape(shape) for array in (means, low, high)))


def _interval(draws: Floats) -> tuple[Floats, Floats]:
    """Bounds over the last axis; NaN where there is nothing."""
    bounds = np.full((2, *draws.shape[:-1]), np.nan)
    known = ~np.isnan(draws).all(-1)
    if known.any():
        bounds[:, known] = np.nanpercentile(draws[known], LEVELS, axis=-1)
    return bounds[0], bounds[1]
