r"""Means and their intervals of 95 %, by Student's t: over seeds, pairs of seeds, and episodes.

The seeds of a training are a sample of all that it could have been given, so an interval says where
the mean over all of them lies. All functions take further axes in front.

Numbers of pairs, ``values[i, j]`` of seed i with seed j, are no sample of their own: pairs share
seeds. The model is ``values[i, j] = mean + row[i] + column[j] + rest[i, j]``, in which each part
has a variance of its own, and the row and column of one seed may be correlated. Where a variance is
a sum of several with different degrees of freedom, the quantile is the mean of their quantiles
weighted by their shares (Cochran, Biometrics 1964), which errs to the wide side.
``benchmarks/coverage.py`` shows how often the intervals hold the truth.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

LEVEL = 0.95


class Estimate(NamedTuple):
    """Means with what is known of their errors; arrays of one shape. NaN is unknown."""

    mean: Floats
    variance: Floats
    """Of the mean."""
    reach: Floats
    """Standard errors that the interval reaches to each side."""
    shared: Floats | None = None
    """``[..., E]``: what each of the episodes that all pairs share adds to the error of the mean,
    so scaled that products of two means sum up to their covariance."""

    @property
    def low(self) -> Floats:
        return self.mean - self.reach * np.sqrt(self.variance)

    @property
    def high(self) -> Floats:
        return self.mean + self.reach * np.sqrt(self.variance)

    def at(self, *place: int) -> dict[str, float | None]:
        """Mean and bounds at a place, as JSON data: what is not known is None."""
        numbers = {name: float(getattr(self, name)[place]) for name in Interval._fields}
        return {name: None if np.isnan(n) else round(n, 6) for name, n in numbers.items()}

    def on_shared(self, episodes: Floats) -> Self:
        """The same, where all pairs had the same random numbers in episode e of ``[..., E]``.

        Then more seeds do not make the error of episodes smaller. What is each pair's own of it is
        counted twice, here and among seeds.
        """
        _, variance, reach, shared = over_episodes(episodes, common=True)
        total, together = _together((self.variance, self.reach), (variance, reach))
        return self._replace(variance=total, reach=together, shared=shared)


class Interval(NamedTuple):
    mean: Floats
    low: Floats
    high: Floats


def over_seeds(values: Floats) -> Estimate:
    """The mean of ``values[..., n]``, one for each seed; nothing is known of its error for one."""
    n = values.shape[-1]
    mean = values.mean(-1)
    if n < 2:
        return _alone(mean)
    return Estimate(mean, values.var(-1, ddof=1) / n, _student(np.full(mean.shape, n - 1)))


def over_same_seeds(values: Floats) -> Estimate:
    """The mean on the diagonal of ``values[..., n, n]``: each seed with itself."""
    return over_seeds(np.diagonal(values, axis1=-2, axis2=-1))


def over_pairs(values: Floats) -> Estimate:
    """The mean of ``values[..., n, n]`` off the diagonal: different seeds of one team.

    Leaving out a seed with all its pairs gives the variance (jackknife of a U-statistic: Arvesen,
    Annals of Mathematical Statistics 1969). It counts what is not of one seed alone, but of a pair,
    about twice. Two seeds are one pair, which says nothing of the error, and one has none at all.
    """
    n = values.shape[-1]
    if n < 2:
        return _alone(np.full(values.shape[:-2], np.nan))
    pairs = np.where(np.eye(n, dtype=bool), 0, values + values.swapaxes(-1, -2)) / 2
    with_others = pairs.sum(-1) / (n - 1)
    mean = with_others.mean(-1)
    if n < 3:
        return _alone(mean)
    squares = ((with_others - mean[..., None]) ** 2).sum(-1)
    variance = 4 * (n - 1) / (n * (n - 2) ** 2) * squares
    return Estimate(mean, variance, _student(np.full(mean.shape, n - 1)))


def over_two_teams(values: Floats) -> Estimate:
    """The mean of ``values[..., n, m]``: every seed of one team with every seed of another.

    From the analysis of variance of two crossed random factors, without negative components. A
    team of one is that very player: what is known is over the other team's seeds.
    """
    n, m = values.shape[-2:]
    rows, columns = over_seeds(values.mean(-1)), over_seeds(values.mean(-2))
    if n == 1 or m == 1:
        return columns if n == 1 else rows
    rest = values - values.mean(-1, keepdims=True) - values.mean(-2, keepdims=True)
    rest = rest + rows.mean[..., None, None]
    both = (rest**2).sum((-1, -2)) / ((n - 1) * (m - 1) * n * m)
    total, reach = _together(rows[1:3], columns[1:3])  # which have the rest twice
    larger = np.maximum(rows.variance, columns.variance)
    return Estimate(rows.mean, np.maximum(total - both, larger), reach)


def over_episodes(values: Floats, common: bool = False) -> Estimate:
    """The mean of ``values[..., E]``, every other one in the other order of seats.

    The difference between the two orders is no chance, since both are played equally often. Nothing
    is known of the error for fewer than four.
    """
    shares = deviations(values)
    squares = shares**2
    sums = np.stack([squares[..., start::2].sum(-1) for start in (0, 1)])
    each = np.array([(values.shape[-1] + 1) // 2 - 1, values.shape[-1] // 2 - 1])
    variance = sums.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Welch and Satterthwaite's degrees of freedom.
        freedom = variance**2 / np.tensordot(1 / each, sums**2, 1)
    freedom = np.where(variance == 0, each.sum(), freedom)
    shared = shares if common else None
    return Estimate(values.mean(-1, dtype=float), variance, _student(freedom), shared)


def deviations(values: Floats) -> Floats:
    """``[..., E]``: each episode's share of the error of the mean, as in `Estimate.shared`."""
    episodes = values.shape[-1]
    found = np.full(values.shape, np.nan)
    if episodes < 4:
        return found
    for start in (0, 1):
        part = values[..., start::2].astype(float)
        number = part.shape[-1]
        scale = np.sqrt(number / (number - 1)) / episodes
        found[..., start::2] = (part - part.mean(-1, keepdims=True)) * scale
    return found


