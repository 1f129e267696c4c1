"""loqa benchmark: newcomers in the games of a suite, beside the stored rows."""

import json
import shutil
from pathlib import Path
from typing import Any

import jax
import pytest

from loqa_agents.cli import main as cli
from loqa_agents.league.entrants import Entrant
from loqa_agents.players import shipping
from loqa_agents.players.agent import load_agent
from loqa_agents.reports.suite import cells, markdown
from loqa_agents.suite.newcomer import Effort, measure
from loqa_agents.suite.suites import SUITES, Task, stored
from loqa_agents.training.presets import PRESETS

from .folders import Loqa

ALGORITHM = """
from dataclasses import dataclass
from loqa_agents import register_algorithm
from loqa_agents.algorithms.gradient_play.naive_exact import NaiveExact

@dataclass(frozen=True)
class Mine(NaiveExact):
    pass

register_algorithm("mine", Mine)
"""
PLAYER = """
class Mine:
    def reset(self):
        self.calls = 0

    def act(self, observation):
        return 0
"""


def value(mean: float) -> dict[str, float | None]:
    return {"mean": mean, "low": None, "high": None}


def line(name: str, agent: float, opponent: float | None = None, **more: Any) -> dict[str, Any]:
    other = None if opponent is None else value(opponent)
    return {"name": name, "agent": value(agent), "opponent": other} | more


ROW = {
    "knows": ["rewards"],
    "lines": [
        line("self_play", -1.0),
        line("always_cooperate x1", -0.5, -2.0),
        line("always_defect x1", -2.1, -0.9),
        line("always_defect x2", -2.2, -0.8),
        line("best_response", -1.5, -0.25, exploitability=value(0.75)),
    ],
    "met": {"loqa": {"gets": value(-1.25), "leaves": value(-1.5)}},
}


def test_a_row_has_what_its_columns_say() -> None:
    assert cells("mine", ROW) == [
        "mine", "rewards", "-1.000", "", "-0.500", "-2.000", "-2.100", "≥ 0.750", "", "",
    ]  # fmt: skip
    trained = ROW | {"knows": [], "steps": 12_000, "seconds": 1.5, "command": "loqa train"}
    assert cells("mine", trained)[1] == "nothing"
    assert cells("mine", trained)[-2:] == ["12,000", "1.500"]
    known, new, quick = markdown(
        [("same", trained), ("same", ROW), ("other", ROW | {"effort": {}})]
    ).splitlines()[2:]
    assert known.startswith("| same | nothing |")
    assert new.startswith("| **same** | rewards |")
    assert quick.startswith("| **other** (quick) |")
    exact = line("exact_best_response", -1.5, -0.5, exploitability=value(0.5))
    assert cells("", ROW | {"lines": [*ROW["lines"], exact]})[7] == "0.500"


def test_suites_are_of_games_that_can_be_trained() -> None:
    for suite, tasks in SUITES.items():
        assert len({task.name for task in tasks}) == len(tasks)
        assert {task.preset for task in tasks} <= PRESETS.keys()
        names = {task.name for task in tasks}
        rows = stored(suite)["rows"]
        assert rows
        assert {row.partition("/")[0] for row in rows} <= names
        for row in rows.values():
            assert cells("", row)[2]  # what it gets from itself


@pytest.mark.slow
def test_an_algorithm_of_ones_own_is_trained_and_meets_stored_agents(
    loqa: Loqa, tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "newcomer.py").write_text(ALGORITHM)
    package = tmp_path / "package"
    (package / "ipd" / "loqa").mkdir(parents=True)
    for seed in "01":
        shutil.copy(trained / "agents" / f"{seed}.safetensors", package / "ipd" / "loqa")
    monkeypatch.setattr(shipping, "FOLDER", package)
    monkeypatch.syspath_prepend(tmp_path)
    out = tmp_path / "out"
    words = ["benchmark", "newcomer:Mine", "--game", "ipd", "--budget", "quick", "--out", str(out)]
    cli.main(words)
    said = capsys.readouterr().out
    assert "newcomer:Mine" in said
    assert "against" in said
    row = json.loads((out / "benchmark.json").read_text())["rows"]["ipd"]
    assert row["knows"] == ["parameters", "rewards"]
    assert row["met"].keys() == {"loqa"}
    assert row["effort"]["updates"] == 20  # nothing that could be taken for the suite's numbers
    assert load_agent(out / "ipd" / "agents" / "42.safetensors").learner.label == "mine"
    assert "| **newcomer:Mine** (quick) |" in (out / "ipd.md").read_text()
    again = [*words, "--resume"]  # what is trained is only read
    before = (out / "ipd" / "results.json").read_bytes()
    cli.main(again)
    assert json.loads((out / "benchmark.json").read_text())["rows"]["ipd"] == row
    assert (out / "ipd" / "results.json").read_bytes() == before
    with pytest.raises(SystemExit):  # another benchmark in its folder would mix two
        cli.main([*again, "--seed", "1"])


@pytest.mark.slow
def test_what_it_gets_and_what_it_leaves_are_not_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Task, "opponents", [Entrant("one", "always_defect", "defectors")])
    effort = Effort(episodes=2, meetings=2, response=None)
    two, three = (task for task in SUITES["dilemmas-v1"] if task.name in ("ipd", "public_goods"))
    for task in (two, three):
        cooperator = [Entrant("mine", "always_cooperate")]
        met = measure(jax.random.key(0), task, cooperator, effort)["met"]["defectors"]
        game = task.game
        if task is two:
            assert [met[who]["mean"] for who in ("gets", "leaves")] == [-3, 0]
        else:  # one of three contributes: what it is worth, and what that is to all
            each = game.factor / 3  # type: ignore[attr-defined]
            found = [met[who]["mean"] for who in ("gets", "leaves")]
            assert found == pytest.approx([each - 1, each], abs=1e-5)


@pytest.mark.slow
def test_players_and_agents_take_part_where_they_fit(
    tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stranger.py").write_text(PLAYER)
    monkeypatch.syspath_prepend(tmp_path)
    for number, word in enumerate(("stranger:Mine", str(trained))):
        out = tmp_path / f"out-{number}"
        game = ["--game", "ipd"] if number == 0 else []
        cli.main(["benchmark", word, *game, "--budget", "quick", "--out", str(out)])
        rows = json.loads((out / "benchmark.json").read_text())["rows"]
        assert list(rows) == ["ipd"]  # what the agent is for
        if number == 0:
            mutual = {each["name"]: each for each in rows["ipd"]["lines"]}["self_play"]
            assert mutual["agent"]["mean"] == -1
            assert rows["ipd"]["knows"] is None


def test_one_newcomer_at_a_time(refused: Any) -> None:
    said = refused("benchmark", "a:b", "c:d")
    assert "takes one module:function by itself; got a:b, c:d" in said
    said = refused("benchmark", "ipd/ippo/42", "ipd/sos/42")
    assert "got ipd/ippo/42 (ippo), ipd/sos/42 (sos)" in said
