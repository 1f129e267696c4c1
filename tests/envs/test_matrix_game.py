"""Worked examples of the matrix games, and what their settings must be."""

import re

import jax.numpy as jnp
import numpy as np
import pytest

from loqa_envs import IPD, SITUATIONS, MatrixGame, make_game, make_player

C, D = 0, 1
NO_NOISE = np.zeros(0, np.float32)


def payoffs_of(game: MatrixGame, first: int, second: int) -> list[float]:
    start = game.initial_state(NO_NOISE)
    _, rewards, _ = game.transition(start, np.array([first, second], np.int32), NO_NOISE)
    return [round(reward, 5) for reward in rewards.tolist()]


def test_the_default_dilemma_pays_as_lola_did() -> None:
    game = IPD()
    assert payoffs_of(game, C, C) == [-1, -1]
    assert payoffs_of(game, C, D) == [-3, 0]
    assert payoffs_of(game, D, C) == [0, -3]
    assert payoffs_of(game, D, D) == [-2, -2]
    assert game.episode_length == 50
    assert game.reward_range == (-3, 0)


def test_the_pola_preset_is_its_contribution_game() -> None:
    # Each may put 1 into a pot; the pot grows to 1.33 times itself and is shared equally.
    #   CC: 2 * 1.33 / 2 - 1 = 0.33 each
    #   CD: 1 * 1.33 / 2 - 1 = -0.335 for who gave, 1.33 / 2 = 0.665 for who did not
    #   DD: nothing grows, nothing is shared: 0 each
    game = IPD("pola")
    for first, second in ((C, C), (C, D), (D, C), (D, D)):
        given = np.array([first == C, second == C], float)
        expected = 1.33 * given.sum() / 2 - given
        np.testing.assert_allclose(payoffs_of(game, first, second), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Hunting together feeds best, alone not at all; the hare is safe.
        ("stag_hunt", {(C, C): [4, 4], (C, D): [0, 3], (D, C): [3, 0], (D, D): [2, 2]}),
        # Both driving on is the worst of all.
        ("chicken", {(C, C): [3, 3], (C, D): [1, 4], (D, C): [4, 1], (D, D): [0, 0]}),
        # The first seat wins when the pennies match, whichever side is up.
        (
            "matching_pennies",
            {(C, C): [1, -1], (C, D): [-1, 1], (D, C): [-1, 1], (D, D): [1, -1]},
        ),
        # Together is good, and each would rather be together at its own place.
        (
            "battle_of_the_sexes",
            {(C, C): [3, 2], (C, D): [0, 0], (D, C): [0, 0], (D, D): [2, 3]},
        ),
    ],
)
def test_presets_pay_as_their_names_say(
    name: str, expected: dict[tuple[int, int], list[float]]
) -> None:
    game = make_game(name)
    assert {moves: payoffs_of(game, *moves) for moves in expected} == expected
    assert game.name == name


def test_each_seat_is_paid_by_its_own_row_with_its_own_move_first() -> None:
    game = MatrixGame(((10, 11, 12, 13), (20, 21, 22, 23)))
    # The first cooperates, the second defects: CD for the first, DC for the second.
    assert payoffs_of(game, C, D) == [11, 22]
    assert payoffs_of(game, D, C) == [12, 21]


def test_a_seat_sees_the_last_moves_with_its_own_first() -> None:
    game = IPD()
    state = game.initial_state(NO_NOISE)
    seen = [[SITUATIONS[i] for i in game.observe(state).argmax(1)]]
    for joint in ((C, C), (C, D), (D, C), (D, D)):
        state, _, _ = game.transition(state, np.array(joint, np.int32), NO_NOISE)
        observations = game.observe(state)
        assert observations.sum(1).tolist() == [1, 1]
        seen.append([SITUATIONS[i] for i in observations.argmax(1)])
    assert seen == [["START"] * 2, ["CC", "CC"], ["CD", "DC"], ["DC", "CD"], ["DD", "DD"]]


def test_info_says_who_cooperated() -> None:
    game = IPD()
    _, _, info = game.transition(game.initial_state(NO_NOISE), np.array([C, D], np.int32), NO_NOISE)
    assert info["cooperated"].tolist() == [1, 0]


