"""Every seat of many games as a row of one vector environment."""

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from loqa_envs import make_game
from loqa_envs.adapters.vector import SharedVectorEnv, VectorGameEnv


def test_every_game_has_a_row_for_each_seat(game_name: str, settings: dict) -> None:
    env = SharedVectorEnv(game_name, num_games=50, **settings)
    players = env.game.num_players
    assert env.num_envs == 50 * players
    observations, _ = env.reset(seed=0)
    assert observations in env.observation_space
    env.action_space.seed(0)
    observations, rewards, terminations, truncations, info = env.step(env.action_space.sample())
    assert observations in env.observation_space
    low, high = env.game.reward_range
    assert np.all((low <= rewards) & (rewards <= high))
    for ends in (terminations, truncations):
        assert (ends.dtype, ends.shape) == (np.bool_, (50 * players,))
    total = rewards.reshape(50, players).sum(1, keepdims=True)
    others = (total - rewards.reshape(50, players)) / (players - 1)
    np.testing.assert_allclose(info["opponent_reward"], others.ravel(), atol=1e-6)


def test_the_rows_of_a_game_are_its_seats() -> None:
    env = SharedVectorEnv("ipd", num_games=4)
    env.reset(seed=0)
    joint = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    observations, rewards, *_ = env.step(joint.ravel())
    # CC -1, CD -3, DC 0, DD -2, own move first.
    assert rewards.reshape(4, 2).tolist() == [[-1, -1], [-3, 0], [0, -3], [-2, -2]]
    assert observations.argmax(1).reshape(4, 2).tolist() == [[1, 1], [2, 3], [3, 2], [4, 4]]


def test_the_seats_of_a_coin_game_see_the_same_board() -> None:
    env = SharedVectorEnv("coin_game", num_games=100)
    observations, _ = env.reset(seed=0)
    for _ in range(3):
        first, second = observations.reshape(100, 2, 4, 3, 3).swapaxes(0, 1)
        # me, them, my coin, their coin
        np.testing.assert_array_equal(first, second[:, [1, 0, 3, 2]])
        observations, *_ = env.step(env.action_space.sample())


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_the_rows_of_a_game_begin_and_end_together(mode: AutoresetMode) -> None:
    env = SharedVectorEnv("ipd", num_games=3, autoreset_mode=mode, episode_length=4)
    env.reset(seed=0)
    defect = np.ones(6, int)
    for _ in range(2):
        env.step(defect)
    if mode is AutoresetMode.DISABLED:
        second = np.repeat([False, True, False], 2)
        observations, _ = env.reset(options={"reset_mask": second})
        assert observations.argmax(1).tolist() == [4, 4, 0, 0, 4, 4]
        env.step(defect)
        _, _, _, truncations, _ = env.step(defect)
        assert truncations.tolist() == (~second).tolist()
        return
    env.step(defect)
    observations, rewards, _, truncations, info = env.step(defect)
    assert truncations.all()
    assert rewards.tolist() == [-2] * 6
    if mode is AutoresetMode.SAME_STEP:
        assert observations.argmax(1).tolist() == [0] * 6
        assert [row.argmax() for row in info["final_obs"]] == [4] * 6
        assert info["final_info"]["cooperated"].tolist() == [0] * 6
    else:
        assert observations.argmax(1).tolist() == [4] * 6
        observations, rewards, _, truncations, _ = env.step(defect)
        assert observations.argmax(1).tolist() == [0] * 6
        assert rewards.tolist() == [0] * 6
        assert not truncations.any()


def test_one_seat_of_a_game_is_not_reset_without_the_others() -> None:
    env = SharedVectorEnv("ipd", num_games=2)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="the same for all seats of a game"):
        env.reset(options={"reset_mask": np.array([True, False, True, True])})


@pytest.mark.parametrize("num_games", [0, -1, 2.5, "many"])
def test_a_number_of_games_that_is_none_is_refused(num_games: object) -> None:
    with pytest.raises(ValueError, match="num_games must be an integer from 1 to"):
        SharedVectorEnv("ipd", num_games=num_games)


@pytest.mark.parametrize("make", [SharedVectorEnv, VectorGameEnv])
def test_more_games_than_fit_in_memory_are_refused_before_anything_is_made(make) -> None:
    number = {"num_games" if make is SharedVectorEnv else "num_envs": 10**9}
    with pytest.raises(ValueError, match=r"a vector environment must fit in memory; with games=1"):
        make("coin_game", size=100, **number)


@pytest.mark.slow
def test_a_seed_determines_everything() -> None:
    def play(seed: int) -> np.ndarray:
        env = SharedVectorEnv("coin_game", num_games=20, num_players=3)
        env.reset(seed=seed)
        actions = np.random.default_rng(0).integers(4, size=(60, 60))  # beyond an episode's end
        return np.stack([env.step(row)[1] for row in actions])

    np.testing.assert_array_equal(play(1), play(1))
    assert not np.array_equal(play(1), play(2))


def test_gymnasiums_wrappers_take_it() -> None:
    env = gymnasium.wrappers.vector.RecordEpisodeStatistics(SharedVectorEnv("ipd", num_games=2))
    env.reset(seed=0)
    for _ in range(make_game("ipd").episode_length):
        info = env.step(np.zeros(4, int))[4]
    assert info["episode"]["r"].tolist() == [-50] * 4
