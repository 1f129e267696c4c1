"""The negotiation game: how items are shared, what they pay, who sees what, scripted players."""

from itertools import product

import numpy as np
import pytest

from loqa_envs import NegotiationState, make_game, negotiation_v0

NO_NOISE = np.zeros(3, np.float32)


def state(own, asked=((0, 0, 0), (0, 0, 0))):
    """A round in which these items are the first seat's own, after those proposals."""
    own = np.array(own, np.int32)
    return NegotiationState(np.stack([own, 1 - own]), np.array(asked, np.int32))


def step(game, before, *names):
    """The round after these proposals, rewards and info."""
    actions = np.array([game.action_names.index(name) for name in names], np.int32)
    return game.transition(before, actions, NO_NOISE)


@pytest.mark.parametrize(
    ("proposals", "rewards"),
    [
        # Worth 5, 1, 5 to the first and 1, 5, 1 to the second.
        (("5/0/5", "0/5/0"), (10, 5)),
        (("5/5/5", "0/5/0"), (5 + 0.5 + 5, 2.5)),
        (("5/5/5", "5/5/5"), (5.5, 3.5)),
        (("0/5/0", "5/0/5"), (1, 2)),
        (("0/0/0", "0/0/5"), (0, 1)),
    ],
)
def test_an_item_that_both_want_is_shared_and_one_that_nobody_wants_is_lost(proposals, rewards):
    _, paid, _ = step(make_game("negotiation"), state([1, 0, 1]), *proposals)
    np.testing.assert_allclose(paid, np.array(rewards) / 15, rtol=1e-6)


def test_proposals_in_between_are_met_up_to_five_and_shared_in_proportion_beyond():
    game = make_game("negotiation", levels=6)
    _, paid, _ = step(game, state([1, 0, 1]), "2/4/5", "3/4/1")
    first = 5 * 2 / 5 + 1 * 4 / 8 + 5 * 5 / 6
    second = 1 * 3 / 5 + 5 * 4 / 8 + 1 * 1 / 6
    np.testing.assert_allclose(paid, [first / 15, second / 15], rtol=1e-6)


@pytest.mark.parametrize("levels", [2, 4])
@pytest.mark.parametrize(
    ("first", "second", "mean"),
    [
        ("always_cooperate", "always_cooperate", 0.50),
        ("always_defect", "always_cooperate", 0.55),
        ("always_cooperate", "always_defect", 0.25),
        ("always_defect", "always_defect", 0.30),
    ],
)
def test_means_over_all_rounds_are_those_of_the_published_game(levels, first, second, mean):
    game = make_game("negotiation", levels=levels)
    players = game.scripted_players(0)[first], game.scripted_players(1)[second]
    paid = []
    for own in product((0, 1), repeat=3):
        seen = game.observe(state(own))
        moves = [player.choose((), seen[seat], None)[0] for seat, player in enumerate(players)]
        paid.append(game.transition(state(own), np.array(moves, np.int32), NO_NOISE)[1][0])
    assert len(paid) == 8
    np.testing.assert_allclose(np.mean(paid), mean, rtol=1e-6)


def test_a_seat_sees_a_tenth_of_quantities_worth_and_proposals_its_own_before_the_others():
    game = make_game("negotiation")
    after, *_ = step(game, state([0, 0, 1]), "5/0/5", "0/5/5")
    new = NegotiationState(state([1, 0, 1]).own, after.asked)
    first = [1, 1, 1, 5, 1, 5, 5, 0, 5, 1, 5, 1, 0, 5, 5]
    second = [1, 1, 1, 1, 5, 1, 0, 5, 5, 5, 1, 5, 5, 0, 5]
    np.testing.assert_allclose(10 * game.observe(new), [first, second], rtol=1e-6)


def test_whose_an_item_is_is_tossed_anew_in_every_round():
    game = make_game("negotiation")
    begun = game.initial_state(np.array([0.49, 0.5, 0.0], np.float32))
    assert begun.own.tolist() == [[1, 0, 1], [0, 1, 0]]
    assert begun.asked.tolist() == [[0, 0, 0], [0, 0, 0]]
    actions = np.array([7, 1], np.int32)
    after, *_ = game.transition(begun, actions, np.array([0.9, 0.2, 0.7], np.float32))
    assert after.own.tolist() == [[0, 1, 0], [1, 0, 1]]
    assert after.asked.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_info_says_how_many_items_of_each_kind_were_asked_for():
    _, _, info = step(make_game("negotiation", levels=3), state([1, 0, 1]), "5/2.5/0", "5/5/2.5")
    assert info["asked_own"].tolist() == [1, 1]
    assert info["asked_other"].tolist() == [0.5, 1.5]


def test_tit_for_tat_asks_for_all_in_the_round_after_it_was_wronged_and_only_then():
    game = make_game("negotiation")
    player, carry = game.scripted_players(0)["tit_for_tat"], np.zeros(3, np.bool_)
    # (items of its own in this round, what the other asked for in the round before, its answer)
    for own, asked, answer in [
        ([1, 0, 0], [0, 0, 0], "5/0/0"),
        ([0, 1, 0], [0, 1, 1], "0/5/0"),  # the first item was its own, and was left to it
        ([0, 1, 1], [0, 1, 0], "5/5/5"),
        ([1, 0, 1], [1, 0, 0], "5/0/5"),
    ]:
        seen = game.observe(state(own, [[0, 0, 0], asked]))[0]
        action, carry = player.choose(carry, seen, None)
        assert game.action_names[action] == answer


def test_a_round_is_drawn_as_text():
    text = make_game("negotiation", levels=3).render(state([1, 0, 1], [[2, 1, 0], [0, 0, 2]]))
    assert text.splitlines() == [
        "player 0: worth 5 1 5, asked 5 2.5 0",
        "player 1: worth 1 5 1, asked 0 0 5",
    ]


def test_pettingzoo_has_it_under_its_own_module():
    parallel = negotiation_v0.parallel_env(max_cycles=2, levels=3)
    observations, _ = parallel.reset(seed=0)
    assert observations["player_0"].shape == (15,)
    assert parallel.action_space("player_1").n == 27


@pytest.mark.parametrize("levels", [1, 12, 2.5])
def test_levels_that_make_no_grid_are_refused(levels):
    with pytest.raises(ValueError, match=r"Negotiation.levels must be an integer from 2 to 11"):
        make_game("negotiation", levels=levels)
