"""Settings are plain data that come back from JSON, or refused in one line; nothing in between."""

import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loqa_agents import PRESETS, DenseGRU, Learner, Shaping, Training
from loqa_agents.common.settings import from_dict, game_from_dict, game_to_dict, to_dict
from loqa_envs import IPD, CoinGame, MatrixGame

from .bad_settings import BAD_SETTINGS, FIELDS, BadCall


@pytest.mark.parametrize("call", BAD_SETTINGS, ids=lambda call: ascii(call.name))
def test_a_bad_call_is_refused_in_one_line(call: BadCall) -> None:
    with pytest.raises(ValueError, match=r"\S") as refusal:
        call.function(*call.positional, **call.arguments)
    said = str(refusal.value)
    assert call.words in said
    assert said.endswith(".")
    assert len(said.splitlines()) == 1


def test_every_field_of_the_settings_is_in_the_table() -> None:
    for kind, names in FIELDS.items():
        left_out = {field.name for field in fields(kind)} - names.keys()  # type: ignore[arg-type]
        assert left_out <= {"rival"}, kind  # which may be None


@pytest.mark.parametrize("preset", PRESETS)
def test_settings_of_numpy_are_those_of_python(preset: str) -> None:
    def numpy(value: Any) -> Any:
        if isinstance(value, tuple):
            return [numpy(entry) for entry in value]
        return np.asarray(value)[()] if isinstance(value, bool | int | float) else value

    for part in PRESETS[preset][:3]:
        values = {f.name: numpy(getattr(part, f.name)) for f in fields(part)}  # type: ignore[arg-type]
        again = type(part)(**values)
        assert again == part
        assert hash(again) == hash(part)
        assert repr(again) == repr(part)  # np.float64(1.0) is not 1.0


_NUMBERS = st.one_of(
    st.integers(), st.floats(), st.booleans(), st.sampled_from([np.float32(0.5), np.int64(3)])
)
_LEAVES = st.one_of(_NUMBERS, st.none(), st.text(max_size=8), st.binary(max_size=4))
_VALUES = st.one_of(
    st.integers(0, 8),
    st.floats(0, 1),
    st.sampled_from(["both", "first", "index", "random", "naive", "lola", Shaping(), DenseGRU()]),
    st.lists(st.one_of(st.integers(-4, 4), _NUMBERS), max_size=5),
    st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=4), max_leaves=8),
)


@settings(max_examples=max(200, settings.default.max_examples))
@given(
    base=st.sampled_from([CoinGame(), IPD(), MatrixGame("pola"), Learner(), Training(), Shaping()]),
    data=st.data(),
)
def test_whatever_is_given_is_refused_in_a_line_or_comes_back_from_json(
    base: Any, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from([f.name for f in fields(base)]), max_size=3))
    values = {name: data.draw(_VALUES) for name in names}
    said = ""
    try:
        made = replace(base, **values)
    except ValueError as refusal:
        said = str(refusal)
    if said:
        assert len(said.splitlines()) == 1
        return
    if isinstance(made, CoinGame | MatrixGame):
        again: Any = game_from_dict(json.loads(json.dumps(game_to_dict(made))))
    else:
        again = from_dict(type(made), json.loads(json.dumps(to_dict(made))))
    assert again == made
    assert type(again) is type(made)
    assert hash(again) == hash(made)
