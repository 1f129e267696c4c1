"""Means over seeds and episodes, and their intervals."""

import numpy as np
import pytest

from loqa_agents.league.statistics import DRAWS, estimate


def table(means: list[list[float]], episodes: int = 4) -> np.ndarray:
    """Every episode of a pair the same."""
    return np.repeat(np.array(means, float)[:, :, None], episodes, 2)


WORKED = table([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
"""Entrants a0, a1 and b, of the teams a and b."""


def test_a_team_meets_another_with_every_seed():
    teams = estimate(WORKED, ["a", "a", "b"]).teams.mean
    assert teams[0, 1] == (3 + 6) / 2
    assert teams[1, 0] == (7 + 8) / 2


def test_a_team_meets_itself_with_its_own_and_with_other_seeds():
    found = estimate(WORKED, ["a", "a", "b"])
    assert found.same_seed.mean.tolist() == [(1 + 5) / 2, 9]
    assert found.cross_seed.mean[0] == (2 + 4) / 2
    assert np.isnan(found.cross_seed.mean[1])  # one seed only
    assert found.teams.mean[0, 0] == (2 + 4) / 2
    assert found.teams.mean[1, 1] == 9


def test_teams_need_not_be_side_by_side():
    order = np.array([0, 2, 1])
    found = estimate(WORKED[np.ix_(order, order)], ["a", "b", "a"])
    expected = estimate(WORKED, ["a", "a", "b"])
    np.testing.assert_array_equal(found.teams.mean, expected.teams.mean)


def test_equal_episodes_leave_no_doubt():
    pairs = estimate(WORKED, ["a", "b", "c"]).pairs
    np.testing.assert_allclose(pairs.low, WORKED[:, :, 0])
    np.testing.assert_allclose(pairs.high, WORKED[:, :, 0])


def test_an_interval_over_episodes_is_about_two_standard_errors_each_way():
    episodes = np.random.default_rng(1).normal(3, 2, (2, 2, 400))
    found = estimate(episodes, ["a", "b"])
    error = episodes.std(-1) / np.sqrt(400)
    # Percentiles of 400 draws are known to about a tenth of that.
    for level in (found.pairs, found.teams):
        np.testing.assert_allclose(level.high - level.mean, 1.96 * error, rtol=0.25)
        np.testing.assert_allclose(level.mean - level.low, 1.96 * error, rtol=0.25)


def test_an_interval_is_that_of_a_bootstrap_by_brute_force():
    values = np.array([0.0, 1.0, 4.0, 9.0, 2.0])
    episodes = np.broadcast_to(values, (2, 2, 5))
    # All 5 ** 5 equally likely samples with replacement.
    samples = np.stack(np.meshgrid(*[values] * 5)).reshape(5, -1).mean(0)
    low, high = np.percentile(samples, (2.5, 97.5))
    ends = [estimate(episodes, ["a", "b"], seed).pairs for seed in range(20)]
    assert np.mean([end.low for end in ends]) == pytest.approx(low, abs=0.1)
    assert np.mean([end.high for end in ends]) == pytest.approx(high, abs=0.1)


def test_what_one_gains_and_the_other_loses_has_one_interval():
    # An episode is drawn for both of its players, so that a sum of zero stays one.
    gains = np.random.default_rng(2).normal(0, 1, 50)
    episodes = np.zeros((2, 2, 50))
    episodes[0, 1], episodes[1, 0] = gains, -gains
    pairs = estimate(episodes, ["a", "b"]).pairs
    assert pairs.low[0, 1] == pytest.approx(-pairs.high[1, 0])
    assert pairs.high[0, 1] == pytest.approx(-pairs.low[1, 0])


def test_seeds_that_differ_widen_an_interval():
    # Two seeds get 0 and 1 from b: a quarter of all draws are of the first only, and of the second.
    teams = estimate(table([[0, 0, 0], [0, 0, 1], [0, 0, 0]]), ["a", "a", "b"]).teams
    assert (teams.low[0, 1], teams.mean[0, 1], teams.high[0, 1]) == (0, 0.5, 1)
    teams = estimate(table([[0, 0, 1], [0, 0, 1], [0, 0, 0]]), ["a", "a", "b"]).teams
    assert (teams.low[0, 1], teams.mean[0, 1], teams.high[0, 1]) == (1, 1, 1)


def test_an_interval_over_seeds_is_about_two_standard_errors_each_way():
    by_seed = np.random.default_rng(3).normal(0, 1, 30)
    means = np.zeros((31, 31))
    means[:30, 30] = by_seed
    found = estimate(table(means.tolist(), 1), ["a"] * 30 + ["b"]).teams
    error = by_seed.std() / np.sqrt(30)
    assert found.high[0, 1] - found.mean[0, 1] == pytest.approx(1.96 * error, rel=0.25)


def test_a_seed_that_is_drawn_twice_is_not_taken_for_two():
    # Itself it gets 100 from, another seed 1: no draw may mix them up.
    found = estimate(table([[100, 1], [1, 100]]), ["a", "a"])
    assert (found.cross_seed.low[0], found.cross_seed.high[0]) == (1, 1)
    assert (found.same_seed.low[0], found.same_seed.high[0]) == (100, 100)


def test_what_needs_a_pair_that_was_not_played_is_unknown():
    episodes = WORKED.copy()
    episodes[1, 2] = episodes[2, 1] = np.nan
    found = estimate(episodes, ["a", "a", "b"])
    for part in found.teams:
        np.testing.assert_array_equal(np.isnan(part), [[False, True], [True, False]])
    for part in found.pairs:
        np.testing.assert_array_equal(np.isnan(part), np.isnan(episodes[:, :, 0]))


def test_the_same_seed_gives_the_same_interval():
    episodes = np.random.default_rng(4).normal(size=(3, 3, 20))
    one, same, other = (estimate(episodes, ["a", "a", "b"], seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.teams.low, same.teams.low)
    assert (one.pairs.low != other.pairs.low).any()
    assert DRAWS >= 400
