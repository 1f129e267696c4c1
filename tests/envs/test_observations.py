"""What a seat sees is what the game's spec says, under every interface."""

from dataclasses import dataclass
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from loqa_envs import CoinGame, Leaf, MatrixGame, ObservationSpec, Random, Rules
from loqa_envs.adapters.gymnasium import GameEnv
from loqa_envs.adapters.pettingzoo import parallel_env, raw_env
from loqa_envs.adapters.vector import SharedVectorEnv, VectorGameEnv
from loqa_envs.arrays import of_seat
from loqa_envs.observation import each_array
from loqa_envs.testing import check_game

BOARD = ObservationSpec({"board": Leaf((4, 4, 1), "image"), "at": Leaf((2,), "categories", 3)})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"shape": (0,)}, r"Leaf.shape must be .*from 1 to.*got \(0,\)"),
        ({"shape": 5}, "Leaf.shape must be a tuple"),
        ({"shape": (5,), "kind": "sound"}, "Leaf.kind must be one of numbers, categories, image"),
        ({"shape": (5,), "high": "much"}, r"Leaf.high must be a number, or an array that.*\(5,\)"),
        ({"shape": (5,), "high": (1, 2)}, r"broadcasts to \(5,\), got \(1, 2\)"),
        ({"shape": (5,), "high": float("nan")}, "Leaf.high must be a number.*got nan"),
        ({"shape": (5,), "low": 2}, "Leaf.low must be at most Leaf.high, got 2.0, 1.0"),
        ({"shape": (5,), "dtype": "str"}, "Leaf.dtype must be of booleans, integers or floats"),
        ({"shape": (5,), "dtype": "uint8", "high": 300}, "Leaf.high must be.* is uint8, got 300"),
        ({"shape": (5,), "kind": "categories", "dtype": "float32"}, "must be integers counted"),
        ({"shape": (5,), "kind": "categories", "low": -1}, "must be integers counted from 0"),
        ({"shape": (5,), "kind": "image"}, r"an image must be uint8 or float32 of the shape"),
        ({"shape": (5, 5, 1), "kind": "image", "dtype": "int32"}, "an image must be uint8 or"),
        ({"shape": (5, 5, 2), "kind": "image", "high": (7, 9)}, "one low and one high above 0"),
        ({"shape": (5, 5, 2), "kind": "image", "high": 0}, "one low and one high above 0"),
    ],
)
def test_what_does_not_fit_together_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        Leaf(**wrong)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("parts", [3, {}, {"a": 3}, {3: Leaf((2,))}, {"": Leaf((2,))}, None])
def test_a_spec_is_a_leaf_or_a_dictionary_of_them(parts: Any) -> None:
    with pytest.raises(ValueError, match="must be a Leaf, or a dictionary of at least one Leaf"):
        ObservationSpec(parts)


def test_equal_specs_are_equal_and_hash_equal_however_they_are_written() -> None:
    assert Leaf((2,), "categories", [3, 3]) == Leaf((2,), "categories", np.int64(3), 0, np.int32)
    assert hash(BOARD) == hash(ObservationSpec(dict(reversed(BOARD.tree.items()))))
    assert ObservationSpec(BOARD.parts) == BOARD
    assert Leaf((2,), high=(1, 2)) != Leaf((2,), high=(2, 1))
    assert str(BOARD) == "{at: int32[2], board: uint8[4, 4, 1]}"


@pytest.mark.parametrize(
    ("high", "shape", "kind"),
    [
        (np.float32(1), (3,), "numbers"),
        (np.array([2, 3], np.int32), (2,), "categories"),
        (np.uint8(255), (8, 8, 3), "image"),
        (np.uint8(255), (8, 8), "numbers"),
        (np.float32(1), (8, 8, 3), "numbers"),
        (np.bool_(True), (4,), "numbers"),
    ],
)
def test_a_shape_and_a_high_make_a_spec(high: Any, shape: tuple[int, ...], kind: str) -> None:
    @dataclass(frozen=True)
    class Seen(Rules):
        observation_shape = shape
        observation_high = high

    (leaf,) = Seen().observation_spec.leaves
    assert (leaf.kind, leaf.shape, leaf.dtype) == (kind, shape, high.dtype)
    np.testing.assert_array_equal(leaf.bounds[1], np.broadcast_to(high, shape), strict=True)


def test_only_planes_whose_channels_come_last_are_an_image() -> None:
    def kind(**settings: Any) -> str:
        return CoinGame(**settings).observation_spec.leaves[0].kind

    assert kind(channels_last=True) == "image"
    assert kind() == kind(observation="flat", channels_last=True) == "numbers"
    assert kind(observation="index") == "categories"
    assert MatrixGame("lola").observation_spec == ObservationSpec(Leaf((5,)))


