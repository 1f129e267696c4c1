"""Players that are somebody else in every episode: the random half of a mixed pool."""

import numpy as np
import pytest

from loqa_envs import make_game, make_player
from loqa_envs.testing import check_policy

GAMES = [("ipd", 5), ("public_goods", 7)]


@pytest.mark.parametrize(("name", "situations"), GAMES)
def test_a_random_player_keeps_the_laws_of_players(name, situations):
    game = make_game(name)
    assert make_player("memory_one:random", game, 0).situations == situations
    check_policy("memory_one:random", game)


def test_it_draws_its_probabilities_at_the_start_and_keeps_them():
    player = make_player("memory_one:random", make_game("ipd"), 0)
    drawn = np.array([0.5, 0.1, 0.2, 0.3, 0.4, 0.6], np.float32)
    start, after_dc = np.eye(5, dtype=np.float32)[[0, 3]]
    action, carry = player.choose(player.initial_carry(), start, drawn)
    np.testing.assert_array_equal(carry, drawn[1:])
    assert action == 1  # 0.5 is not below 0.1
    action, carry = player.choose(carry, after_dc, np.full(6, 0.39, np.float32))
    np.testing.assert_array_equal(carry, drawn[1:])
    assert action == 0  # 0.39 is below 0.4


def test_what_it_does_in_an_episode_tells_what_it_will_do():
    player, generator = (
        make_player("memory_one:random", make_game("ipd"), 0),
        np.random.default_rng(0),
    )
    start, after_cc = np.eye(5, dtype=np.float32)[:2]
    shares = []
    for _ in range(400):
        noise = generator.uniform(size=(21, 6)).astype(np.float32)
        _, carry = player.choose(player.initial_carry(), start, noise[0])
        shares.append(np.mean([player.choose(carry, after_cc, row)[0] == 0 for row in noise[1:]]))
    # Uniform probabilities: mean 1/2, and a variance of 1/12 beside that of 20 tosses.
    assert np.mean(shares) == pytest.approx(0.5, abs=0.06)
    assert np.var(shares) > 0.07
