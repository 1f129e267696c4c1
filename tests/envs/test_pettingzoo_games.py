"""Games of PettingZoo's own, as they come; they need ``pip install mpe2``."""

import json

import pytest

from loqa_agents import load_agent
from loqa_agents.cli import main as cli
from loqa_agents.cli.resolve import find_entrants

WORD = "mpe2.simple_spread_v3:parallel_env"


@pytest.mark.slow
def test_a_game_of_pettingzoos_own_is_trained_by_its_name_and_its_agents_are_read(tmp_path, capsys):
    pytest.importorskip("mpe2", reason="needs mpe2")
    options = "--updates 1 --evaluate-every 1 --episodes 2 --seeds 3 --out"
    cli.main(["train", WORD, *options.split(), str(tmp_path / "run")])
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["game"] == WORD
    assert results["self_play"][0] < 0  # distances to landmarks are costs
    agent = load_agent(tmp_path / "run" / "agents" / "3.safetensors")
    assert agent.game.name == WORD
    assert agent.game.num_players == 3
    assert len(find_entrants([str(tmp_path / "run")])) == 1
