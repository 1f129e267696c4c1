"""Escalation on a grid: who is paid what, how the mark moves and streaks end, how players walk."""

import numpy as np
import pytest

from loqa_envs import EscalationState, escalation_grid_v0, make_game

LEFT, RIGHT, UP, DOWN, STAY = range(5)


def state(players, mark, streak=0):
    return EscalationState(
        np.array(players, np.int32), np.asarray(mark, np.int32), np.asarray(streak, np.int32)
    )


def step(game, before, actions, noise=0.0):
    return game.transition(before, np.array(actions, np.int32), np.array([noise], np.float32))


def play(game, names, mark):
    """Rewards ``[T, P]`` of an episode in which the mark begins on that cell."""
    players = [game.scripted_players(seat)[name] for seat, name in enumerate(names)]
    chance = np.random.default_rng(mark)
    now, paid = state([0, game.board.width - 1], mark), []
    for _ in range(game.episode_length):
        views = zip(players, game.observe(now), strict=True)
        moves = [each.choose((), seen, chance.random(1))[0] for each, seen in views]
        now, rewards, _ = step(game, now, moves, chance.random())
        paid.append(rewards)
    return np.array(paid)


#    0  1  2  3  4
#    5  6  7  8  9
#   10 11 12 13 14
#   15 16 17 18 19
#   20 21 22 23 24


@pytest.mark.parametrize(("noise", "mark"), [(0.0, 11), (0.3, 13), (0.6, 7), (0.99, 17)])
def test_two_at_the_mark_get_one_each_and_it_moves_on_to_a_cell_next_to_it(noise, mark):
    after, rewards, info = step(make_game("escalation_grid"), state([11, 12], 12, 3), [1, 4], noise)
    assert rewards.tolist() == [1, 1]
    assert info["together"].tolist() == [1, 1]
    assert info["alone"].tolist() == [0, 0]
    assert (after.players.tolist(), int(after.mark), int(after.streak)) == ([12, 12], mark, 4)


@pytest.mark.parametrize(("noise", "mark"), [(0.0, 1), (0.49, 1), (0.5, 5), (0.99, 5)])
def test_the_mark_never_moves_over_the_edge(noise, mark):
    after, *_ = step(make_game("escalation_grid"), state([0, 0], 0), [STAY, STAY], noise)
    assert int(after.mark) == mark


@pytest.mark.parametrize(
    ("actions", "rewards"),
    [([STAY, STAY], [-2, 0]), ([UP, LEFT], [0, -2]), ([UP, STAY], [0, 0])],
)
def test_who_is_alone_at_the_mark_pays_for_the_streak_which_ends(actions, rewards):
    game = make_game("escalation_grid")
    after, paid, info = step(game, state([12, 13], 12, 4), actions)
    assert paid.tolist() == rewards
    assert info["alone"].tolist() == [float(reward < 0) for reward in rewards]
    assert (int(after.mark), int(after.streak)) == (12, 0)


def test_waiting_at_the_mark_before_any_streak_costs_nothing():
    _, paid, info = step(make_game("escalation_grid"), state([12, 0], 12), [STAY, STAY])
    assert paid.tolist() == [0, 0]
    assert info["alone"].tolist() == [1, 0]


def test_a_streak_counts_up_to_the_longest():
    game = make_game("escalation_grid", longest_streak=3, penalty=2)
    after, *_ = step(game, state([12, 12], 12, 3), [STAY, STAY])
    assert int(after.streak) == 3
    assert game.reward_range == (-6, 1)


def test_players_begin_in_the_upper_corners_and_the_mark_anywhere():
    game = make_game("escalation_grid", size=(3, 4))
    for toss, players in ((0.2, [3, 0]), (0.8, [0, 3])):
        for uniform, mark in ((0.0, 0), (0.5, 6), (0.99, 11)):
            begun = game.initial_state(np.array([toss, uniform], np.float32))
            assert begun.players.tolist() == players
            assert (int(begun.mark), int(begun.streak)) == (mark, 0)
    seen = game.observe(begun._replace(streak=np.asarray(7, np.int32)))
    assert seen.tolist() == [[0, 3, 11, 7], [3, 0, 11, 7]]


def test_two_who_cooperate_lose_only_the_steps_to_the_mark():
    game = make_game("escalation_grid")
    paid = [play(game, ["always_cooperate"] * 2, mark) for mark in range(25)]
    # The later of the two comes after 5.2 steps, in the mean of all cells: 2 down and 3.2 across.
    np.testing.assert_allclose(np.mean(paid, (0, 1)), (50 - 5.2 + 1) / 50, rtol=1e-6)
    assert game.episode_length == 50


@pytest.mark.parametrize("other", ["always_cooperate", "always_defect"])
def test_nobody_gets_anything_who_plays_with_one_who_defects(other):
    game = make_game("escalation_grid", size=3)
    assert not any(play(game, ["always_defect", other], mark).any() for mark in range(9))


def test_who_cooperates_with_someone_who_leaves_pays_for_the_streak():
    game, player = make_game("escalation_grid"), make_game("escalation_grid").scripted_players(0)
    now = state([12, 12], 13, 6)
    seen, noise = game.observe(now), np.zeros(1, np.float32)
    moves = [
        player[name].choose((), seen[seat], noise)[0]
        for seat, name in enumerate(["always_cooperate", "always_defect"])
    ]
    assert moves[0] == RIGHT
    assert step(game, now, moves)[1].tolist() == [-3, 0]


def test_the_board_is_drawn_as_text():
    text = make_game("escalation_grid", size=(2, 4)).render(state([0, 5], 5, 2))
    assert text == " 0   .   .   .\n .   1M  .   .\nstreak 2"


def test_pettingzoo_has_it_under_its_own_module():
    parallel = escalation_grid_v0.parallel_env(max_cycles=2, longest_streak=9)
    observations, _ = parallel.reset(seed=0)
    assert observations["player_0"].shape == (4,)
    assert parallel.observation_space("player_1").high.tolist() == [24, 24, 24, 9]
