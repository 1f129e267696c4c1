"""Harvest on a grid: who is paid what, how plants mature, die and reappear, how players walk."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_envs import HarvestState, harvest_grid_v0, make_game

LEFT, RIGHT, UP, DOWN, STAY = range(5)
NOTHING = 0.99  # a coin that neither matures nor kills, at a chance of a tenth


def state(players, plants=(10, 14, 20, 24), mature=(0, 0, 0, 0)):
    return HarvestState(*(np.array(each, np.int32) for each in (players, plants, mature)))


def step(game, before, actions, coins=(NOTHING,) * 4):
    chance = np.array([*coins, *[0.0] * game.plants], np.float32)  # the first free cell
    return game.transition(before, np.array(actions, np.int32), chance)


#    0  1  2  3  4
#    5  6  7  8  9
#   10 11 12 13 14
#   15 16 17 18 19
#   20 21 22 23 24


def test_a_young_plant_pays_who_picks_it_and_reappears_young_on_the_first_free_cell():
    after, rewards, info = step(make_game("harvest_grid"), state([5, 0]), [DOWN, STAY])
    assert rewards.tolist() == [1, 0]
    assert info["picked_young"].tolist() == [1, 0]
    assert info["picked_mature"].tolist() == [0, 0]
    assert after.plants.tolist() == [1, 14, 20, 24]
    assert after.mature.tolist() == [0, 0, 0, 0]


def test_a_mature_plant_pays_both_and_reappears_mature():
    before = state([5, 0], mature=(1, 0, 0, 1))
    after, rewards, info = step(make_game("harvest_grid"), before, [DOWN, STAY])
    assert rewards.tolist() == [2, 2]
    assert info["picked_mature"].tolist() == [1, 0]
    assert after.plants.tolist() == [1, 14, 20, 24]
    assert after.mature.tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize(
    ("players", "mature", "rewards"),
    [
        ([5, 5], (0, 0, 0, 0), [1, 1]),  # both at one young plant
        ([5, 5], (1, 0, 0, 0), [4, 4]),  # both at one mature plant
        ([5, 9], (1, 1, 0, 0), [4, 4]),  # each at a mature one
        ([5, 9], (1, 0, 0, 0), [2, 3]),  # a mature one, and a young one
        ([5, 9], (0, 0, 1, 1), [1, 1]),
        ([0, 1], (1, 1, 1, 1), [0, 0]),
    ],
)
def test_each_is_paid_for_its_own_young_plant_and_for_what_either_picks_mature(
    players, mature, rewards
):
    _, paid, _ = step(make_game("harvest_grid"), state(players, mature=mature), [DOWN, DOWN])
    assert paid.tolist() == rewards


def test_plants_mature_and_die_by_a_coin_each_and_the_dead_reappear_young():
    game = make_game("harvest_grid", chance_to_mature=0.3, chance_to_die=0.2)
    before = state([0, 1], mature=(0, 0, 1, 1))
    after, *_ = step(game, before, [STAY, STAY], (0.29, 0.3, 0.19, 0.2))
    assert after.mature.tolist() == [1, 0, 0, 1]
    assert after.plants.tolist() == [10, 14, 2, 24]


@pytest.mark.parametrize(("mature", "rewards"), [(0, [2, 2]), (1, [1, 0])])
def test_what_matures_or_dies_in_a_step_is_picked_as_what_it_has_become(mature, rewards):
    before = state([5, 0], mature=(mature, 0, 0, 0))
    after, paid, _ = step(make_game("harvest_grid"), before, [DOWN, STAY], (0.0, *[NOTHING] * 3))
    assert paid.tolist() == rewards
    assert after.mature.tolist() == [1 - mature, 0, 0, 0]
    assert after.plants.tolist() == [1, 14, 20, 24]


def test_players_begin_in_the_upper_corners_and_young_plants_anywhere_else():
    game = make_game("harvest_grid", size=(3, 4), plants=3)
    for toss, players in ((0.2, [3, 0]), (0.8, [0, 3])):
        begun = game.initial_state(np.array([toss, 0, 0, 0.99], np.float32))
        assert begun.players.tolist() == players
        assert (begun.plants.tolist(), begun.mature.tolist()) == ([1, 2, 11], [0, 0, 0])
    seen = game.observe(begun._replace(mature=np.array([0, 1, 0], np.int32)))
    assert seen.tolist() == [[0, 3, 1, 2, 11, 0, 1, 0], [3, 0, 1, 2, 11, 0, 1, 0]]


@pytest.mark.parametrize(
    ("mature", "cooperator", "defector"),
    [((0, 1, 0, 0), LEFT, RIGHT), ((0, 0, 0, 0), RIGHT, RIGHT), ((1, 1, 0, 0), RIGHT, RIGHT)],
)
def test_the_cooperator_goes_to_mature_plants_first_and_the_defector_to_the_nearest(
    mature, cooperator, defector
):
    game = make_game("harvest_grid")
    seen = game.observe(state([12, 0], (13, 10, 20, 24), mature))[0]
    players, noise = game.scripted_players(0), np.zeros(1, np.float32)
    assert players["always_cooperate"].choose((), seen, noise)[0] == cooperator
    assert players["always_defect"].choose((), seen, noise)[0] == defector


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "second", "means"),
    [
        ("always_cooperate", "always_cooperate", (1.31, 1.31)),
        ("always_defect", "always_defect", (1.27, 1.27)),
        ("always_cooperate", "always_defect", (1.24, 1.38)),
    ],
)
def test_means_of_scripted_players_are_as_stated(first, second, means):
    game = make_game("harvest_grid")
    players = game.scripted_players(0)[first], game.scripted_players(1)[second]

    def step(now, key):
        keys = jax.random.split(key, 3)
        views = zip(keys, players, game.observe(now), strict=False)
        moves = jnp.stack([each.act(key, (), (), seen)[0] for key, each, seen in views])
        now, rewards, _ = game.step(keys[2], now, moves)
        return now, rewards

    def episode(key):
        first, *rest = jax.random.split(key, 1 + game.episode_length)
        return jax.lax.scan(step, game.reset(first), jnp.stack(rest))[1].mean(0)

    paid = jax.jit(jax.vmap(episode))(jax.random.split(jax.random.key(7), 1000))
    # The standard error of 1000 episodes is 0.0075.
    np.testing.assert_allclose(paid.mean(0), means, atol=0.03)


def test_the_board_is_drawn_as_text():
    text = make_game("harvest_grid", size=(2, 4), plants=2).render(state([0, 5], (5, 6), (1, 0)))
    assert text == " 0   .   .   .\n .   1P  p   ."


def test_a_board_too_small_for_all_is_refused():
    with pytest.raises(ValueError, match=r"HarvestGrid.size must be at least 7 cells, .*\(2, 3\)"):
        make_game("harvest_grid", size=(2, 3))


def test_pettingzoo_has_it_under_its_own_module():
    observations, _ = harvest_grid_v0.parallel_env(max_cycles=2, plants=3).reset(seed=0)
    assert observations["player_0"].shape == (8,)
