"""Thousands of games in one step."""

import copy
import pickle

import gymnasium
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.wrappers.vector import (
    DictInfoToList,
    NormalizeObservation,
    NormalizeReward,
    RecordEpisodeStatistics,
)

from loqa_envs import Grim, MemoryOne, Tremble
from loqa_envs.adapters.registration import gymnasium_id
from loqa_envs.adapters.vector import SharedVectorEnv, VectorGameEnv


def test_every_game_goes_by_the_thousand(game_name: str, settings: dict) -> None:
    env = gymnasium.make_vec(gymnasium_id(game_name), num_envs=1000, **settings)
    observations, _ = env.reset(seed=0)
    assert observations in env.observation_space
    env.action_space.seed(0)
    observations, rewards, terminations, truncations, _ = env.step(env.action_space.sample())
    assert observations in env.observation_space
    low, high = env.unwrapped.game.reward_range
    assert np.all((low <= rewards) & (rewards <= high))
    assert (rewards.dtype, rewards.shape) == (np.float64, (1000,))
    for ends in (terminations, truncations):
        assert (ends.dtype, ends.shape) == (np.bool_, (1000,))


@pytest.mark.parametrize("opponent", ["random", Tremble(Grim(), 0.4)], ids=["scripted", "other"])
def test_a_seed_determines_everything_and_a_reset_without_goes_on(opponent) -> None:
    def play(env: VectorGameEnv, seed: int | None) -> np.ndarray:
        env.reset(seed=seed)
        return np.stack([env.step(np.zeros(64, int))[1] for _ in range(5)])

    first, second = (VectorGameEnv("ipd", opponent, num_envs=64) for _ in range(2))
    for seed in (9, None):
        np.testing.assert_array_equal(play(first, seed), play(second, seed))
    assert not np.array_equal(play(first, 9), play(first, None))
    assert not np.array_equal(play(first, 9), play(first, 10))


@pytest.mark.parametrize(
    "opponent",
    [MemoryOne((0.3,) * 5), Tremble(MemoryOne((0.3,) * 5), 0.0)],
    ids=["scripted", "other"],
)
def test_every_game_and_every_step_has_chance_of_its_own(opponent) -> None:
    env = VectorGameEnv("ipd", opponent, num_envs=500, episode_length=20)
    env.reset(seed=0)
    cooperated = np.stack([env.step(np.zeros(500, int))[1] == -1 for _ in range(20)])
    # 10,000 draws with probability 0.3: a standard error of 0.0046; 0.0205 for one step's 500,
    # 0.10 for one game's 20.
    assert cooperated.mean() == pytest.approx(0.3, abs=4 * 0.0046)
    assert np.abs(cooperated.mean(1) - 0.3).max() < 4 * 0.0205
    assert cooperated.mean(0).std() == pytest.approx(0.1025, abs=0.02)


def test_a_policys_parameters_can_be_exchanged_without_a_new_compilation() -> None:
    class Constant:
        num_actions = 2
        traces = 0

        def initial_carry(self):
            return ()

        def act(self, key, params, carry, observation):
            Constant.traces += 1
            return params, carry, {}

    env = VectorGameEnv("ipd", Constant(), num_envs=3, opponent_params=jnp.int32(0))
    env.reset(seed=0)
    assert env.step(np.zeros(3, int))[1].tolist() == [-1, -1, -1]
    env.opponent_params = jnp.int32(1)
    assert env.step(np.zeros(3, int))[1].tolist() == [-3, -3, -3]
    assert Constant.traces == 1


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("make", [VectorGameEnv, SharedVectorEnv])
def test_a_copy_in_the_middle_of_an_episode_plays_on_alike(make, copied) -> None:
    env = make("coin_game", episode_length=4)
    env.reset(seed=0)
    actions = np.zeros(env.num_envs, int)
    env.step(actions)
    other = copied(env)
    for _ in range(9):  # beyond the episode's end
        np.testing.assert_equal(env.step(actions), other.step(actions))


def test_nothing_is_traced_again_in_later_episodes() -> None:
    env = VectorGameEnv("ipd", "random", num_envs=4, episode_length=3)
    env.reset(seed=0)
    for t in range(4):
        env.step(np.full(4, t % 2))
    for t in range(12):
        env.step(np.full(4, t % 2).astype([np.int64, np.int32, np.uint8][t % 3]))
    env.reset()
    assert [f.jitted._cache_size() for f in (env._begin, env._begin_some, env._play)] == [1, 1, 1]


def test_arrays_come_out_fresh_and_writable() -> None:
    env = VectorGameEnv("ipd", "random", num_envs=3)
    observations, _ = env.reset(seed=0)
    first = env.step(np.zeros(3, int))
    kept = [array.copy() for array in (*first[:4], *first[4].values())]
    env.step(np.ones(3, int))
    for array, before in zip((*first[:4], *first[4].values()), kept, strict=True):
        np.testing.assert_array_equal(array, before)
        array[:] = 0
    observations[:] = 7
    assert env.step(np.ones(3, int))[0].max() == 1


