import gymnasium
import jax
import numpy as np
import pytest

from loqa_envs import CoinGame, Random, make_player

VIEWS = {
    "planes": {},
    "flat, channels last": {"observation": "flat", "channels_last": True},
    "index": {"observation": "index"},
    "as one sees it": {"observation": "index", "shift_view": True},
    "not swapped": {"swap_view": False},
    "other moves": {"moves": ("right", "down", "left", "up")},
}
COINS = [{"num_coins": 1}, {"num_coins": 2, "coins_on_players": True}]


class Remembers:
    """Plays the first action for ever and keeps what it was last shown."""

    def __init__(self, game):
        self.game = game
        self.num_actions = game.num_actions

    def initial_carry(self):
        return self.game.observation_spec.zeros()

    def act(self, key, params, carry, observation):
        return np.int32(0), observation, {}


@pytest.mark.parametrize("coins", COINS)
@pytest.mark.parametrize("other", VIEWS)
@pytest.mark.parametrize("own", VIEWS)
def test_a_player_is_shown_the_board_as_its_own_game_shows_it(own, other, coins):
    own = CoinGame(size=(3, 4), **coins, **VIEWS[own])
    game = CoinGame(size=(3, 4), **coins, **VIEWS[other])
    if game.shift_view and not own.shift_view:
        with pytest.raises(ValueError, match="cannot play where shift_view moves it"):
            make_player(Remembers(own), game, 0)
        return
    for seat in (0, 1):
        player = make_player(Remembers(own), game, seat)
        for number in range(5):
            state = game.reset(jax.random.key(number))
            board = jax.tree.map(np.asarray, state)
            for these in (state, board):  # under JAX and under NumPy
                seen = game.observe(these)[seat]
                action, shown, _ = player.act(None, (), player.initial_carry(), seen)
                np.testing.assert_array_equal(shown, own.observe(these)[seat])
                assert game.action_names[int(action)] == own.action_names[0]


def test_a_player_that_sees_the_same_is_not_wrapped():
    player = Remembers(CoinGame(episode_length=7))
    assert make_player(player, CoinGame(), 1) is player


@pytest.mark.slow
def test_a_scripted_player_plays_the_same_in_every_view():
    """Always-cooperate shown a shifted view, at a table whose moves are numbered otherwise."""
    own = CoinGame(observation="index", shift_view=True)
    game = CoinGame(moves=("down", "up", "right", "left"))
    for seat in (0, 1):
        there = make_player("always_cooperate", game, seat)
        here = make_player(make_player("always_cooperate", own, seat), game, seat)
        moves = [
            {
                int(player.act(key, (), (), game.observe(game.reset(board))[seat])[0])
                for key in jax.random.split(jax.random.key(1), 16)
            }
            for board in jax.random.split(jax.random.key(0), 8)
            for player in (there, here)
        ]
        assert moves[::2] == moves[1::2]


@pytest.mark.slow
def test_an_opponent_with_another_view_plays_in_gymnasium_with_and_without_jax():
    opponent = make_player("always_defect", CoinGame(observation="index", shift_view=True), 1)
    for env in (
        gymnasium.make("loqa/CoinGame-v0", opponent=opponent),
        gymnasium.make_vec("loqa/CoinGame-v0", num_envs=4, opponent=opponent),
    ):
        env.reset(seed=0)
        paid = [
            np.mean(env.step(env.action_space.sample())[-1]["opponent_reward"]) for _ in "x" * 45
        ]
        assert np.mean(paid) > 0.2
        env.close()


def test_rules_must_still_agree():
    with pytest.raises(ValueError, match=r"size must be \(3, 3\), is \(4, 4\)"):
        make_player(Remembers(CoinGame(size=4, observation="index")), CoinGame(), 0)
    with pytest.raises(ValueError, match="must have 4 actions"):
        make_player(Random(5), CoinGame(), 0)
