"""Files that are no agents, or not the right ones, end in one line that says so."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

pytestmark = pytest.mark.slow

Refused = Callable[..., str]


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_a_truncated_agent_is_refused(
    refused: Refused, trained: Path, tmp_path: Path, kept: int
) -> None:
    whole = (trained / "agents" / "0.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:kept])
    line = refused("play", "cut.safetensors")
    assert "whole .safetensors file" in line
    assert "cut.safetensors" in line


def test_the_agent_of_someone_else_is_refused(refused: Refused, tmp_path: Path) -> None:
    save_file({"weights": np.zeros(3)}, tmp_path / "foreign.safetensors")
    line = refused("evaluate", "foreign.safetensors")
    assert "saved by loqa" in line
    assert "lacks 'loqa'" in line


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "loqa-agent-0"),
        (("format",), None),
        (("game",), "../../etc/passwd"),
        (("game", "name"), "../../etc/passwd"),
        (("game", "payoffs"), [1, 2, 3]),
        (("game", "nonsense"), 1),
        (("learner",), []),
        (("learner", "algorithm"), []),
        (("learner", "nonsense"), 1),
        (("learner", "actor", "hidden"), [10**12]),
        (("learner", "actor", "hidden"), ["wide"]),
        (("learner", "actor", "memory"), 10**12),
        (("learner", "critic", "hidden"), [17]),
        (("seed",), "../seed"),
    ],
)
def test_an_agent_whose_header_was_changed_is_refused(
    refused: Refused, trained: Path, tmp_path: Path, path: tuple[str, ...], value: object
) -> None:
    agent = trained / "agents" / "0.safetensors"
    with safe_open(agent, framework="numpy") as file:
        header = json.loads(file.metadata()["loqa"])
    inner = header
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    save_file(load_file(agent), tmp_path / "changed.safetensors", {"loqa": json.dumps(header)})
    line = refused("play", "changed.safetensors")
    assert "saved by loqa" in line
    assert "changed.safetensors" in line


def test_agents_of_different_games_do_not_meet(
    refused: Refused, trained: Path, tmp_path: Path
) -> None:
    agent = trained / "agents" / "0.safetensors"
    with safe_open(agent, framework="numpy") as file:
        header = json.loads(file.metadata()["loqa"])
    header["game"]["payoffs"] = [[3, 0, 5, 1]] * 2
    save_file(load_file(agent), tmp_path / "other.safetensors", {"loqa": json.dumps(header)})
    for line in (
        refused("play", agent, "--against", "other.safetensors"),
        refused("evaluate", agent, "other.safetensors"),
    ):
        assert "payoffs" in line
        assert "-3.0" in line
        assert "5.0" in line
