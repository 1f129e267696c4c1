"""What newcomers add in one file each, with public names only: the examples are run."""

import ast
import runpy
from pathlib import Path

import pytest

import loqa_agents
import loqa_agents.league
import loqa_agents.runs.loggers
import loqa_envs.testing

EXAMPLES = Path(__file__).parent.parent / "examples"
EXTENSIONS = sorted(EXAMPLES.glob("extend_*.py"))
PUBLIC = {
    "loqa_agents": set(loqa_agents.__all__),
    "loqa_envs": set(loqa_envs.__all__),
    "loqa_envs.arrays": {"array_namespace"},
    "loqa_envs.testing": set(loqa_envs.testing.__all__),
    "loqa_envs.matrix_games.solve": {"solve"},
    "loqa_agents.league": {"Entrant", "play_league"},
    "loqa_agents.runs.loggers": {"Logger", "Record"},
}
"""Where the README and these examples say that public names are."""


@pytest.fixture
def said(monkeypatch, capsys, tmp_path, request):
    """What an example prints, run as a program in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [request.param])
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setattr(loqa_envs.catalogue, "GAMES", dict(loqa_envs.GAMES))
    runpy.run_path(str(EXAMPLES / request.param), run_name="__main__")
    return capsys.readouterr().out


def test_there_are_examples():
    assert len(EXTENSIONS) >= 4


@pytest.mark.parametrize("path", EXTENSIONS, ids=lambda path: path.stem)
def test_an_example_is_one_short_file_that_says_what_it_shows(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 80
    said = ast.get_docstring(ast.parse(text))
    assert said
    assert f"python examples/{path.name}" in said


@pytest.mark.parametrize("path", EXTENSIONS, ids=lambda path: path.stem)
def test_an_example_uses_public_names_only(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("loqa_"):
            assert {name.name for name in node.names} <= PUBLIC[node.module], node.module
        if isinstance(node, ast.Import):
            assert not any(name.name.startswith("loqa_") for name in node.names)


@pytest.mark.slow
@pytest.mark.parametrize("said", ["extend_public_goods.py"], indirect=True)
def test_three_naive_learners_find_the_equilibrium_of_the_public_goods_game(said):
    assert said == "share of coins that are given: 0.00\n"


@pytest.mark.slow
@pytest.mark.parametrize("said", ["extend_meta_game.py"], indirect=True)
def test_who_learns_the_meta_game_does_better_than_any_strategy_that_is_held(said):
    rewards = {line.split()[0]: float(line.split()[2]) for line in said.splitlines()}
    assert rewards.pop("trained") > max(rewards.values()) + 0.02
    assert rewards["tit_for_tat"] > rewards["always_defect"]


@pytest.mark.slow
@pytest.mark.parametrize("said", ["extend_exact_lola.py"], indirect=True)
def test_exact_lola_reciprocates_where_a_naive_learner_defects(said):
    _, *rows = said.splitlines()
    naive, lola = (list(map(float, row.split(":")[1].split())) for row in rows)
    assert max(naive[0], naive[2], naive[4]) < 0.15
    assert min(lola[0], lola[1], lola[3]) > 0.95  # after START, and what the other did: cooperate
    assert max(lola[2], lola[4]) < 0.15


@pytest.mark.slow
@pytest.mark.parametrize("said", ["extend_players.py"], indirect=True)
def test_players_of_ones_own_meet_in_a_league(said):
    _, *rows = said.splitlines()
    rewards = {name: list(map(float, numbers)) for name, *numbers in map(str.split, rows)}
    assert rewards["tit_for_two_tats"][0] < rewards["always_defect"][1]
    assert rewards["forgiving"][1:] == rewards["tit_for_two_tats"][1:] == [-1, -1]
    # It forgives one defection in three.
    assert -2.45 < rewards["forgiving"][0] < -2.25


@pytest.mark.slow
@pytest.mark.parametrize("said", ["extend_logger.py"], indirect=True)
def test_a_logger_of_ones_own_gets_every_evaluation(said):
    rows = [line.split(",") for line in said.splitlines()]
    assert [int(update) for update, _ in rows] == [0, 20, 40]
    assert all(-3 < float(reward) < 0 for _, reward in rows)


@pytest.mark.slow
@pytest.mark.parametrize("said", ["extend_environment.py"], indirect=True)
def test_a_learner_does_better_than_chance_in_somebodys_environment(said):
    trained, random = (float(line.split()[-1]) for line in said.splitlines())
    assert trained > random + 0.5
