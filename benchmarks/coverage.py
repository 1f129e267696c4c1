"""How often do intervals of 95 % hold the truth, and how wide are they?

    python benchmarks/coverage.py

Leagues are simulated in which the truth is known: what seed i gets from seed j is ``mean + row[i] +
column[j] + rest[i, j]`` with the chance of episodes on top, and ``loqa_agents.league`` estimates
the mean. Writes ``benchmarks/results/coverage.json``: for each kind of truth and each number of
seeds, the share of trials whose interval holds the true mean, and the interval's mean length by
that of the shortest one that would hold it in 95 % of them (1.96 true standard errors each way).
Takes about a minute.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from machine import describe
from targets import at_least, print_rows

from loqa_agents.league.intervals import Estimate, Floats, normalised
from loqa_agents.league.statistics import estimate

RESULTS = Path(__file__).parent / "results" / "coverage.json"
TEAMS = ((2, 2), (3, 3), (5, 5), (10, 10), (3, 10), (1, 10))
EPISODES, AT_ONCE = 16, 500
MEAN = 0.8
"""True mean of all pairs; references are 1 and 0."""
AIMS = (0.93, 0.94)
LOPSIDED = ("skewed (exponential)", "one seed in five fails")
"""Truths that few seeds cannot tell: all of three succeed half of the time if one in five fails."""

Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]


def normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return generator.normal(size=shape)


def heavy(generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return generator.standard_t(3, shape) / np.sqrt(3)


def skewed(generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return generator.exponential(size=shape) - 1


def failing(generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return (0.2 - (generator.random(shape) < 0.2)) / 0.4


class Truth(NamedTuple):
    """Standard deviations of the parts, and how the seeds' are distributed."""

    what: str
    row: float
    column: float
    rest: float = 0.1
    noise: float = 1.0
    """Of an episode."""
    seeds: Draw = normal
    common: bool = False
    """Whether most of the noise is the same in all pairs."""


TRUTHS = (
    Truth("rows and columns", 0.5, 0.5),
    Truth("rows", 0.5, 0.02),
    Truth("columns", 0.02, 0.5),
    Truth("pairs", 0.15, 0.15, 0.5),
    Truth("episodes only", 0, 0, 0),
    Truth("heavy tails (Student's t of 3)", 0.5, 0.5, seeds=heavy),
    Truth("skewed (exponential)", 0.5, 0.5, seeds=skewed),
    Truth("one seed in five fails", 0.5, 0.5, seeds=failing),
    Truth("rows and columns, common chance", 0.5, 0.5, common=True),
    Truth("episodes only, common chance", 0, 0, 0, common=True),
)


class Trials(NamedTuple):
    episodes: Floats
    """``[trials, N, N, E]``"""
    pairs: Floats
    """``[trials, N, N]``: true means of these very seeds."""
    given: Floats
    """``[trials]``: true mean of the first seed over all opponents that it could have had."""
    references: Floats
    """``[2, trials, E]``"""


def simulate(generator: np.random.Generator, truth: Truth, seeds: int, trials: int) -> Trials:
    quality, other = (
        truth.seeds(generator, (trials, seeds)),
        truth.seeds(generator, (trials, seeds)),
    )
    row, column = truth.row * quality, truth.column * (quality + other) / np.sqrt(2)
    rest = truth.rest * generator.normal(size=(trials, seeds, seeds))
    pairs = MEAN + row[:, :, None] + column[:, None, :] + rest
    own = generator.normal(size=(trials, seeds, seeds, EPISODES))
    noise = (own + own.swapaxes(1, 2)) / 2  # a pair's episodes are the same for both
    alone = generator.normal(size=(2, trials, EPISODES))
    if truth.common:
        shared = generator.normal(size=(trials, EPISODES))
        noise = 0.3 * noise + shared[:, None, None]
        alone = 0.3 * alone + shared
    by_seat = 0.5 * (-1.0) ** np.arange(EPISODES)
    return Trials(
        pairs[..., None] + truth.noise * noise + by_seat,
        pairs,
        MEAN + row[:, 0],
        np.array([1, 0])[:, None, None] + 0.3 * truth.noise * alone,
    )


def intervals(
    truth: Truth, trials: Trials, sizes: tuple[int, int]
) -> Iterator[tuple[str, Floats, Floats, Floats]]:
    """Kinds of intervals, each with ``[trials]`` errors of the mean, and of both ends."""
    first, second = sizes
    found = estimate(trials.episodes, ["a"] * first + ["b"] * second, truth.common)
    kinds: list[tuple[str, Estimate, tuple[int, ...], Any]] = [
        ("two teams", found.teams, (0, 1), MEAN if first > 1 else trials.given)
    ]
    if first == second:
        kinds += [
            ("same seed", found.same_seed, (0,), MEAN),
            ("cross-play", found.cross_seed, (0,), MEAN),
            ("two seeds, over episodes", found.pairs, (0, -1), trials.pairs[:, 0, -1]),
        ]
    for what, level, place, true in kinds:
        of = (slice(None), *place)
        yield what, level.mean[of] - true, level.low[of] - true, level.high[of] - true
    if first > 1:
        teams = Estimate(*(None if part is None else part[:, 0, 1] for part in found.teams))
        mean, low, high = (end - MEAN for end in normalised(teams, *trials.references))
        yield "two teams, normalised", mean, low, high


def measure(truth: Truth, sizes: tuple[int, int], trials: int) -> Iterator[dict[str, Any]]:
    generator = np.random.default_rng([TRUTHS.index(truth), *sizes])
    parts: dict[str, list[Any]] = {}
    for _ in range(-(-trials // AT_ONCE)):
        for what, *ends in intervals(truth, simulate(generator, truth, sum(sizes), AT_ONCE), sizes):
            parts.setdefault(what, []).append(ends)
    for what, chunks in parts.items():
        mean, low, high = np.concatenate(chunks, 1)
        if np.isnan(low).all():  # one pair says nothing of seeds
            continue
        yield {
            "truth": truth.what, "interval": what, "seeds": list(sizes), "trials": len(mean),
            "holds": round(float(np.mean((low <= 0) & (high >= 0))), 4),
            "length": round(float(np.mean(high - low) / (2 * 1.96 * np.std(mean))), 2),
        }  # fmt: skip


def targets(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lowest share of each kind of interval, with three seeds or more in a team of several."""
    lowest: dict[str, float] = {}
    for row in rows:
        if 2 in row["seeds"]:
            continue
        what = row["truth"] if row["truth"] in LOPSIDED else row["interval"]
        lowest[what] = min(row["holds"], lowest.get(what, 1))
    return [
        at_least(f"share of intervals that hold the truth: {what}", share, *AIMS)
        for what, share in lowest.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=4000, help="leagues of each kind")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file for the numbers")
    arguments = parser.parse_args()
    rows = [
        row
        for truth in TRUTHS
        for sizes in TEAMS
        for row in measure(truth, sizes, arguments.trials)
    ]
    report = {"machine": describe(), "rows": rows, "targets": targets(rows)}
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    for row in rows:
        seeds = " and ".join(map(str, row["seeds"]))
        what = f"{row['truth']:32s} {row['interval']:26s} {seeds:>9s}"
        print(f"{what} {row['holds']:7.3f} {row['length']:6.2f}")
    print_rows(report["targets"])


if __name__ == "__main__":
    main()
