"""The public goods game: its tables, who sees what, and exact values of players without memory."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_envs import IPD, PublicGoods, make_game, make_player
from loqa_envs.matrix_games.outcomes import endless_values


def step(game, *actions, before=None):
    """Rewards after joint actions in a state, and the names of what the seats then see."""
    state = game.initial_state(np.zeros(0, np.float32)) if before is None else before
    state, rewards, info = game.transition(state, np.array(actions, np.int32), np.zeros(0))
    names = list(game.situations)
    return state, rewards.tolist(), [names[i] for i in game.observe(state).argmax(1)], info


@pytest.mark.parametrize("number", range(2, 9))
def test_what_is_given_grows_and_is_shared_equally(number):
    game = PublicGoods(num_players=number, factor=1.5, gift=2.0, income=0.25)
    for actions in product((0, 1), repeat=number) if number < 5 else [(0, 1) * 4, (1, 0) * 4]:
        actions = actions[:number]
        gave = 1 - np.array(actions)
        expected = 0.25 + 1.5 * 2 * gave.sum() / number - 2 * gave
        _, rewards, seen, info = step(game, *actions)
        np.testing.assert_allclose(rewards, expected, rtol=1e-6)
        others = gave.sum() - gave
        assert seen == [f"{'DC'[g]}{o}" for g, o in zip(gave, others, strict=True)]
        assert info["cooperated"].tolist() == gave.tolist()


def test_all_begin_in_the_situation_that_is_called_start():
    game = PublicGoods()
    seen = game.observe(game.initial_state(np.zeros(0, np.float32)))
    assert next(iter(game.situations)) == "START"
    assert seen.tolist() == [[1, 0, 0, 0, 0, 0, 0]] * 3


def test_paxs_table_is_as_published():
    game = make_game("public_goods", preset="pax")
    assert game.payoff_rows.tolist() == [[4, 2, 0], [5, 3, 1]]
    assert make_game("public_goods", preset="pax", episode_length=3).episode_length == 3


def test_two_players_by_polas_table_play_the_prisoners_dilemma():
    game, dilemma = make_game("public_goods", preset="pola"), IPD("pola")
    np.testing.assert_allclose(game.dilemma, dilemma.dilemma, rtol=1e-12)
    np.testing.assert_allclose(game.outcomes.payoffs, dilemma.outcomes.payoffs, rtol=1e-6)
    np.testing.assert_array_equal(game.outcomes.views, dilemma.outcomes.views)
    assert game.observation_spec == dilemma.observation_spec


@pytest.mark.parametrize("factor", [0.9, 2.1])
def test_two_players_are_in_no_dilemma_where_giving_pays_or_never_does(factor):
    assert PublicGoods(num_players=2, factor=factor).dilemma is None


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match="preset must be one of pola, pax; got 'lola'"):
        make_game("public_goods", preset="lola")


@pytest.mark.parametrize("number", [2, 3, 5])
def test_the_tables_of_outcomes_are_the_rules(number):
    game = PublicGoods(num_players=number)
    payoffs, views = game.outcomes
    names = list(game.situations)
    assert views[:, 0].tolist() == [0] * number
    for outcome, actions in enumerate(product((0, 1), repeat=number)):
        _, rewards, seen, _ = step(game, *actions)
        np.testing.assert_allclose(payoffs[:, outcome], rewards)
        assert [names[i] for i in views[:, 1 + outcome]] == seen


@pytest.mark.slow
def test_values_of_players_without_memory_are_those_of_long_play():
    game, discount, steps = PublicGoods(), 0.8, 60
    table = np.random.default_rng(0).uniform(size=(3, 7)).astype(np.float32)
    values = endless_values(game.outcomes, table, discount)

    def episode(key):
        def one(state, key):
            chance = (jnp.asarray(table) * game.observe(state)).sum(1)
            actions = (jax.random.uniform(key, (3,)) >= chance).astype(jnp.int32)
            state, rewards, _ = game.transition(state, actions, None)
            return state, rewards

        start = game.initial_state(jnp.zeros(0))
        _, rewards = jax.lax.scan(one, start, jax.random.split(key, steps))
        return (discount ** jnp.arange(steps)) @ rewards

    returns = jax.jit(jax.vmap(episode))(jax.random.split(jax.random.key(0), 20_000))
    error = np.asarray(returns.std(0)) / np.sqrt(20_000)
    assert (np.abs(returns.mean(0) - values) < 4 * error + 1e-4).all()


@pytest.mark.parametrize(("name", "value"), [("always_cooperate", 0.5), ("always_defect", 0.0)])
def test_values_of_those_who_always_do_the_same_are_known(name, value):
    game = PublicGoods()
    table = np.array([game.scripted_players(seat)[name].cooperation for seat in range(3)])
    np.testing.assert_allclose(0.1 * endless_values(game.outcomes, table, 0.9), value, atol=1e-6)


def test_tit_for_tat_gives_where_all_others_gave():
    game = PublicGoods()
    player = game.scripted_players(0)["tit_for_tat"]
    chances = dict(zip(game.situations, player.cooperation, strict=True))
    assert chances == {"START": 1, "C2": 1, "C1": 0, "C0": 0, "D2": 1, "D1": 0, "D0": 0}


def test_a_player_of_ones_own_has_a_probability_for_each_situation():
    game = PublicGoods()
    player = make_player("memory_one:1,1,0.5,0,1,0.5,0", game, 1)
    assert player.cooperation == (1, 1, 0.5, 0, 1, 0.5, 0)
    for wrong in ("1,1,0,1,0", "2,1,1,1,1,1,1", "many"):
        with pytest.raises(ValueError, match="must be followed by 7 probabilities, for START, C2"):
            make_player(f"memory_one:{wrong}", game, 0)


def test_what_happened_is_drawn_as_text():
    game = PublicGoods()
    state, *_ = step(game, 0, 1, 1)
    assert game.render(state) == "C -0.5  D 0.5  D 0.5"
    assert game.render(game.initial_state(np.zeros(0))) == "START"
