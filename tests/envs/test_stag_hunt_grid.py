"""The stag hunt on a grid: who is paid what, where things reappear, how stag and players walk."""

import numpy as np
import pytest

from loqa_envs import StagHuntState, make_game

LEFT, RIGHT, UP, DOWN = range(4)


def state(players, stag, plants=(20, 24)):
    return StagHuntState(
        np.array(players, np.int32), np.asarray(stag, np.int32), np.array(plants, np.int32)
    )


def step(game, before, actions, noise=0.0):
    chance = np.full(game.noise_size, noise, np.float32)
    return game.transition(before, np.array(actions, np.int32), chance)


def happened(info):
    return {name: values.tolist() for name, values in info.items()}


#    0  1  2  3  4
#    5  6  7  8  9
#   10 11 12 13 14
#   15 16 17 18 19
#   20 21 22 23 24


def test_two_at_the_stag_catch_it_and_it_reappears_on_the_first_free_cell():
    # The stag stays where a player is; that player walks against the edge, the other comes.
    after, rewards, info = step(make_game("stag_hunt_grid"), state([0, 1], 0), [UP, LEFT])
    assert rewards.tolist() == [5, 5]
    assert happened(info) == {"hunted": [1, 1], "mauled": [0, 0], "gathered": [0, 0]}
    assert after.players.tolist() == [0, 0]
    assert int(after.stag) == 1


@pytest.mark.parametrize(("run_away", "cell"), [(False, 0), (True, 2)])
def test_one_at_the_stag_is_mauled_and_it_stays_unless_it_runs_away(run_away, cell):
    game = make_game("stag_hunt_grid", run_away=run_away)
    after, rewards, _ = step(game, state([0, 2], 0), [LEFT, LEFT])
    assert rewards.tolist() == [-5, 0]
    assert int(after.stag) == cell  # 0 and 1 are where the players are


def test_whoever_is_at_a_plant_gathers_it_and_it_reappears():
    game = make_game("stag_hunt_grid")
    after, rewards, info = step(game, state([19, 19], 0, (24, 10)), [DOWN, DOWN])
    assert rewards.tolist() == [1, 1]
    assert happened(info)["gathered"] == [1, 1]
    assert sorted(after.plants.tolist()) == [0, 10]  # the stag has left cell 0
    after, rewards, _ = step(game, state([19, 4], 0, (24, 10)), [DOWN, UP])
    assert rewards.tolist() == [1, 0]


def test_who_leaves_the_stag_escapes_and_who_comes_to_it_then_is_mauled():
    _, rewards, _ = step(make_game("stag_hunt_grid"), state([10, 11], 10), [UP, LEFT])
    assert rewards.tolist() == [0, -5]


def test_who_is_mauled_gathers_nothing():
    _, rewards, info = step(make_game("stag_hunt_grid"), state([0, 24], 0, (0, 10)), [UP, UP])
    assert rewards.tolist() == [-5, 0]
    assert happened(info)["gathered"] == [0, 0]


@pytest.mark.parametrize(("noise", "cell"), [(0.0, 11), (0.99, 7)])
def test_a_stag_that_follows_steps_towards_the_nearest_player_by_any_shortest_way(noise, cell):
    game = make_game("stag_hunt_grid")  # player 0 is two steps off, up and left
    after, *_ = step(game, state([6, 24], 12, (20, 23)), [UP, UP], noise)
    assert int(after.stag) == cell


@pytest.mark.parametrize(("noise", "cell"), [(0.1, 11), (0.3, 13), (0.6, 7), (0.99, 17)])
def test_a_stag_that_does_not_follow_wanders(noise, cell):
    game = make_game("stag_hunt_grid", stag_follows=False)
    after, *_ = step(game, state([6, 24], 12, (20, 23)), [UP, UP], noise)
    assert int(after.stag) == cell


def test_players_begin_in_the_upper_corners_and_the_stag_in_the_middle():
    game = make_game("stag_hunt_grid", size=(3, 4), plants=3)
    for toss, players in ((0.2, [3, 0]), (0.8, [0, 3])):
        begun = game.initial_state(np.array([toss, 0, 0, 0, 0], np.float32))
        assert begun.players.tolist() == players
        assert (int(begun.stag), begun.plants.tolist()) == (6, [1, 2, 4])
    assert game.observe(begun).tolist() == [[0, 3, 6, 1, 2, 4], [3, 0, 6, 1, 2, 4]]


def test_the_hunter_goes_for_the_stag_and_the_gatherer_for_the_nearest_plant():
    game = make_game("stag_hunt_grid")
    seen = game.observe(state([12, 0], 14, (2, 20)))[0]
    noise = np.zeros(1, np.float32)
    moves = {"always_cooperate": RIGHT, "always_defect": UP}
    for name, move in moves.items():
        assert game.scripted_players(0)[name].choose((), seen, noise)[0] == move


def test_the_board_is_drawn_as_text():
    text = make_game("stag_hunt_grid", size=(2, 4)).render(state([0, 0], 5, (3, 6)))
    assert text == " 01  .   .   p\n .   S   p   ."


def test_a_board_too_small_for_all_is_refused():
    with pytest.raises(ValueError, match=r"StagHuntGrid.size must be at least 6 cells"):
        make_game("stag_hunt_grid", size=2)
