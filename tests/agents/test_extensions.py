"""Newcomers' networks and image games, each an example in one file."""

import runpy
from pathlib import Path

import pytest

from loqa_agents import networks  # noqa: F401  # all that is registered before
from loqa_agents.common.settings import KINDS
from loqa_envs import GAMES

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def said(request, capsys):
    """What an example prints; what it registers is forgotten."""
    registered = [(registry, dict(registry)) for registry in (KINDS, GAMES)]
    runpy.run_path(str(EXAMPLES / request.param), run_name="__main__")
    for registry, before in registered:
        registry.clear()
        registry.update(before)
    return capsys.readouterr().out.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("said", ["extend_image_game.py"], indirect=True)
def test_a_cnn_learns_a_game_of_images(said):
    random, trained = (int(line.split()[-5]) for line in said[:2])
    assert random < 15
    assert trained > 50
    assert said[2].split()[-1] in ("stay", "left", "right", "up", "down")


@pytest.mark.slow
@pytest.mark.parametrize("said", ["extend_network.py"], indirect=True)
def test_a_network_of_ones_own_comes_back_as_itself(said):
    assert said[0] == "loaded: Leaky(width=8, keep=0.25)"
    assert -2.2 < float(said[1].split()[3]) < -1.7  # both defect


@pytest.mark.parametrize("name", ["extend_image_game.py", "extend_network.py"])
def test_an_example_is_short(name):
    assert len((EXAMPLES / name).read_text().splitlines()) <= 80
