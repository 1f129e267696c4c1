"""Agents that come with the package, by name."""

import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from loqa_agents import load_agent
from loqa_agents.cli import main as cli
from loqa_agents.players import shipping


@pytest.fixture
def names(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of two agents that come with the package, for the length of a test."""
    folder = tmp_path / "package"
    monkeypatch.setattr(shipping, "FOLDER", folder)
    for seed in "01":
        (folder / "ipd" / "loqa").mkdir(parents=True, exist_ok=True)
        shutil.copy(trained / "agents" / f"{seed}.safetensors", folder / "ipd" / "loqa")
    (folder / "ipd" / "notes.txt").write_text("no agent")
    return ["ipd/loqa/0", "ipd/loqa/1"]


def test_an_agent_is_found_by_its_name(names: list[str]) -> None:
    assert list(shipping.shipped_agents()) == names
    assert [load_agent(name).seed for name in names] == [0, 1]


@pytest.mark.parametrize(
    "name", ["ipd/loqa/7", "ipd/loqa", "nobody", "../package/ipd/loqa/0", "ipd/notes", ""]
)
def test_an_unknown_name_is_answered_with_all_there_are(names: list[str], name: str) -> None:
    with pytest.raises(ValueError, match=r"one that comes with loqa \(ipd/loqa/0 to 1\)"):
        load_agent(name)


def test_without_any_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "FOLDER", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="there are none in this version"):
        load_agent("coin3x3/loqa/42")


@pytest.mark.parametrize("arguments", ["play {0} --against grim", "play ipd --against {1}"])
def test_they_play(capsys: pytest.CaptureFixture[str], names: list[str], arguments: str) -> None:
    words = arguments.format(*names).split()
    cli.main(words)
    said = capsys.readouterr().out
    assert all(f" {word} " in said for word in words if "/" in word)  # by their whole names


@pytest.mark.slow
def test_they_are_evaluated(
    capsys: pytest.CaptureFixture[str], names: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "found.json"
    cli.main(["evaluate", *names, "--episodes", "2", "--response-updates", "0", "--out", str(out)])
    assert json.loads(out.read_text())["agents"] == names


def test_a_mistaken_name_is_one_line(refused: Callable[..., str], names: list[str]) -> None:
    for arguments in (
        ("play", "ipd/loqa/7"),
        ("play", "ipd", "--against", "ipd/loqa/7"),
        ("evaluate", "ipd/loqa/7"),
    ):
        line = refused(*arguments)
        assert "ipd/loqa/7" in line
        assert "ipd/loqa/0 to 1" in line


@pytest.mark.slow
def test_all_that_come_with_this_version_can_be_read() -> None:
    assert resources.files("loqa_agents") / "shipped" == shipping.FOLDER
    agents = shipping.shipped_agents()
    for name in agents:
        assert name.endswith(f"/{load_agent(name).seed}")
    assert sum(len(file.read_bytes()) for file in agents.values()) <= 8e6


@pytest.mark.parametrize("name", sorted(shipping.shipped_agents()))
def test_the_agents_of_the_package_are_what_their_names_say(name: str) -> None:
    agent = load_agent(name)
    game = agent.game.name
    if game == "coin_game":
        game = "coin{}x{}".format(*agent.game.size)  # type: ignore[attr-defined]
    assert name == f"{game}/{agent.learner.label}/{agent.seed}"
