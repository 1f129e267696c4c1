"""Intervals against other ways to the same number."""

import numpy as np
import pytest
from scipy import stats

from loqa_agents.league.intervals import (
    Estimate,
    normalised,
    over_episodes,
    over_pairs,
    over_seeds,
    over_two_teams,
)

GENERATOR = np.random.default_rng(0)


def student(values: np.ndarray) -> tuple[float, float]:
    """SciPy's interval for the mean of a sample."""
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    return interval.low, interval.high


def ends(value: Estimate) -> tuple[float, float]:
    return float(value.low), float(value.high)


def test_over_seeds_it_is_that_of_student():
    values = GENERATOR.normal(3, 2, 7)
    assert ends(over_seeds(values)) == pytest.approx(student(values))


def test_against_one_player_it_is_over_the_others_seeds():
    values = GENERATOR.normal(3, 2, (7, 1))
    assert ends(over_two_teams(values)) == pytest.approx(student(values[:, 0]))
    assert ends(over_two_teams(values.T)) == pytest.approx(student(values[:, 0]))


@pytest.mark.parametrize("other", [3, 10])
def test_where_only_one_team_makes_a_difference_it_is_over_its_seeds(other):
    values = GENERATOR.normal(3, 2, (7, 1))
    both = np.repeat(values, other, 1)
    assert ends(over_two_teams(both)) == pytest.approx(student(values[:, 0]))


def test_rows_and_columns_add_their_variances():
    rows, columns = GENERATOR.normal(size=(6, 1)), GENERATOR.normal(size=(1, 4))
    expected = rows.var(ddof=1) / 6 + columns.var(ddof=1) / 4
    assert over_two_teams(rows + columns).variance == pytest.approx(expected)


def test_the_variance_of_two_teams_is_right_on_average():
    shape = (20_000, 4, 6)
    rows, columns = GENERATOR.normal(size=(20_000, 4, 1)), GENERATOR.normal(size=(20_000, 1, 6))
    found = over_two_teams(rows + 0.7 * columns + 0.5 * GENERATOR.normal(size=shape))
    expected = 1 / 4 + 0.49 / 6 + 0.25 / 24
    assert found.variance.mean() == pytest.approx(expected, rel=0.02)
    assert found.mean.var() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("seeds", [3, 4, 8])
def test_among_different_seeds_it_is_what_leaving_one_out_says(seeds):
    values = GENERATOR.normal(size=(seeds, seeds))

    def mean(kept: list[int]) -> float:
        return float(np.mean([values[i, j] for i in kept for j in kept if i != j]))

    everyone = list(range(seeds))
    without = np.array([mean([i for i in everyone if i != left]) for left in everyone])
    found = over_pairs(values)
    assert found.mean == pytest.approx(mean(everyone))
    expected = (seeds - 1) / seeds * ((without - without.mean()) ** 2).sum()
    assert found.variance == pytest.approx(expected)
    assert found.reach == pytest.approx(stats.t.ppf(0.975, seeds - 1))


def test_over_episodes_it_is_that_of_student_but_for_what_the_order_of_seats_does():
    values = GENERATOR.normal(size=400)
    assert ends(over_episodes(values)) == pytest.approx(student(values), abs=0.002)
    by_seat = values + 5 * (-1.0) ** np.arange(400)
    assert ends(over_episodes(by_seat)) == pytest.approx(ends(over_episodes(values)))


def test_equal_episodes_in_each_seat_leave_no_doubt():
    assert ends(over_episodes(np.array([1.0, 3, 1, 3, 1, 3]))) == (2, 2)


@pytest.mark.parametrize("episodes", [1, 2, 3])
def test_few_episodes_say_nothing_of_their_error(episodes):
    found = over_episodes(np.arange(episodes, dtype=float))
    assert found.mean == (episodes - 1) / 2
    assert np.isnan(ends(found)).all()


def reference(mean: float, error: float, episodes: int = 400) -> np.ndarray:
    """Episodes with exactly this mean and standard error."""
    values = GENERATOR.normal(size=episodes)
    values[0::2] -= values[0::2].mean()
    values[1::2] -= values[1::2].mean()
    return mean + values * error / np.sqrt(over_episodes(values).variance)


def test_where_references_are_certain_an_interval_is_moved_and_stretched():
    value = over_seeds(GENERATOR.normal(3, 2, 7))
    found = normalised(value, np.full(8, -1.0), np.full(8, 4.0))
    assert (found.low, found.mean, found.high) == pytest.approx(
        tuple((end - 4) / -5 for end in (value.high, value.mean, value.low))
    )


def test_errors_of_references_count():
    certain = Estimate(np.array([1.0, 0.0, 0.5]), np.zeros(3), np.full(3, 2.0))
    found = normalised(certain, reference(1, 0.05), reference(0, 0.02))
    # At 1 only the upper reference's error matters, at 0 only the lower one's.
    expected = 2 * 1.966 * np.array([0.05, 0.02, np.hypot(0.05, 0.02) / 2])
    np.testing.assert_allclose(found.high - found.low, expected, rtol=0.02)
    assert found.high[0] - 1 > 1 - found.low[0]  # a ratio is not symmetric


def test_a_ratio_holds_what_fieller_says():
    value = Estimate(np.float64(0.7), np.float64(0.1**2), np.float64(2.2))
    one, zero = reference(1.2, 0.1), reference(0.1, 0.08)
    found = normalised(value, one, zero)
    reach = float(over_episodes(one).reach)

    def surprise(ratio: float) -> float:
        squares = (2.2 * 0.1) ** 2 + (ratio * reach * 0.1) ** 2 + ((1 - ratio) * reach * 0.08) ** 2
        return (0.7 - ratio * 1.2 - (1 - ratio) * 0.1) ** 2 / squares

    assert surprise(float(found.low)) == pytest.approx(1, rel=0.01)
    assert surprise(float(found.high)) == pytest.approx(1, rel=0.01)
    assert found.low < found.mean < found.high


def test_what_has_the_episodes_of_a_reference_is_as_certain_as_it_is_like_it():
    one, zero = reference(1, 0.1), reference(0, 0.1)
    same = over_episodes(np.stack([one, zero]), common=True)
    found = normalised(same, one, zero)
    for end in found:
        np.testing.assert_allclose(end, [1, 0], atol=1e-6)
    apart = normalised(over_episodes(np.stack([one, zero])), one, zero)
    assert (apart.high - apart.low > 0.3).all()


@pytest.mark.parametrize("distance", [0.0, 0.1])
def test_nothing_is_normalised_by_references_that_cannot_be_told_apart(distance):
    value = over_seeds(np.arange(4.0))
    assert np.isnan(normalised(value, reference(distance, 0.1), reference(0, 0.1))).all()
