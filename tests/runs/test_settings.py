"""Settings survive the way to JSON and back."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pytest

from loqa_agents import PRESETS, DenseGRU, Learner, Training, register_network
from loqa_agents.common.settings import (
    KINDS,
    differences,
    from_dict,
    game_from_dict,
    game_to_dict,
    to_dict,
)
from loqa_envs import GAMES, IPD, MatrixGame, make_game, register_game


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_json(name: str) -> None:
    game, learner, training, *_ = PRESETS[name]
    again = game_from_dict(json.loads(json.dumps(game_to_dict(game))))
    assert again == game
    assert type(again) is type(game)
    assert game_to_dict(again) == game_to_dict(game)
    assert from_dict(type(learner), json.loads(json.dumps(to_dict(learner)))) == learner
    assert from_dict(Training, json.loads(json.dumps(to_dict(training)))) == training


@dataclass(frozen=True)
class Mine(MatrixGame):
    payoffs: Any = (3, 0, 5, 1)
    extra: float = 1

    @property
    def name(self) -> str:
        return "mine"


@dataclass(frozen=True)
class Wide(DenseGRU):
    scale: float = 1


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> None:
    for registry in (GAMES, KINDS):
        for name in ("mine", "wide"):
            monkeypatch.setitem(registry, name, None)  # so that it is taken out again
            del registry[name]


@pytest.mark.usefixtures("registries")
def test_a_game_of_ones_own_survives_json_once_it_is_registered() -> None:
    game = Mine(extra=np.float32(2))
    with pytest.raises(ValueError, match=r"register_game\('mine', Mine\)"):
        game_to_dict(game)
    register_game("mine", Mine)
    again = game_from_dict(json.loads(json.dumps(game_to_dict(game))))
    assert again == game == make_game("mine", extra=2)
    assert type(again) is Mine
    register_game("mine", Mine)  # as a notebook does


@dataclass(frozen=True)
class Nameless(MatrixGame):
    """Has the name of its base, and so would come back as that."""


def test_a_game_that_would_come_back_as_another_is_refused() -> None:
    with pytest.raises(ValueError, match=r"register_game\('stag_hunt', Nameless\)"):
        game_to_dict(Nameless("stag_hunt"))
    for game in (MatrixGame("lola"), MatrixGame("stag_hunt"), IPD((4, 0, 3, 2))):
        again = game_from_dict(game_to_dict(game))
        assert again == game
        assert type(again) is type(game)


@pytest.mark.parametrize(
    ("name", "maker", "said"),
    [
        ("ipd", Mine, "must be free; ipd is loqa_envs.matrix_games.game.IPD"),
        ("My Game", Mine, "a name of at most 64 lower-case letters"),
        (3, Mine, "a name of at most 64 lower-case letters"),
        ("mine", Mine(), "for a class or function"),
    ],
)
def test_only_a_free_name_and_a_maker_are_registered(name: Any, maker: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        register_game(name, maker)


@pytest.mark.usefixtures("registries")
def test_a_network_of_ones_own_comes_back_as_itself_or_not_at_all() -> None:
    learner = Learner(actor=Wide(hidden=(3,), scale=2), critic=DenseGRU(memory=2))
    with pytest.raises(ValueError, match=r"register_network\('a_name', Wide\)"):
        to_dict(learner)
    register_network("wide", Wide)
    data = json.loads(json.dumps(to_dict(learner)))
    assert data["actor"] == {"kind": "wide", "hidden": [3], "memory": 0, "scale": 2.0}
    assert data["critic"] == {"kind": "dense_gru", "hidden": [], "memory": 2}
    again = from_dict(Learner, data)
    assert again == learner
    assert type(again.actor) is Wide
    del KINDS["wide"]
    with pytest.raises(ValueError, match=r"a kind of Network must be registered.*got 'wide'"):
        from_dict(Learner, data)
    with pytest.raises(ValueError, match="must be a class that inherits from Network"):
        register_network("wide", Mine)  # type: ignore[arg-type]


def test_nested_settings_and_tuples_survive_json() -> None:
    learner = Learner(algorithm="naive", actor=DenseGRU(hidden=(8, 4), memory=3), discount=0.5)
    assert from_dict(type(learner), json.loads(json.dumps(to_dict(learner)))) == learner


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(ValueError, match="Learner has no field charm, wit"):
        from_dict(Learner, asdict(Learner()) | {"wit": 1, "charm": 2})


def test_a_game_that_is_no_dataclass_cannot_be_written_down() -> None:
    with pytest.raises(ValueError, match="a game must be a dataclass"):
        game_to_dict(object())  # type: ignore[arg-type]


def test_equal_settings_do_not_differ() -> None:
    assert differences(asdict(Learner()), asdict(Learner())) == []


def test_each_difference_is_named_by_its_path() -> None:
    one, other = Learner(), replace(Learner(), discount=0.5, critic=DenseGRU(hidden=(8,)))
    assert differences({"learner": asdict(one)}, {"learner": asdict(other)}) == [
        "learner.critic.hidden was (16,), is (8,)",
        "learner.discount was 0.96, is 0.5",
    ]


def test_a_field_that_only_one_has_differs() -> None:
    assert differences({"a": 1}, {"b": 2}) == ["a was 1, is None", "b was None, is 2"]
