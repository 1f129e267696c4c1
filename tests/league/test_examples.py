"""Players of other libraries in a league, as the examples make them."""

import json
import sys
from pathlib import Path

import pytest

from loqa_agents.cli import main as cli

EXAMPLES = Path(__file__).parents[2] / "examples"

# Torch, and what it imports, warn of their own deprecations.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning"
)


@pytest.mark.slow
@pytest.mark.parametrize("library", ["numpy", "pytorch", "stable_baselines3"])
def test_an_example_enters_a_league_by_name(library, tmp_path, monkeypatch):
    if library != "numpy":
        pytest.importorskip("torch", reason="needs the extra 'ecosystem'")
    if library == "stable_baselines3":
        pytest.importorskip("stable_baselines3", reason="needs the extra 'ecosystem'")
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.chdir(EXAMPLES)
    word = f"league_{library}_player:make_player"
    words = f"league always_cooperate always_defect --game coin --agent {word} --episodes 6 --out"
    cli.main([*words.split(), str(tmp_path / "out")])
    data = json.loads((tmp_path / "out" / "league.json").read_text())
    assert data["teams"] == ["always_cooperate", "always_defect", word]
    own, other = (data["by_entrant"][coin][2] for coin in ("took_own", "took_other"))
    assert own[2] > 0  # in self-play it has something to take
    if library == "numpy":
        assert other[0] < other[1]  # it leaves cooperators their coins, and pays defectors back
    if library == "stable_baselines3":
        assert own[0] + other[0] > 0.15  # twice what random players take is 0.22