def test_gymnasiums_vector_wrappers_work() -> None:
    env = RecordEpisodeStatistics(
        gymnasium.make_vec("loqa/IPD-v0", num_envs=3, opponent="always_defect", episode_length=4)
    )
    env = NormalizeReward(NormalizeObservation(env))
    env.reset(seed=0)
    infos = [env.step(np.zeros(3, int))[-1] for _ in range(9)]
    # Four steps of CD at -3 each; the fifth call only resets.
    assert infos[3]["episode"]["r"].tolist() == infos[8]["episode"]["r"].tolist() == [-12] * 3
    assert infos[3]["episode"]["l"].tolist() == [4] * 3
    listed = DictInfoToList(
        gymnasium.make_vec("loqa/IPD-v0", num_envs=3, autoreset_mode="SameStep")
    )
    listed.reset(seed=0)
    assert listed.step(np.array([0, 1, 1]))[-1][0]["cooperated"] == 1


def test_it_draws_each_game() -> None:
    env = gymnasium.make_vec("loqa/IPD-v0", 2, opponent="always_defect", render_mode="ansi")
    with pytest.raises(ResetNeeded, match="render must come after reset"):
        env.render()
    env.reset(seed=0)
    env.step(np.array([0, 1]))
    first, second = env.render()
    assert "[-3, 0]" in first
    assert "player_0: -3.00" in first
    assert "[-2, -2]" in second
    pictures = gymnasium.make_vec("loqa/IPD-v0", 2, render_mode="rgb_array")
    pictures.reset(seed=0)
    assert [picture.dtype for picture in pictures.render()] == [np.uint8] * 2
    assert gymnasium.make_vec("loqa/IPD-v0", 2).render() is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_envs": 0}, "num_envs must be an integer from 1 to 1,000,000,000, got 0"),
        ({"num_envs": 2.0}, r"num_envs must be an integer from 1 to 1,000,000,000, got 2\.0"),
        ({"num_envs": True}, "num_envs must be an integer from 1 to 1,000,000,000, got True"),
        ({"autoreset_mode": "Sometimes"}, "one of NextStep, SameStep, Disabled; got 'Sometimes'"),
        ({"max_episode_steps": 0}, "max_episode_steps must be an integer from 1 .*, got 0"),
        ({"max_episode_steps": "ten"}, "max_episode_steps must be an integer from 1 .*, got 'ten'"),
        ({"render_mode": "human"}, "None or one of ansi, rgb_array; got 'human'"),
    ],
)
def test_bad_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gymnasium.make_vec("loqa/IPD-v0", **settings)


@pytest.mark.parametrize(
    ("actions", "got"),
    [
        (np.array([0, 1, 2]), "numbers from 0 to 2"),
        (np.array([0, -1, 1]), "numbers from -1 to 1"),
        (np.array([0, 1]), r"an array of shape \(2,\) and type int64"),
        (np.zeros((3, 1), int), r"an array of shape \(3, 1\)"),
        (np.zeros(3), "an array .* type float64"),
        (0, r"an array of shape \(\)"),
        (["C", "C", "D"], "an array .* type <U1"),
        ([[0], [0, 1]], r"\[\[0\], \[0, 1\]\]"),
    ],
)
def test_bad_actions_are_refused(actions: object, got: str) -> None:
    env = VectorGameEnv("ipd", num_envs=3)
    env.reset(seed=0)
    with pytest.raises(ValueError, match=f"actions must be 3 integers from 0 to 1.*got {got}"):
        env.step(actions)


@pytest.mark.parametrize("seed", [[1, 2, 3], np.array([1, 2, 3]), 1.5, -1, True])
def test_the_seed_is_one_number_for_all_games(seed: object) -> None:
    env = VectorGameEnv("ipd", num_envs=3)
    with pytest.raises(ValueError, match="seed, one for all games, must be an integer of at least"):
        env.reset(seed=seed)
    np.testing.assert_array_equal(env.reset(seed=np.int64(2))[0], env.reset(seed=2)[0])


def test_use_before_reset_and_after_close_is_refused() -> None:
    env = VectorGameEnv("ipd", num_envs=3)
    with pytest.raises(ResetNeeded, match="step must come after reset"):
        env.step(np.zeros(3, int))
    with pytest.raises(ResetNeeded, match="the first reset must be of all games"):
        env.reset(options={"reset_mask": np.ones(3, bool)})
    env.close()
    env.close()
    for use in (env.reset, lambda: env.step(np.zeros(3, int)), env.render):
        with pytest.raises(ClosedEnvironmentError, match="must be open"):
            use()
