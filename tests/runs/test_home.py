"""``~`` at the beginning of a path is the home folder, for every command and in Python."""

from pathlib import Path
from typing import Any

import pytest

from loqa_agents import load_agent, published, save_agent
from loqa_agents.cli.parser import parse
from loqa_agents.cli.resolve import find_entrants
from loqa_agents.common.files import as_path
from loqa_agents.runs.folder import claim

from .test_folder import CONFIG, KIND


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("train ipd --out=~/x", "preset"),
        ("league tit_for_tat grim --game ipd --out=~/x", "out"),
        ("evaluate coin3x3/loqa/42 --out=~/x", "out"),
        ("evaluate coin3x3/loqa/42 --html=~/x", "html"),
        ("play ipd --gif=~/x", "gif"),
    ],
)
def test_options_that_are_paths(home: Path, command: str, name: str) -> None:
    given: Any = getattr(parse(command.split()), name)
    assert (given.out if name == "preset" else given) == home / "x"


def test_agents_and_folders(home: Path) -> None:
    agent = load_agent("coin3x3/loqa/42")
    (home / "run" / "agents").mkdir(parents=True)
    save_agent("~/run/agents/42.safetensors", agent)
    assert load_agent("~/run/agents/42.safetensors").seed == 42
    assert len(find_entrants(["~/run"])) == 1
    with pytest.raises(FileNotFoundError, match=str(home)):
        published.load("~/nowhere")
    with claim("~/out", "", KIND, CONFIG, resume=None, overwrite=False) as claimed:
        assert claimed.path == home / "out"
    assert not list(Path().iterdir())


@pytest.mark.parametrize("path", [5, None, b"bytes", "null\0", "~no_such_user_of_this/x"])
def test_what_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(ValueError, match="a path must be text or a pathlib"):
        as_path(path)
