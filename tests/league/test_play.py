"""Who gets what from whom, and whence its chance comes."""

import jax
import numpy as np
import pytest

from loqa_agents.league import Entrant, play_league
from loqa_agents.league.pairs.pair_id import pair_key
from loqa_agents.league.pairs.tables import Tables
from loqa_envs import MatrixGame

from .conftest import DILEMMA, EPISODES, KEY, NAMES
from .players import Counts, TitForTat

pytestmark = pytest.mark.slow


def test_a_cooperator_and_a_defector_get_the_suckers_and_the_tempters_payoff(dilemma, mean):
    # CD in every step: -3 and 0.
    assert mean(dilemma, "always_cooperate", "always_defect") == -3
    assert mean(dilemma, "always_defect", "always_cooperate") == 0


def test_tit_for_tat_is_exploited_once(dilemma, mean):
    # CD once and DD nine times: (-3 - 9 * 2) / 10 and (0 - 9 * 2) / 10.
    assert mean(dilemma, "tit_for_tat", "always_defect") == pytest.approx(-2.1)
    assert mean(dilemma, "always_defect", "tit_for_tat") == pytest.approx(-1.8)
    assert mean(dilemma, "tit_for_tat", "tit_for_tat") == -1


def test_a_random_player_is_met_at_its_mean(dilemma, mean):
    # The cooperator gets -1 or -3, the random player -1 or 0; 640 steps, so s.e. 0.04 and 0.02.
    assert mean(dilemma, "always_cooperate", "random") == pytest.approx(-2, abs=0.16)
    assert mean(dilemma, "random", "always_cooperate") == pytest.approx(-0.5, abs=0.08)
    # Against itself, which is the mean of both seats: -1.5.
    assert mean(dilemma, "random", "random") == pytest.approx(-1.5, abs=0.2)


def test_shares_of_cooperation_are_the_rows(dilemma):
    share = dilemma.info["cooperated"].mean(-1)
    assert share[0].tolist() == [1] * 4
    assert share[1].tolist() == [0] * 4
    assert share[2, :3] == pytest.approx([1, 0.1, 1])
    assert share[3] == pytest.approx([0.5] * 4, abs=0.08)


def references(league):
    """All that they got in any episode."""
    return {name: set(values.tolist()) for name, values in league.references.items()}


def test_cooperators_and_defectors_among_themselves_are_the_references(dilemma):
    assert references(dilemma) == {"always_cooperate": {-1.0}, "always_defect": {-2.0}}


def test_the_references_are_there_without_being_entrants(by_hand):
    assert references(by_hand) == {"always_cooperate": {-1.0}, "always_defect": {-2.0}}


@pytest.mark.parametrize("player", ["always_defect", TitForTat()], ids=["jax", "python"])
@pytest.mark.parametrize("episodes", [3, 4])
def test_both_sit_in_both_seats_in_turn(player, episodes):
    # Whatever is done, the first seat gets 1 and the second 0.
    game = MatrixGame(payoffs=((1, 1, 1, 1), (0, 0, 0, 0)), episode_length=2)
    league = play_league(
        KEY, game, [Entrant("one", player), Entrant("other", "always_defect")], episodes
    )
    assert league.rewards[0, 1].tolist() == [1, 0, 1, 0][:episodes]
    assert league.rewards[1, 0].tolist() == [0, 1, 0, 1][:episodes]
    assert league.rewards[0, 0].tolist() == [0.5] * episodes  # the mean of its two seats


def test_a_player_behaves_as_it_does_in_the_seat_that_it_has(mean):
    # The first seat prefers action 0, the second action 1, and each player knows where it sits.
    game = MatrixGame(payoffs=((1, 1, 0, 0), (0, 0, 1, 1)), episode_length=2)
    entrants = [Entrant("zero", "always_cooperate"), Entrant("one", "always_defect")]
    league = play_league(KEY, game, entrants, 4)
    # "one", which sorts first, sits in the first seat first: there it gets 0, in the second 1.
    assert league.rewards[0, 1].tolist() == [0, 1, 0, 1]
    assert league.rewards[1, 0].tolist() == [0, 1, 0, 1]


def test_a_pairs_numbers_do_not_depend_on_who_else_is_there(dilemma, scripted):
    fewer = play_league(KEY, DILEMMA, scripted[2:], 64)
    np.testing.assert_array_equal(fewer.rewards, dilemma.rewards[2:, 2:])
    share = dilemma.info["cooperated"]
    np.testing.assert_array_equal(fewer.info["cooperated"], share[2:, 2:])
    assert np.ptp(share[2, 3]) > 0


@pytest.mark.parametrize("mine", ["tit_for_tat", TitForTat()], ids=["jax", "python"])
@pytest.mark.parametrize("common", [False, True])
def test_a_pairs_numbers_do_not_depend_on_the_order_of_entrants(mine, common):
    entrants = [Entrant("random", "random"), Entrant("mine", mine)]
    one, other = (
        play_league(KEY, DILEMMA, order, 6, common=common).info["cooperated"]
        for order in (entrants, entrants[::-1])
    )
    np.testing.assert_array_equal(one, other[::-1, ::-1])
    assert np.ptp(one[0, 1]) > 0


def test_a_pairs_numbers_do_not_depend_on_the_order_of_programs(dilemma):
    # Programs put the architecture that came first into the first place, and players back.
    random = dilemma.entrants[3]
    middle = Entrant("middle", Counts(4))
    apart = play_league(KEY, DILEMMA, [middle, random], 64)
    among = play_league(KEY, DILEMMA, [dilemma.entrants[1], middle, random], 64)
    np.testing.assert_array_equal(apart.rewards, among.rewards[1:, 1:])
    assert np.ptp(apart.rewards[0, 1]) > 0


