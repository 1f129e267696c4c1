"""What a run of the Coin Game leaves behind besides."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loqa_agents import load_agent
from loqa_agents.common.settings import game_from_dict
from loqa_agents.runs.coin_game import crossings, satisfied

from .folders import Loqa, contents, lines, results

pytestmark = pytest.mark.slow

TINY = ("--updates", "2", "--evaluate-every", "1", "--episodes", "4", "--opponents", "4")
SMALL = ("--pool", "4", "--actor.hidden", "4", "--actor.memory", "4", "--critic.hidden", "4")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def coin(tmp_path_factory: pytest.TempPathFactory, loqa: Loqa) -> tuple[Path, str]:
    """The folder of a finished tiny run on 7x7, and what it printed."""
    home = tmp_path_factory.mktemp("coin")
    said = loqa("train", "coin", "--size", 7, *TINY, *SMALL, "--seeds", "0-1", cwd=home).stdout
    return home / "runs" / "coin_game-loqa", said


def test_it_leaves_what_it_promises(coin: tuple[Path, str]) -> None:
    files = {path for path in contents(coin[0]) if not path.startswith("checkpoints")}
    assert files == {
        "config.json", "metrics.jsonl", "results.json", "agents", "agents/0.safetensors",
        "agents/1.safetensors", "learning_curves.png", "own_colour.png", "self_play.gif",
        "always_defect.gif",
    }  # fmt: skip


def test_thresholds_are_those_of_its_records(coin: tuple[Path, str]) -> None:
    found, records = results(coin[0]), lines(coin[0])
    game = game_from_dict(json.loads((coin[0] / "config.json").read_text())["game"])
    assert (game.height, game.width) == (7, 7)  # type: ignore[attr-defined]
    assert load_agent(coin[0] / "agents" / "0.safetensors").game == game
    assert [record["update"] for record in records] == [0, 1, 2]
    assert found["thresholds"] == crossings(game, records)  # type: ignore[arg-type]
    for record in records:
        assert record["thresholds"] == satisfied(game, record)  # type: ignore[arg-type]
        assert set(record["versus"]) == set(found["versus"])
    for measured in (found, *records):
        assert len(measured["own_colour"]) == 2
        assert all(share is None or 0 <= share <= 1 for share in measured["own_colour"])


def test_progress_says_what_matters(coin: tuple[Path, str]) -> None:
    last = next(line for line in coin[1].splitlines() if line.startswith("update 2/2: "))
    record = lines(coin[0])[-1]
    for side, words in (("agent", "against always_defect"), ("opponent", "always_cooperate keeps")):
        numbers = record["versus"][words.split()[0 if side == "opponent" else 1]][side]
        assert f"{words} {sum(numbers) / 2:.3f}" in last
    assert "weak 0/2, medium 0/2, strong 0/2" in last


@pytest.mark.parametrize("name", ["self_play.gif", "always_defect.gif"])
def test_films_show_a_whole_episode(coin: tuple[Path, str], name: str) -> None:
    with Image.open(coin[0] / name) as film:
        assert film.n_frames == 51
        first = np.asarray(film.convert("RGB"))
        film.seek(50)
        assert (np.asarray(film.convert("RGB")) != first).any()


@pytest.mark.parametrize("name", ["learning_curves.png", "own_colour.png"])
def test_pictures_show_something(coin: tuple[Path, str], name: str) -> None:
    with Image.open(coin[0] / name) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert 0.005 < (pixels.min(-1) < 250).mean() < 0.6


def test_another_algorithm_learns_on_a_board_that_is_no_square(loqa: Loqa, tmp_path: Path) -> None:
    options = ("--algorithm", "naive", "--size", 4, 7, "--seeds", "3", "--out", "run")
    loqa("train", "coin", *TINY, *SMALL, *options, cwd=tmp_path)
    assert results(tmp_path / "run")["algorithm"] == "naive"
    agent = load_agent(tmp_path / "run" / "agents" / "3.safetensors")
    assert (agent.game.height, agent.game.width) == (4, 7)  # type: ignore[attr-defined]
