"""The Coin Game's thresholds, by records made by hand."""

import numpy as np
import pytest

from loqa_agents.runs.coin_game import crossings, satisfied, scale
from loqa_agents.runs.results import numbers
from loqa_envs import CoinGame


def record(seconds: float, *seeds: tuple[float, float]) -> dict:
    """An evaluation with a pair a seed: reward against itself and against always_defect."""
    itself, robbed = (list(rewards) for rewards in zip(*seeds, strict=True))
    versus = {"always_defect": {"agent": robbed, "opponent": robbed}}
    return {"wall_seconds": seconds, "self_play": itself, "versus": versus}


@pytest.mark.parametrize(
    ("size", "factor"), [(3, 2), (4, 4), (5, 4), (7, 6), ((4, 7), 4), ((7, 3), 2)]
)
def test_the_smaller_side_scales_rewards(size: int | tuple[int, int], factor: int) -> None:
    assert scale(CoinGame(size)) == factor


@pytest.mark.parametrize(
    ("itself", "robbed", "passed"),
    [
        # On 3x3 both are doubled: strong needs more than 0.1 and -0.1 per step.
        (0.11, -0.09, ["weak", "medium", "strong"]),
        (0.1, -0.09, ["weak", "medium"]),  # as much is not more
        (0.11, -0.1, ["weak", "medium"]),
        (0.34, -0.26, ["weak"]),
        (0.34, -0.61, []),
        (0.02, 0.0, []),
    ],
)
def test_a_threshold_asks_for_both(itself: float, robbed: float, passed: list[str]) -> None:
    found = satisfied(CoinGame(3), record(0, (itself, robbed)))
    assert [name for name in found if found[name] == [True]] == passed


def test_rewards_count_for_more_on_larger_boards() -> None:
    # 4 * 0.06 > 0.2 and 4 * -0.04 > -0.2, where 2 * 0.06 would not do.
    here = record(0, (0.06, -0.04))
    assert satisfied(CoinGame(4), here)["strong"] == [True]
    assert satisfied(CoinGame(3), here)["strong"] == [False]


GOOD, BAD = (0.3, -0.05), (0.0, -0.5)


def test_first_and_held_are_times_of_evaluations() -> None:
    records = [
        record(10, BAD, GOOD, BAD, BAD, GOOD),
        record(20, GOOD, GOOD, BAD, GOOD, BAD),
        record(30, BAD, GOOD, BAD, GOOD, GOOD),
        record(40, GOOD, GOOD, BAD, GOOD, BAD),
    ]
    strong = crossings(CoinGame(3), records)["strong"]
    assert strong["first"] == [20, 10, None, 20, 10]
    assert strong["held"] == [40, 10, None, 20, None]


def test_each_threshold_has_its_own_times() -> None:
    # Twice the rewards, on 3x3: 0.06 and -1, then 0.12 and -0.4, then 0.22 and -0.18.
    stages = [(0.03, -0.5), (0.06, -0.2), (0.11, -0.09)]
    found = crossings(CoinGame(3), [record(i, stage) for i, stage in enumerate(stages)])
    assert list(found) == ["weak", "medium", "strong"]
    assert [found[name]["first"] for name in found] == [[0], [1], [2]]


def test_the_share_of_own_coins_is_unknown_where_none_was_taken() -> None:
    info = {
        "took_own": np.array([0.3, 0.0, 0.0], np.float32),
        "took_other": np.array([0.1, 0.2, 0.0], np.float32),
    }
    assert numbers(CoinGame().figures(info)["own_colour"]) == [0.75, 0.0, None]
