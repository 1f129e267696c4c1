"""A wall-clock budget beside the number of updates."""

import json
import time
from pathlib import Path

import pytest

from loqa_agents import PRESETS, Training, run
from loqa_agents.runs.loggers import Logger

from .folders import contents, lines, results, same_but_for_times

pytestmark = pytest.mark.slow

GAME, LEARNER = PRESETS["ipd"].game, PRESETS["ipd"].learner
TRAINING = Training(updates=12, evaluate_every=5, episodes=2)
pytestmark = pytest.mark.slow


def train(out: Path, minutes: float | None) -> dict:
    return run(GAME, LEARNER, TRAINING, (0,), out, final_episodes=128, minutes=minutes)


def test_a_run_out_of_time_ends_whole_and_goes_on_with_more(tmp_path: Path) -> None:
    short, long = tmp_path / "short", tmp_path / "long"
    cut = train(short, 1e-6)  # over before the first update
    assert cut["updates"] == 0
    assert cut["env_steps"] == 0
    assert results(short) == cut
    assert [line["update"] for line in lines(short)] == [0]
    assert train(short, 1e-6)["updates"] == 0  # its time is up still
    done, whole = train(short, None), train(long, 1000)
    assert done["updates"] == whole["updates"] == 12
    assert contents(short / "agents") == contents(long / "agents")
    assert same_but_for_times(done, whole)


def test_time_runs_out_between_updates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    class Minute(Logger):
        """Passes whenever the run logs an evaluation; a look at the clock takes a millisecond."""

        def log(self, record: dict) -> None:
            clock[0] += 60

    def look() -> float:
        clock[0] += 1e-3
        return clock[0]

    monkeypatch.setattr(time, "perf_counter", look)
    training = Training(updates=20, evaluate_every=2, episodes=2)

    def train(minutes: float | None) -> dict:
        return run(
            GAME, LEARNER, training, (0, 1), tmp_path, [Minute()], minutes=minutes,
            final_episodes=128,
        )  # fmt: skip

    found = train(1.25)  # for each of two seeds
    # The evaluations of updates 0, 2 and 4 take three minutes; the chunk after them is the last.
    assert found["updates"] == 6
    assert [line["update"] for line in lines(tmp_path)] == [0, 2, 4, 6]
    assert 240 < found["wall_seconds"] < 300
    assert train(1.25)["updates"] == 6  # what was spent before counts
    # Two minutes more: the evaluations of 8 and 10, the chunk after them.
    assert train(2.75)["updates"] == 12


def test_each_session_records_its_own_budget(tmp_path: Path) -> None:
    for minutes in (1e-6, 2e-6, None):
        train(tmp_path, minutes)
    config = json.loads((tmp_path / "config.json").read_text())
    assert [session["minutes"] for session in config["sessions"]] == [1e-6, 2e-6, None]
    assert "minutes" not in config