def test_pairs_have_chance_of_their_own_unless_it_is_common(dilemma, scripted):
    common = play_league(KEY, DILEMMA, scripted, 64, common=True)

    def of_random(league, opponent):
        return league.info["cooperated"][3, NAMES.index(opponent)]

    one, other = (of_random(dilemma, name) for name in ("always_cooperate", "always_defect"))
    assert (one != other).any()
    one, other = (of_random(common, name) for name in ("always_cooperate", "always_defect"))
    np.testing.assert_array_equal(one, other)


def test_python_players_share_common_chance_too():
    entrants = [
        Entrant("random", "random"),
        Entrant("mine", TitForTat()),
        Entrant("again", TitForTat()),
    ]
    apart, common = (
        play_league(KEY, DILEMMA, entrants, 6, common=common).info["cooperated"]
        for common in (False, True)
    )
    assert (apart[0, 1] != apart[0, 2]).any()
    np.testing.assert_array_equal(common[0, 1], common[0, 2])


def test_a_policy_of_ones_own_is_played_under_jax(mean):
    league = play_league(
        KEY, DILEMMA, [Entrant("mine", Counts(4)), Entrant("always_defect", "always_defect")], 4
    )
    # C three times, then D: CD three times and DD seven times.
    assert mean(league, "mine", "always_defect") == pytest.approx((3 * -3 + 7 * -2) / 10)


def test_cooperators_and_defectors_of_the_coin_game_get_the_known_rewards(coins, mean):
    # s.e. 0.01 by 96 episodes.
    assert mean(coins, "always_cooperate", "always_defect") == pytest.approx(-0.269, abs=0.03)
    assert mean(coins, "always_defect", "always_cooperate") == pytest.approx(0.638, abs=0.03)


def test_a_view_of_planes_and_a_view_of_numbers_make_the_same_player(coins, planes):
    # With common chance, the same player moves alike however it is shown the board.
    np.testing.assert_array_equal(planes.rewards, coins.rewards[:2, :2])
    assert np.ptp(coins.rewards[0, 1]) > 0


def test_agents_play_as_in_the_game_that_they_learned(coins, agents):
    # At a table of their own view, without translation, the same chance gives the same episodes.
    seats = (agents[0].policy,) * 2
    tables = Tables(agents[0].game)
    met, slips = tables.play([KEY], seats, seats, [(agents[0].params, agents[1].params)], EPISODES)
    np.testing.assert_array_equal(met.rewards[0, :, 0], coins.rewards[2, 3])
    np.testing.assert_array_equal(met.rewards[0, :, 1], coins.rewards[3, 2])
    assert (slips == 50).all()


def test_a_pairs_key_is_of_its_names():
    keys = [pair_key(KEY, pair) for pair in (("a", "b"), ("b", "a"), ("a", "c"), ("ab", ""))]
    assert len({tuple(jax.random.key_data(key).tolist()) for key in keys}) == 4


def test_progress_counts_pairs(scripted):
    seen = []
    entrants = [Entrant("mine", TitForTat()), *scripted[:2]]
    play_league(KEY, DILEMMA, entrants, 4, progress=lambda done, pairs: seen.append((done, pairs)))
    # Six pairs and two references: nothing, those under JAX at once, three with the Python player.
    assert seen == [(0, 8), (5, 8), (6, 8), (7, 8), (8, 8)]


@pytest.mark.parametrize(
    ("entrants", "episodes", "message"),
    [
        ([], 2, "at least two entrants, got none"),
        (["tit_for_tat"], 2, "at least two entrants, got tit_for_tat"),
        (["tit_for_tat"] * 2, 2, "name of its own; given twice: tit_for_tat"),
        (["tit_for_tat", "nobody"], 2, "entrant nobody: a player of ipd must be one of always_co"),
        (["tit_for_tat", "random"], 0, "episodes must be an integer from 1 to .*, got 0"),
        (["tit_for_tat", "random"], 1.5, "episodes must be an integer from 1 to .*, got 1.5"),
        (["tit_for_tat", "random"], True, "episodes must be an integer from 1 to .*, got True"),
    ],
)
def test_a_league_that_cannot_be_is_refused(entrants, episodes, message):
    with pytest.raises(ValueError, match=message):
        play_league(KEY, DILEMMA, [Entrant(name, name) for name in entrants], episodes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"key": 0}, "key must be one key"),
        ({"game": "ipd"}, "game must be a Game"),
        (
            {"entrants": ["tit_for_tat", "random"]},
            "entrants must be a list or tuple, each an Entrant",
        ),
        ({"devices": []}, "devices must be"),
        ({"devices": ["cpu"]}, "devices must be"),
        ({"common": 1}, "common must be True or False, got 1"),
        ({"act_timeout": 0}, "act_timeout must be a number from 0.001 to 86,400, or None, got 0"),
        ({"finished": "out"}, "finished must be a Finished"),
    ],
)
def test_an_argument_that_is_none_is_refused_in_a_sentence(scripted, arguments, message):
    given = {"key": KEY, "game": DILEMMA, "entrants": scripted, "num_episodes": 2} | arguments
    with pytest.raises(ValueError, match=message):
        play_league(**given)


@pytest.mark.parametrize("arguments", [{"name": ""}, {"name": 3}, {"team": 3}])
def test_an_entrant_has_a_name(arguments):
    with pytest.raises(ValueError, match=r"Entrant\.(name|team) must be a string"):
        Entrant(**{"name": "a", "player": "random"} | arguments)


def test_old_keys_are_keys_too(dilemma):
    words = jax.random.key_data(KEY)
    league = play_league(words, DILEMMA, dilemma.entrants, 64)
    np.testing.assert_array_equal(league.rewards, dilemma.rewards)