def test_the_text_is_the_table_with_the_last_outcome_in_brackets() -> None:
    game = MatrixGame(((10, 11, 12, 13), (20, 21, 22, 23)))
    state = game.initial_state(NO_NOISE)
    assert "[" not in game.render(state)
    state, _, _ = game.transition(state, np.array([C, D], np.int32), NO_NOISE)
    head, row_c, row_d = game.render(state).splitlines()
    assert head.split() == ["C", "D"]
    assert re.split(r"\s{2,}", row_c.strip()) == ["C", "10, 20", "[11, 22]"]
    assert re.split(r"\s{2,}", row_d.strip()) == ["D", "12, 21", "13, 23"]


def test_arrays_and_lists_make_the_same_game_as_tuples() -> None:
    game = MatrixGame((4, 0, 3, 2))
    assert game == MatrixGame([4, 0, 3, 2]) == MatrixGame(np.array([4, 0, 3, 2]))
    assert game == MatrixGame(((4, 0, 3, 2), (4, 0, 3, 2))) == MatrixGame("stag_hunt")
    assert hash(game) == hash(MatrixGame(jnp.array([4, 0, 3, 2])))


def test_only_dilemmas_have_extortioners() -> None:
    assert "extort_2" in IPD().scripted_players(0)
    assert "extort_2" in make_game("matrix_game", payoffs="pola").scripted_players(0)
    for name in ("stag_hunt", "chicken", "matching_pennies", "battle_of_the_sexes"):
        assert "extort_2" not in make_game(name).scripted_players(0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"payoffs": (1, 2, 3)}, r"payoffs must be four numbers.*got \(1, 2, 3\)"),
        ({"payoffs": ((1, 2, 3, 4),) * 3}, "payoffs must be four numbers"),
        ({"payoffs": ((1, 2), (3, 4))}, "payoffs must be four numbers"),
        ({"payoffs": ((1, 2, 3, 4), (1, 2))}, "payoffs must be four numbers"),
        ({"payoffs": 3}, "payoffs must be four numbers.*got 3"),
        ({"payoffs": (1, 2, 3, "four")}, "payoffs must be four numbers"),
        ({"payoffs": (1, 2, float("nan"), 4)}, "payoffs must be four numbers.*nan"),
        ({"payoffs": (1, 2, float("inf"), 4)}, "payoffs must be four numbers.*inf"),
        ({"payoffs": (1, 2, 3, 1e300)}, "payoffs must be four numbers from -1e12 to 1e12.*1e.300"),
        ({"payoffs": (1, 2, 3, True)}, "payoffs must be four numbers"),
        ({"payoffs": "prisoners"}, "one of the presets lola, pola.*got 'prisoners'"),
        ({"episode_length": 0}, "episode_length must be an integer from 1 to 1,000,000, got 0"),
        ({"episode_length": -5}, "episode_length must be an integer from 1 to 1,000,000, got -5"),
        ({"episode_length": 2.5}, "episode_length must be an integer.*got 2.5"),
        ({"epsiode_length": 5}, "ipd was given a setting that it lacks.*epsiode_length"),
    ],
)
def test_bad_settings_are_refused_by_name(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_game("ipd", **settings)


def test_an_unknown_game_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(
        ValueError, match=r"game must be one of ipd, coin_game, stag_hunt.*got 'poker'"
    ):
        make_game("poker")


@pytest.mark.parametrize(
    ("player", "message"),
    [
        ("tit_for_tatt", r"one of always_cooperate, always_defect.*got 'tit_for_tatt'"),
        ("memory_one:1,1,0", "MemoryOne|memory_one: must be followed by five probabilities"),
        ("memory_one:1,1,0,1,x", "memory_one: must be followed by five probabilities"),
        ("memory_one:1,1,0,1,2", "memory_one: must be followed by five probabilities"),
        (3, "a player must be a name or a Policy, got 3: it lacks num_actions"),
    ],
)
def test_bad_players_are_refused(player: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_player(player, IPD(), 0)