def normalised(value: Estimate, one: Floats, zero: Floats) -> Interval:
    """``(value - zero) / (one - zero)``, where both references are means of episodes ``[..., E]``.

    The interval is Fieller's: all ratios r for which ``value - r one - (1 - r) zero`` is no further
    from 0 than chance explains, so that the errors of references count. Each variance goes with a
    quantile of its own (Banerjee, Sankhya 1960). NaN where the
    references are equal, or cannot be told apart.
    """
    references = over_episodes(np.stack([one, zero]), common=True)
    assert references.shared is not None
    top, bottom = references.mean
    # Squares of reaches, and products of those of two that are correlated.
    of_value, (of_one, of_zero) = (each.reach**2 * each.variance for each in (value, references))
    both = with_one = with_zero = np.float64(0)
    if value.shared is not None:
        shared = value.shared * value.reach[..., None]
        by_one, by_zero = references.shared * references.reach[..., None]
        with_one, with_zero = (shared * by_one).sum(-1), (shared * by_zero).sum(-1)
        both = (by_one * by_zero).sum(-1)
    of_apart = of_one + of_zero - 2 * both
    apart = np.where((top - bottom) ** 2 > np.maximum(of_apart, 1e-12), top - bottom, np.nan)
    ratio = (value.mean - bottom) / apart
    square = of_value + ratio**2 * of_one + (1 - ratio) ** 2 * of_zero
    square += 2 * (ratio * (1 - ratio) * both - ratio * with_one - (1 - ratio) * with_zero)
    slope = ratio * of_apart - of_zero + both - with_one + with_zero  # half of the square's
    # (apart d)² = square + 2 slope d + of_apart d², for d = the way from the ratio to an end.
    first = apart**2 - of_apart
    root = np.sqrt(np.maximum(slope**2 + first * square, 0))
    return Interval(ratio, ratio + (slope - root) / first, ratio + (slope + root) / first)


def _alone(mean: Floats) -> Estimate:
    unknown = np.full(np.shape(mean), np.nan)
    return Estimate(mean, unknown, unknown)


def _together(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """The sum of two variances, each given with its reach, and Cochran's reach of it."""
    total = one[0] + other[0]
    weighted = one[0] * one[1] + other[0] * other[1]
    return total, np.where(total > 0, weighted / np.where(total > 0, total, 1), one[1])


def _student(freedom: Floats) -> Floats:
    """The quantile of Student's t that `LEVEL` asks for."""
    from scipy.special import stdtrit  # only here, to keep everything else quick to load

    quantile: Floats = stdtrit(freedom, (1 + LEVEL) / 2)
    return quantile
