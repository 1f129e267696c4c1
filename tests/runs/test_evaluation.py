"""Mean rewards against arithmetic."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents import DenseGRU, Evaluator, Inputs, NetworkPolicy, mean_rewards
from loqa_envs import IPD, MatrixGame, make_player

TABLE = NetworkPolicy(DenseGRU(), Inputs.of(IPD()), 2)


def actor(*cooperation: float) -> dict:
    """The parameters of a table that cooperates with these probabilities."""
    p = jnp.clip(jnp.array(cooperation), 1e-12, 1 - 1e-7)
    template = TABLE.init(jax.random.key(0))
    return jax.tree.map(lambda leaf: jnp.log(jnp.stack([p, 1 - p], 1)), template)


def together(*actors: dict) -> dict:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *actors)


COOPERATOR, DEFECTOR = actor(1, 1, 1, 1, 1), actor(0, 0, 0, 0, 0)
TIT_FOR_TAT = actor(1, 1, 0, 1, 0)


@pytest.mark.parametrize(
    ("first", "second", "rewards"),
    [
        # 50 steps of CC -1, CD -3, DC 0, DD -2.
        ("tit_for_tat", "always_defect", (-(3 + 49 * 2) / 50, -(0 + 49 * 2) / 50)),
        ("always_defect", "tit_for_tat", (-(0 + 49 * 2) / 50, -(3 + 49 * 2) / 50)),
        ("tit_for_tat", "tit_for_tat", (-1, -1)),
        ("always_cooperate", "always_defect", (-3, 0)),
        ("grim", "always_cooperate", (-1, -1)),
        ("grim", "always_defect", (-(3 + 49 * 2) / 50, -(0 + 49 * 2) / 50)),
        # DC, CD, DC, CD, ...
        ("suspicious_tit_for_tat", "tit_for_tat", (-25 * 3 / 50, -25 * 3 / 50)),
        # CD, DD, CD, DD, ...
        ("win_stay_lose_shift", "always_defect", (-25 * (3 + 2) / 50, -25 * 2 / 50)),
        # CC for ever: it has won, and stays.
        ("win_stay_lose_shift", "always_cooperate", (-1, -1)),
    ],
)
def test_players_without_chance_get_what_arithmetic_says(
    first: str, second: str, rewards: tuple[float, float]
) -> None:
    game = IPD()
    policies = (make_player(first, game, 0), make_player(second, game, 1))
    found = mean_rewards(jax.random.key(0), game, policies, ((), ()), 2)
    np.testing.assert_allclose(found, rewards, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "game", [IPD(episode_length=5), MatrixGame("battle_of_the_sexes", episode_length=5)]
)
def test_the_evaluator_plays_each_player_from_each_seat(game: MatrixGame) -> None:
    players = ["always_cooperate", "always_defect", "tit_for_tat", "suspicious_tit_for_tat"]
    players += ["grim", "win_stay_lose_shift"]  # those without chance
    found = Evaluator(game, TABLE).evaluate(
        jax.random.key(0), together(TIT_FOR_TAT, DEFECTOR), episodes=1
    )
    for i, table in enumerate((TIT_FOR_TAT, DEFECTOR)):
        key = jax.random.key(1)
        itself = mean_rewards(key, game, (TABLE, TABLE), (table, table), 1)
        np.testing.assert_allclose(found.self_play[i], itself, rtol=1e-6)
        for name in players:
            other = make_player(name, game, 1)
            there = mean_rewards(key, game, (TABLE, other), (table, ()), 1)
            back = mean_rewards(key, game, (other, TABLE), ((), table), 1)
            met = found.versus[name]
            np.testing.assert_allclose(met.agent[i], (there[0], back[1]), rtol=1e-6)
            np.testing.assert_allclose(met.opponent[i], (there[1], back[0]), rtol=1e-6)


@pytest.mark.slow
def test_players_with_chance_are_met_in_fresh_episodes() -> None:
    game = IPD(episode_length=1)
    found = Evaluator(game, TABLE).evaluate(jax.random.key(0), together(DEFECTOR), 10_000)
    # Defecting against a coin gets 0 or -2; the mean of 5,000 has a deviation of 0.014.
    np.testing.assert_allclose(found.versus["random"].agent, [[-1, -1]], atol=0.07)
    np.testing.assert_allclose(found.versus["random"].opponent, [[-2.5, -2.5]], atol=0.07)
    assert len({-1.0, *found.versus["random"].agent[0].tolist()}) == 3


@pytest.mark.slow
def test_self_play_is_measured_as_the_game_measures_it() -> None:
    actors = (COOPERATOR, DEFECTOR, TIT_FOR_TAT)
    found = Evaluator(IPD(), TABLE).evaluate(jax.random.key(0), together(*actors), 1)
    np.testing.assert_allclose(found.info["cooperated"], [[1, 1], [0, 0], [1, 1]], atol=1e-6)


@pytest.mark.slow
def test_cross_play_goes_through_the_pairs_in_order() -> None:
    actors = (COOPERATOR, DEFECTOR, TIT_FOR_TAT, actor(0, 1, 0, 1, 0))
    found = Evaluator(IPD(), TABLE).cross_play(jax.random.key(0), together(*actors), 1)
    expected = [
        mean_rewards(jax.random.key(0), IPD(), (TABLE, TABLE), pair, 1).mean()
        for pair in combinations(actors, 2)
    ]
    assert len(set(np.asarray(expected).tolist())) > 3
    np.testing.assert_allclose(found, np.stack([expected, expected], 1), rtol=1e-6)


def test_a_single_seed_meets_no_other() -> None:
    found = Evaluator(IPD(), TABLE).cross_play(jax.random.key(0), together(COOPERATOR), 1)
    assert found.shape == (0, 2)


def test_the_cooperation_of_a_table_is_the_table() -> None:
    tables = [(0.1, 0.9, 0.3, 0.7, 0.5), (0.99, 0.01, 0.25, 0.75, 0.6)]
    found = Evaluator(IPD(), TABLE).cooperation(
        jax.random.key(0), together(*(actor(*table) for table in tables))
    )
    np.testing.assert_allclose(found, tables, atol=1e-5)