def test_an_observation_lies_in_a_spec_or_not() -> None:
    zeros = BOARD.zeros()
    assert BOARD.contains(zeros)
    assert BOARD.contains(jax.tree.map(jnp.asarray, zeros))
    wrong = [
        zeros | {"more": np.zeros(1)},
        {"at": zeros["at"]},
        zeros["at"],
        zeros | {"at": np.array([0, 4], np.int32)},
        zeros | {"at": np.zeros(2, np.int64)},
        zeros | {"at": np.zeros(3, np.int32)},
    ]
    assert not any(map(BOARD.contains, wrong))
    assert not ObservationSpec(Leaf((2,))).contains(zeros)
    with pytest.raises(
        ValueError, match=r"x must be .*\{at: int32\[2\], .*got .*'at': 'int64\[3\]"
    ):
        BOARD.checked("x", {"at": np.zeros(3, np.int64), "board": zeros["board"]})
    assert jax.tree.structure(BOARD.tree) == jax.tree.structure(zeros)
    assert [leaf.shape for leaf in BOARD.leaves] == [a.shape for a in jax.tree.leaves(zeros)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda seen: seen["last"], "observations must be of the form {.*}; after reset they are"),
        (
            lambda seen: {"last": seen["last"]},
            "observations must be of the form {.*}; after reset they are",
        ),
        (lambda seen: seen | {"tilt": seen["tilt"] + 2}, "seat 0 sees 2.0 to 2.0"),
    ],
)
def test_the_laws_of_games_hold_for_named_arrays(mixed_game: Any, broken: Any, said: str) -> None:
    check_game(mixed_game)

    class Broken(type(mixed_game)):  # type: ignore[misc]
        def observe(self, state: Any) -> Any:
            return broken(super().observe(state))

    with pytest.raises(AssertionError, match=said):
        check_game(Broken())


@pytest.fixture(params=["mixed", "picture"])
def seen_game(request: pytest.FixtureRequest, mixed_game: Any) -> Any:
    return mixed_game if request.param == "mixed" else CoinGame(channels_last=True)


def test_spaces_have_the_form_of_the_spec(mixed_game: Any) -> None:
    space = GameEnv(mixed_game, Random(3)).observation_space
    assert isinstance(space, Dict)
    assert list(space) == ["board", "last", "tilt"]
    assert space["board"] == Box(0, 255, (4, 5, 2), np.uint8)
    assert space["last"] == Box(0, 2, (2,), np.int32)
    assert space["tilt"] == Box(-1, 1, (1,), np.float32)
    image = GameEnv(CoinGame(channels_last=True)).observation_space
    assert image == Box(0, 1, (3, 3, 4), np.float32)


def test_one_seat_sees_what_its_space_contains(seen_game: Any) -> None:
    env = GameEnv(seen_game, Random(seen_game.num_actions), seat=1)
    observation, _ = env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(seen_game.episode_length):
        assert env.observation_space.contains(observation)
        assert seen_game.observation_spec.contains(observation)
        observation, *_ = env.step(env.action_space.sample())


def test_all_seats_see_what_their_spaces_contain(seen_game: Any) -> None:
    env = parallel_env(seen_game)
    observations, _ = env.reset(seed=0)
    while env.agents:
        for agent, observation in observations.items():
            assert env.observation_space(agent).contains(observation)
        state = env.state()
        assert env.state_space.contains(state)
        rows = np.concatenate([jax.tree.leaves(each)[0] for each in observations.values()])
        np.testing.assert_array_equal(jax.tree.leaves(state)[0], rows)
        observations, *_ = env.step(dict.fromkeys(env.agents, 1))
    turns = raw_env(seen_game)
    turns.reset(seed=0)
    assert turns.observation_space("player_1").contains(turns.observe("player_1"))


def plain(outcome: Any) -> Any:
    """The outcome without arrays of objects, whose entries are dictionaries."""
    return jax.tree.map(lambda array: array.tolist() if array.dtype == object else array, outcome)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP], ids=str)
def test_vectors_of_named_arrays_are_gymnasiums(mixed_game: Any, mode: AutoresetMode) -> None:
    ours = VectorGameEnv(mixed_game, "echo", num_envs=3, autoreset_mode=mode)
    theirs = SyncVectorEnv([lambda: GameEnv(mixed_game, "echo")] * 3, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space
    outcomes = [env.reset(seed=0) for env in (ours, theirs)]
    for t in range(8):
        jax.tree.map(np.testing.assert_array_equal, *map(plain, outcomes))
        assert ours.observation_space.contains(outcomes[0][0])
        outcomes = [env.step(np.array([t % 3, 1, 2])) for env in (ours, theirs)]


def test_every_open_seat_has_a_row_of_every_named_array(mixed_game: Any) -> None:
    env = SharedVectorEnv(mixed_game, num_games=2)
    env.reset(seed=0)
    seen, *_ = env.step(np.array([0, 1, 2, 0]))
    assert seen["last"].tolist() == [[0, 1], [1, 0], [2, 0], [0, 2]]
    assert seen["board"].shape == (4, 4, 5, 2)
    assert env.observation_space.contains(seen)
    assert gymnasium.spaces.utils.is_space_dtype_shape_equiv(
        env.single_observation_space, parallel_env(mixed_game).observation_space("player_0")
    )


def test_a_function_meets_every_array() -> None:
    rows = {"a": np.arange(6).reshape(2, 3), "b": np.arange(2)}
    assert each_array(np.sum, rows) == {"a": 15, "b": 1}
    assert each_array(np.sum, rows["b"]) == 1
    assert of_seat(rows, 1)["a"].tolist() == [3, 4, 5]
    assert of_seat(rows["b"], 1) == 1
