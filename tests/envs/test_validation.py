"""Settings and arguments are what their annotations say, or refused in one line."""

import pickle
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from annotated_types import Len
from pydantic import AfterValidator, AllowInfNan, Field

from loqa_envs import IPD
from loqa_envs.game import Game
from loqa_envs.validation import Count, Positive, Probability, Seed, Settings, check, checked
from loqa_envs.wording import Words


@dataclass(frozen=True)
class Inner(Settings):
    level: int = 1


def _even(number: int) -> int:
    if number % 2:
        raise ValueError("odd numbers have no middle.")
    return number


@dataclass(frozen=True)
class Everything(Settings):
    steps: Count = 1
    rate: float = 1
    free: Annotated[float, AllowInfNan(True)] = 0
    chance: Probability = 0
    step_size: Positive = 1
    widths: Annotated[tuple[Annotated[int, Field(ge=1, le=5)], ...], Len(0, 3)] = ()
    size: Count | tuple[Count, Count] = 3
    tie: Literal["both", "first"] = "both"
    switch: bool = False
    inner: Inner = Inner()
    label: str | None = None
    title: Annotated[str, Len(1)] = "t"
    pair: Annotated[tuple[Probability, ...], Len(2, 2), Words("two probabilities")] = (0, 1)
    even: Annotated[int, AfterValidator(_even)] = 2
    several: Annotated[list[Inner] | tuple[Inner, ...], Len(1)] | None = None
    array: np.ndarray | None = field(default=None, compare=False)
    later: "Nowhere" = 3  # type: ignore[name-defined]  # noqa: F821
    anything: Any = None


ACCEPTED: list[tuple[str, Any, Any]] = [
    ("steps", np.int64(4), 4),
    ("steps", np.array(4), 4),
    ("steps", jnp.int32(4), 4),
    ("rate", 2, 2.0),
    ("rate", np.float32(0.5), 0.5),
    ("rate", np.float64(0.5), 0.5),
    ("free", float("inf"), float("inf")),
    ("widths", [3, np.int8(2)], (3, 2)),
    ("size", np.array([3, 4]), (3, 4)),
    ("switch", np.bool_(True), True),
    ("pair", range(2), (0.0, 1.0)),
    ("label", np.str_("a"), "a"),
]


@pytest.mark.parametrize(("name", "given", "kept"), ACCEPTED)
def test_what_is_accepted_is_plain_data(name: str, given: Any, kept: Any) -> None:
    value = getattr(Everything(**{name: given}), name)
    assert value == kept
    assert type(value) is type(kept)
    entries = zip(value, kept, strict=True) if isinstance(kept, tuple) else ()
    assert all(type(entry) is type(other) for entry, other in entries)


REFUSED: list[tuple[str, Any, str]] = [
    ("steps", 1.5, "an integer from 1 to 1,000,000,000, got 1.5."),
    ("steps", 1.0, "an integer from 1 to 1,000,000,000, got 1.0."),
    ("steps", True, "an integer from 1 to 1,000,000,000, got True."),
    ("steps", "1", "an integer from 1 to 1,000,000,000, got '1'."),
    ("steps", 0, "an integer from 1 to 1,000,000,000, got 0."),
    ("steps", 10**5000, "an integer from 1 to 1,000,000,000, got an int that cannot be printed."),
    ("rate", float("nan"), "a finite number, got nan."),
    ("rate", True, "a finite number, got True."),
    ("rate", None, "a finite number, got None."),
    ("chance", 1.1, "a probability, from 0 to 1, got 1.1."),
    ("step_size", 1e-300, "a number from 1e-12 to 1e12, got 1e-300."),
    ("widths", 3, "a tuple of at most 3 entries, each an integer from 1 to 5, got 3."),
    ("widths", (1, 1, 1, 1), "a tuple of at most 3 entries, each an integer from 1 to 5, got (1, "),
    ("tie", "none", "one of both, first, got 'none'."),
    ("tie", [], "one of both, first, got []."),
    ("switch", 1, "True or False, got 1."),
    ("inner", {"level": 1}, "an Inner, got {'level': 1}."),
    ("label", 3, "a string, or None, got 3."),
    (
        "title",
        "\udcff",
        "a string of at least 1 characters, got '\\udcff', which is not valid Unicode.",
    ),
    ("several", [], "a list or tuple of at least 1 entries, each an Inner, or None, got []."),
    ("pair", (1, 2), "two probabilities, got (1, 2)."),
    ("even", 3, "an integer, got 3: odd numbers have no middle."),
    ("array", [1], "a ndarray, or None, got [1]."),
]


@pytest.mark.parametrize(
    ("name", "given", "sentence"), REFUSED, ids=[f"{i}-{case[0]}" for i, case in enumerate(REFUSED)]
)
def test_what_is_refused_is_told_in_one_line(name: str, given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"Everything.{name}") as refusal:
        Everything(**{name: given})
    assert str(refusal.value).startswith(f"Everything.{name} must be {sentence}")
    assert "\n" not in str(refusal.value)


def test_what_is_no_data_stays_as_it_is() -> None:
    array, anything, later = np.ones(2), [np.float32(1)], [1]
    made = Everything(array=array, anything=anything, later=later)
    assert made.array is array
    assert made.anything is anything
    assert made.later is later


def test_settings_stay_dataclasses() -> None:
    made = Everything(widths=[3], rate=1)  # type: ignore[arg-type]
    assert hash(made) == hash(Everything(widths=(3,)))
    assert pickle.loads(pickle.dumps(made)) == made == replace(made, rate=np.float64(1))
    with pytest.raises(ValueError, match=r"Everything\.rate"):
        replace(made, rate="fast")  # type: ignore[arg-type]


def test_a_protocol_asks_for_all_its_members() -> None:
    game = IPD()
    assert check("game", game, Game) is game
    with pytest.raises(ValueError, match=r"^game must be a Game, got 5: it lacks name, num_play"):
        check("game", 5, Game)
    with pytest.raises(ValueError, match="it is a class, not one of its instances"):
        check("game", IPD, Game)


def test_a_value_alone_is_checked_like_a_field() -> None:
    assert check("seeds", np.arange(3), tuple[Seed, ...]) == (0, 1, 2)
    with pytest.raises(ValueError, match=r"^seeds must be a tuple, each an integer .* got \(-1,\)"):
        check("seeds", (-1,), tuple[Seed, ...])


@checked
def _spread(values: jax.Array, number: Count, *rest: Any, scale: float = 1, **more: Any) -> Any:
    return values[None] * scale + jnp.zeros((number, 1)), rest, more


def test_a_checked_function_takes_traced_arrays_and_normalises_numbers() -> None:
    traced = jax.jit(lambda values: _spread(values, np.int64(2), "a", scale=3, b=1)[0])
    np.testing.assert_array_equal(traced(np.ones(2)), np.full((2, 2), 3.0))
    assert _spread(jnp.ones(1), 1, "a", b=1)[1:] == (("a",), {"b": 1})


def test_a_checked_function_names_the_argument() -> None:
    with pytest.raises(ValueError, match=r"^number must be an integer .*, got 1\.5\.$"):
        _spread(jnp.ones(1), 1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^number must be an integer .*Tracer"):
        jax.jit(lambda number: _spread(jnp.ones(1), number)[0])(2)
    with pytest.raises(TypeError, match="missing"):
        _spread(jnp.ones(1))  # type: ignore[call-arg]
