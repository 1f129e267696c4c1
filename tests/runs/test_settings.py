"""Settings survive the way to JSON and back."""

import json
from dataclasses import asdict, replace

import pytest

from loqa_agents import PRESETS, Learner, Network, Training
from loqa_agents.settings import differences, from_dict, game_from_dict, game_to_dict


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_json(name: str) -> None:
    game, learner, training, *_ = PRESETS[name]
    again = game_from_dict(json.loads(json.dumps(game_to_dict(game))))
    # A matrix game with the payoffs of the dilemma comes back as the dilemma.
    assert again == game or (again.name, name) == ("ipd", "matrix_game")
    assert game_to_dict(again) == game_to_dict(game)
    assert from_dict(Learner, json.loads(json.dumps(asdict(learner)))) == learner
    assert from_dict(Training, json.loads(json.dumps(asdict(training)))) == training


def test_nested_settings_and_tuples_survive_json() -> None:
    learner = Learner(algorithm="naive", actor=Network(hidden=(8, 4), memory=3), discount=0.5)
    assert from_dict(Learner, json.loads(json.dumps(asdict(learner)))) == learner


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(ValueError, match="Learner has no field charm, wit"):
        from_dict(Learner, asdict(Learner()) | {"wit": 1, "charm": 2})


def test_a_game_that_is_no_dataclass_cannot_be_written_down() -> None:
    with pytest.raises(ValueError, match="a game must be a dataclass"):
        game_to_dict(object())  # type: ignore[arg-type]


def test_equal_settings_do_not_differ() -> None:
    assert differences(asdict(Learner()), asdict(Learner())) == []


def test_each_difference_is_named_by_its_path() -> None:
    one, other = Learner(), replace(Learner(), discount=0.5, critic=Network(hidden=(8,)))
    assert differences({"learner": asdict(one)}, {"learner": asdict(other)}) == [
        "learner.critic.hidden was (16,), is (8,)",
        "learner.discount was 0.96, is 0.5",
    ]


def test_a_field_that_only_one_has_differs() -> None:
    assert differences({"a": 1}, {"b": 2}) == ["a was 1, is None", "b was None, is 2"]
