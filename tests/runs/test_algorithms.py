"""Algorithms that are classes of their own, on the command line."""

import json

import pytest

from loqa_agents.algorithms.gradient_play.sos import StableOpponentShaping
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.named import algorithm_named, algorithm_names
from loqa_agents.cli import main as cli


def test_every_algorithm_has_one_name():
    names = algorithm_names()
    assert len(names) == len(set(names))
    assert {
        "loqa",
        "naive",
        "naive_exact",
        "lookahead",
        "lola_exact",
        "sos",
        "cgd",
        "pola",
        "mfos",
    } <= {*names}


@pytest.mark.parametrize("name", ["lola_exact", "naive"])
def test_an_algorithm_is_called_what_it_is_asked_for_by(name):
    assert algorithm_named(name, Learner()).label == name


def test_settings_go_over_where_the_other_algorithm_has_them():
    like = StableOpponentShaping(discount=0.9, opponent_rate=0.3, alignment=0.2)
    other = algorithm_named("lola_exact", like)
    assert (other.discount, other.opponent_rate, other.form) == (0.9, 0.3, "full")
    assert algorithm_named("naive", Learner(discount=0.9)) == Learner("naive", discount=0.9)


def test_options_follow_from_the_algorithm(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit) as end:
        cli.main(["train", "ipd", "--algorithm", "lola_exact", "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    assert "--form" in said
    assert "--opponent-rate" in said
    assert "--gae-decay" not in said


@pytest.mark.slow
def test_an_exact_algorithm_trains_a_game_of_three(tmp_path, capsys):
    cli.main([
        "train", "public_goods", "--algorithm", "naive_exact", "--discount", "0.5", "--seeds", "0",
        "--updates", "200", "--evaluate-every", "100", "--out", str(tmp_path / "run"),
    ])  # fmt: skip
    assert "Results, agents and pictures are in" in capsys.readouterr().out
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["algorithm"] == "naive_exact"
    assert list(results["cooperation"]) == ["START", "C2", "C1", "C0", "D2", "D1", "D0"]
    assert results["self_play"][0] < 0.1  # nobody gives


def test_an_algorithm_of_no_name_is_refused(refused):
    assert "algorithm must be one of loqa," in refused("train", "ipd", "--algorithm", "lola")
    assert "pola, mfos" in refused("train", "ipd", "--algorithm", "lola")


def test_an_option_of_another_algorithm_is_refused(refused):
    assert "--clip" in refused("train", "ipd", "--algorithm", "sos", "--clip", "0.1")
    said = refused("train", "ipd", "--algorithm", "sos", "--network", "cnn")
    assert "sos has players of its own" in said


def test_a_game_without_exact_values_is_refused(refused):
    said = refused("train", "coin", "--algorithm", "sos", "--updates", "1", "--seeds", "0")
    assert "a game whose every step is a lookup" in said or "asks for parameters" in said
