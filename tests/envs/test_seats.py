"""Which games treat every seat alike, held against what happens when the seats are exchanged."""

import numpy as np
import pytest

from loqa_envs import COIN_PRESETS, CoinGame, CoinState, MatrixGame, Rules, make_game


def _moved_on(game: CoinGame, state: CoinState) -> CoinState:
    """The same board with every player, and whose coin is whose, one seat further."""
    coins = np.roll(state.coins, 1) if game.num_coins > 1 else state.coins
    owners = state.owners if game.num_coins > 1 else (state.owners + 1) % game.num_players
    return CoinState(np.roll(state.players, 1), coins, owners.astype(np.int32))


def _seats_make_no_difference(game: CoinGame) -> bool:
    """Whether players that move on by a seat see and get what they saw and got, on any board."""
    generator = np.random.default_rng(0)
    for _ in range(200):
        noise = generator.random(game.reset_noise_size, np.float32)
        state = game.initial_state(noise)
        actions = generator.integers(game.num_actions, size=game.num_players).astype(np.int32)
        chance = generator.random(game.noise_size, np.float32)
        other = _moved_on(game, state)
        _, rewards, _ = game.transition(state, actions, chance)
        _, others, _ = game.transition(other, np.roll(actions, 1), chance)
        seen = np.roll(game.observe(state), 1, axis=0)
        if (np.roll(rewards, 1) != others).any() or (seen != game.observe(other)).any():
            return False
    return True


@pytest.mark.parametrize(
    "settings",
    [
        *({"preset": name} for name in COIN_PRESETS),
        {"swap_view": False, "shift_view": True},
        {"tie": "first", "size": 2},
        {"num_players": 3, "next_owner": "random", "players_overlap": False},
        {"num_players": 4, "num_coins": 4, "observation": "index", "shift_view": True},
        {"num_players": 3, "num_coins": 3, "tie": "first"},
        {"num_players": 3, "stay": True, "coins_on_players": True, "rewards": (1, 2, -3)},
    ],
    ids=str,
)
def test_a_coin_game_says_whether_its_seats_are_alike(settings: dict) -> None:
    game = make_game("coin_game", **settings)
    assert isinstance(game, CoinGame)
    assert game.seats_alike == _seats_make_no_difference(game)


def test_seats_of_a_matrix_game_are_alike_where_they_are_paid_alike() -> None:
    assert MatrixGame((3, -1, 5, 0.5)).seats_alike
    assert MatrixGame(((3, -1, 5, 0.5), (3, -1, 5, 0.5))).seats_alike
    assert not MatrixGame(((3, -1, 5, 0.5), (3, -1, 5, 0))).seats_alike
    assert [make_game(name).seats_alike for name in ("ipd", "battle_of_the_sexes")] == [True, False]


def test_of_a_new_game_nothing_is_taken_for_granted() -> None:
    assert not Rules().seats_alike
