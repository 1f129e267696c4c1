"""Means of teams, and what they need."""

import numpy as np
import pytest

from loqa_agents.league.statistics import estimate


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


def test_what_needs_a_pair_that_was_not_played_is_unknown():
    episodes = WORKED.copy()
    episodes[1, 2] = episodes[2, 1] = np.nan
    found = estimate(episodes, ["a", "a", "b"])
    np.testing.assert_array_equal(np.isnan(found.teams.mean), [[False, True], [True, False]])
    assert np.isnan(found.teams.low[0, 1])
    for part in (found.pairs.mean, found.pairs.low):
        np.testing.assert_array_equal(np.isnan(part), np.isnan(episodes[:, :, 0]))


def test_seeds_that_were_not_sampled_have_no_interval():
    found = estimate(WORKED, ["a", "a", "b"])
    # One seed of b, and one pair of the two seeds of a; against b, it is over the seeds of a.
    np.testing.assert_array_equal(np.isnan(found.same_seed.low), [False, True])
    assert np.isnan(found.cross_seed.low).all()
    np.testing.assert_array_equal(np.isnan(found.teams.low), [[True, False], [False, True]])
    assert not np.isnan(found.pairs.low).any()


def test_what_one_gains_and_the_other_loses_has_one_interval():
    gains = np.random.default_rng(2).normal(0, 1, (4, 3, 50))
    episodes = np.zeros((7, 7, 50))
    episodes[:4, 4:], episodes[4:, :4] = gains, -gains.swapaxes(0, 1)
    found = estimate(episodes, ["a"] * 4 + ["b"] * 3)
    np.testing.assert_allclose(found.pairs.low, -found.pairs.high.T)
    np.testing.assert_allclose(found.teams.low, -found.teams.high.T)


def test_a_seed_is_not_taken_for_another():
    # Itself it gets 100 from, another seed 1.
    found = estimate(table((np.eye(3) * 99 + 1).tolist()), ["a"] * 3)
    for level, expected in ((found.cross_seed, 1), (found.same_seed, 100)):
        assert (level.low[0], level.mean[0], level.high[0]) == (expected,) * 3


def test_what_all_pairs_share_does_not_fade_with_more_of_them():
    luck = np.random.default_rng(3).normal(0, 1, 64)
    episodes = np.broadcast_to(luck, (12, 12, 64))
    apart, common = (estimate(episodes, ["a"] * 9 + ["b"] * 3, shared) for shared in (False, True))
    for level in ("teams", "same_seed", "cross_seed"):
        ours, pair = getattr(common, level), common.pairs
        np.testing.assert_allclose(ours.high - ours.low, pair.high[0, 1] - pair.low[0, 1])
        np.testing.assert_allclose(getattr(apart, level).high, luck.mean())  # seeds do not differ


TRUTHS = {
    "rows": (1, 0.1, 0.1),
    "columns": (0.1, 1, 0.1),
    "both": (1, 1, 0),
    "pairs": (0.3, 0.3, 1),
}


@pytest.mark.parametrize("truth", TRUTHS.values(), ids=TRUTHS)
@pytest.mark.parametrize("sizes", [(3, 3), (10, 10), (3, 10)])
def test_intervals_hold_the_truth(sizes, truth):
    """``benchmarks/coverage.py`` looks at more truths, more closely."""
    generator = np.random.default_rng(5)
    seeds, trials = sum(sizes), 1500
    row, column = (sd * generator.normal(size=(trials, seeds, 1)) for sd in truth[:2])
    pairs = row + column.swapaxes(1, 2) + truth[2] * generator.normal(size=(trials, seeds, seeds))
    noise = 0.5 * generator.normal(size=(trials, seeds, seeds, 4))
    found = estimate(pairs[..., None] + noise, ["a"] * sizes[0] + ["b"] * sizes[1])
    for level, place in ((found.teams, (0, 1)), (found.same_seed, (0,)), (found.cross_seed, (0,))):
        low, high = (end[(slice(None), *place)] for end in (level.low, level.high))
        assert np.mean((low <= 0) & (high >= 0)) >= 0.93
