"""A wall-clock budget beside the number of updates."""

import json
from pathlib import Path

import pytest

from loqa_agents import PRESETS, Training, run

from .folders import contents, lines, results, same_but_for_times

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
    spent = json.loads((short / "checkpoints" / "0" / "progress" / "metadata").read_text())

    again = train(short, 1e-6)  # its time is up still
    assert again["updates"] == 0
    assert again["wall_seconds"] > spent["wall_seconds"]
    done, whole = train(short, None), train(long, 1000)
    assert done["updates"] == whole["updates"] == 12
    assert contents(short / "agents") == contents(long / "agents")
    assert same_but_for_times(done, whole)


def test_time_runs_out_between_updates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    class Minute:
        """Passes whenever the run logs an evaluation; a look at the clock takes a millisecond."""

        def log(self, record: dict) -> None:
            clock[0] += 60

        def close(self) -> None: ...

    def look() -> float:
        clock[0] += 1e-3
        return clock[0]

    monkeypatch.setattr("loqa_agents.run.time.perf_counter", look)
    training = Training(updates=20, evaluate_every=2, episodes=2)
    found = run(
        GAME, LEARNER, training, (0,), tmp_path, [Minute()], final_episodes=128, minutes=2.5
    )
    # The evaluations of updates 0, 2 and 4 take three minutes; the chunk after them is the last.
    assert found["updates"] == 6
    assert [line["update"] for line in lines(tmp_path)] == [0, 2, 4, 6]
    assert found["wall_seconds"] < 60 * 5
