"""The three ways to the next episode, held against Gymnasium's own vector environment."""

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics

from loqa_envs.adapters.vector import VectorGameEnv

NUM_ENVS = 5
MODES = list(AutoresetMode)


def make_pair(mode: AutoresetMode, **settings) -> tuple[VectorGameEnv, gymnasium.vector.VectorEnv]:
    ours = gymnasium.make_vec("loqa/IPD-v0", NUM_ENVS, autoreset_mode=mode, **settings)
    theirs = gymnasium.make_vec(
        "loqa/IPD-v0",
        NUM_ENVS,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": mode},
        **settings,
    )
    return ours, theirs


def plain(outcome):
    """Nested arrays as nested lists with their dtypes, so that comparison is exact."""
    if isinstance(outcome, dict):
        return {key: plain(value) for key, value in outcome.items()}
    if isinstance(outcome, tuple):
        return [plain(value) for value in outcome]
    if outcome.dtype == object:
        return [None if row is None else (row.dtype, row.tolist()) for row in outcome]
    return (outcome.dtype, outcome.tolist())


def actions_of(step: int) -> np.ndarray:
    return np.random.default_rng(step).integers(2, size=NUM_ENVS)


@pytest.mark.parametrize("seat", [0, 1])
@pytest.mark.parametrize("opponent", ["tit_for_tat", "grim"])
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP], ids=str)
def test_it_equals_gymnasiums_vector_env_step_by_step(
    mode: AutoresetMode, opponent: str, seat: int
) -> None:
    ours, theirs = make_pair(mode, opponent=opponent, seat=seat, episode_length=4)
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert plain(ours.reset(seed=0)) == plain(theirs.reset(seed=0))
    for t in range(13):
        assert plain(ours.step(actions_of(t))) == plain(theirs.step(actions_of(t))), t


def test_without_autoreset_it_equals_gymnasiums_with_games_out_of_step() -> None:
    ours, theirs = make_pair(AutoresetMode.DISABLED, opponent="grim", episode_length=3)
    assert plain(ours.reset(seed=0)) == plain(theirs.reset(seed=0))
    ended = np.zeros(NUM_ENVS, bool)
    for t in range(14):
        if t == 1:  # brings two games out of step with the others
            ended = np.array([True, False, True, False, False])
        if ended.any():
            left = ours.reset(options={"reset_mask": ended.copy()})
            assert plain(left) == plain(theirs.reset(options={"reset_mask": ended.copy()}))
        outcome = ours.step(actions_of(t))
        assert plain(outcome) == plain(theirs.step(actions_of(t))), t
        ended = outcome[3]
    assert not ended.all()


def test_next_step_resets_pay_nothing_and_ignore_the_action() -> None:
    env = VectorGameEnv("ipd", "always_defect", num_envs=2, episode_length=2)
    env.reset(seed=0)
    env.step(np.array([0, 0]))
    observations, rewards, _, truncations, _ = env.step(np.array([0, 0]))
    assert truncations.tolist() == [True, True]
    assert rewards.tolist() == [-3, -3]
    assert observations.argmax(1).tolist() == [2, 2]  # CD, the last observation of the episode
    observations, rewards, _, truncations, info = env.step(np.array([99, -7]))
    assert truncations.tolist() == [False, False]
    assert rewards.tolist() == [0, 0]
    assert observations.argmax(1).tolist() == [0, 0]  # START
    assert info == {}
    assert env.step(np.array([1, 0]))[1].tolist() == [-2, -3]


def test_same_step_resets_keep_the_last_observation_and_info() -> None:
    env = VectorGameEnv(
        "ipd", "always_defect", num_envs=2, episode_length=1, autoreset_mode="SameStep"
    )
    env.reset(seed=0)
    observations, rewards, _, truncations, info = env.step(np.array([0, 1]))
    assert truncations.tolist() == [True, True]
    assert rewards.tolist() == [-3, -2]
    assert observations.argmax(1).tolist() == [0, 0]  # START of the next episode
    assert [row.argmax() for row in info["final_obs"]] == [2, 4]  # CD, DD
    assert info["_final_obs"].tolist() == info["_final_info"].tolist() == [True, True]
    assert info["final_info"]["cooperated"].tolist() == [1, 0]
    assert info["final_info"]["opponent_reward"].tolist() == [0, -2]


def test_without_autoreset_a_step_after_the_end_is_refused() -> None:
    env = VectorGameEnv("ipd", num_envs=3, episode_length=2, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    env.step(np.zeros(3, int))
    env.reset(options={"reset_mask": np.array([True, False, False])})
    env.step(np.zeros(3, int))
    with pytest.raises(ResetNeeded, match="reset_mask for the 2 games that have ended"):
        env.step(np.zeros(3, int))


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_mode_is_in_the_metadata_and_may_be_given_by_its_value(mode: AutoresetMode) -> None:
    for given in (mode, mode.value):
        env = gymnasium.make_vec("loqa/IPD-v0", num_envs=2, autoreset_mode=given)
        assert env.metadata["autoreset_mode"] is mode
    assert gymnasium.make_vec("loqa/IPD-v0").metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP


def test_statistics_without_autoreset_follow_the_reset_mask() -> None:
    env = RecordEpisodeStatistics(
        VectorGameEnv(
            "ipd", "always_defect", num_envs=2, episode_length=2, autoreset_mode="Disabled"
        )
    )
    env.reset(seed=0)
    env.step(np.array([0, 0]))
    env.reset(options={"reset_mask": np.array([True, False])})
    *_, info = env.step(np.array([1, 1]))
    # The second game ends with CD, DD; the first is one step into its second episode.
    assert info["episode"]["r"].tolist() == [0, -5]


@pytest.mark.parametrize(
    "mask", [[True, False, False], np.ones(2, bool), np.ones(3), np.zeros(3, bool)], ids=repr
)
def test_bad_reset_masks_are_refused(mask: object) -> None:
    env = VectorGameEnv("ipd", num_envs=3)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="reset_mask'] must be a NumPy array of 3 booleans"):
        env.reset(options={"reset_mask": mask})
