"""Every game from one seat as a Gymnasium environment."""

import copy
import pickle

import cloudpickle
import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.play import play
from gymnasium.wrappers import TimeAwareObservation

from loqa_envs import IPD, Grim, MemoryOne, Tremble, make_player
from loqa_envs.adapters.gymnasium import GameEnv
from loqa_envs.adapters.pettingzoo import parallel_env
from loqa_envs.adapters.registration import gymnasium_id
from loqa_envs.adapters.vector import SharedVectorEnv, VectorGameEnv

C, D = 0, 1
COPIES = [
    copy.deepcopy,
    lambda env: pickle.loads(pickle.dumps(env)),
    lambda env: cloudpickle.loads(cloudpickle.dumps(env)),
]


class Guess:
    """A policy that is not scripted: it defects with the probability that is its parameter."""

    num_actions = 2

    def initial_carry(self):
        return jnp.zeros((), jnp.int32)

    def act(self, key, params, carry, observation):
        return jax.random.bernoulli(key, params).astype(jnp.int32), carry + 1, {}


def episode(env: gymnasium.Env, seed: int | None, action_seed: int = 0) -> list:
    actions = np.random.default_rng(action_seed)
    record, truncated = [env.reset(seed=seed)], False
    while not truncated:
        record.append(env.step(int(actions.integers(2))))
        truncated = record[-1][3]
    return record


@pytest.mark.parametrize("seat", [0, 1])
def test_gymnasiums_checker_passes(game_name: str, settings: dict, seat: int) -> None:
    check_env(gymnasium.make(gymnasium_id(game_name), seat=seat, **settings).unwrapped)


def test_the_opponent_answers_what_it_saw() -> None:
    env = gymnasium.make("loqa/IPD-v0", opponent="tit_for_tat")
    observation, info = env.reset(seed=0)
    assert observation.tolist() == [1, 0, 0, 0, 0]
    assert info == {}
    rewards, replies = [], []
    for action in (C, D, D, C, C):
        observation, reward, terminated, truncated, info = env.step(action)
        rewards.append(reward)
        replies.append(info["opponent_reward"])
        assert info["cooperated"] == float(action == C)
        assert (terminated, truncated) == (False, False)
    # CC, DC, DD, CD, CC
    assert rewards == [-1, 0, -2, -3, -1]
    assert replies == [-1, -3, -2, 0, -1]
    assert all(type(reward) is float for reward in rewards)
    assert observation.dtype == np.float32


def test_the_second_seat_sees_and_is_paid_as_the_second_seat() -> None:
    payoffs = ((10, 11, 12, 13), (20, 21, 22, 23))
    env = gymnasium.make("loqa/MatrixGame-v0", payoffs=payoffs, seat=1, opponent="always_defect")
    env.reset(seed=0)
    observation, reward, _, _, info = env.step(C)
    assert observation.tolist() == [0, 0, 1, 0, 0]
    assert (reward, info["opponent_reward"]) == (21, 12)


def test_an_episode_is_truncated_after_the_games_length() -> None:
    assert len(episode(gymnasium.make("loqa/IPD-v0"), seed=0)) == 1 + 50
    shorter = gymnasium.make("loqa/IPD-v0", payoffs="pola", episode_length=20, seat=1)
    assert len(episode(shorter, seed=0)) == 1 + 20
    assert shorter.unwrapped.game.payoffs[0][0] == 0.33


def every_kind(**settings) -> list:
    """The environment alone and in the two kinds of vectors."""
    return [
        gymnasium.make("loqa/IPD-v0", **settings),
        gymnasium.make_vec("loqa/IPD-v0", num_envs=2, **settings),
        gymnasium.make_vec("loqa/IPD-v0", num_envs=2, vectorization_mode="sync", **settings),
    ]


def steps_of_an_episode(env) -> int:
    env.reset(seed=0)
    steps, ended = 0, False
    while not ended:
        ended, steps = np.all(env.step(0 * env.action_space.sample())[3]), steps + 1
    return steps


@pytest.mark.parametrize(
    ("settings", "length"),
    [
        ({}, 50),
        ({"max_episode_steps": 10}, 10),
        ({"max_episode_steps": 80}, 80),
        ({"max_episode_steps": -1}, 50),
        ({"episode_length": 20}, 20),
        ({"episode_length": 20, "max_episode_steps": 30}, 30),
        ({"episode_length": 20, "max_episode_steps": -1}, 20),
    ],
    ids=str,
)
def test_episodes_are_as_long_as_max_episode_steps_and_the_specification_say(
    settings: dict, length: int
) -> None:
    for env in every_kind(**settings):
        assert steps_of_an_episode(env) == length
    alone, together, _ = every_kind(**settings)
    assert alone.spec.max_episode_steps == together.spec.max_episode_steps == length
    assert steps_of_an_episode(gymnasium.make(alone.spec)) == length
    assert TimeAwareObservation(alone).observation_space.high.max() == length


@pytest.mark.parametrize("opponent", ["random", "generous_tit_for_tat", Tremble(Grim(), 0.3)])
def test_whole_episodes_are_determined_by_the_seed(opponent) -> None:
    left = gymnasium.make("loqa/IPD-v0", opponent=opponent)
    right = gymnasium.make("loqa/IPD-v0", opponent=opponent)
    first = episode(left, 5)
    np.testing.assert_equal(first, episode(right, 5))
    second = episode(left, None)
    np.testing.assert_equal(second, episode(right, None))
    assert [step[1] for step in first[1:]] != [step[1] for step in second[1:]]


def test_memory_lasts_for_an_episode_and_no_longer() -> None:
    env = gymnasium.make("loqa/IPD-v0", opponent="grim")
    for _ in range(2):
        env.reset()
        assert [env.step(a)[1] for a in (C, D, C, C)] == [-1, 0, -3, -3]


def test_keys_play_the_actions() -> None:
    pygame = pytest.importorskip("pygame")
    keys = GameEnv("coin_game", preset="jaxmarl").get_keys_to_action()
    for name, key in zip(("RIGHT", "LEFT", "DOWN", "UP"), range(4), strict=True):
        assert keys[getattr(pygame, f"K_{name}"),] == key
    assert keys["s",] == keys["4",] == 4
    played = []
    d, c = pygame.K_d, pygame.K_c
    events = iter([[("KEYDOWN", d)], [("KEYUP", d), ("KEYDOWN", c)], [("KEYUP", c), ("QUIT", 0)]])

    def press(before, after, action, reward, terminated, truncated, info) -> None:
        played.append((action, reward))
        for kind, key in next(events):
            pygame.event.post(pygame.event.Event(getattr(pygame, kind), key=key))

    env = gymnasium.make("loqa/IPD-v0", opponent="always_cooperate", render_mode="rgb_array")
    play(env, callback=press, fps=1000)
    # No key is the first action; then D and C.
    assert played == [(0, -1), (1, 0), (0, -1)]


@pytest.mark.parametrize("seed", [1.5, -1, "one", [1, 2], True])
def test_a_seed_is_an_integer(seed: object) -> None:
    env = gymnasium.make("loqa/IPD-v0")
    with pytest.raises(ValueError, match="seed must be an integer of at least 0, or None, got"):
        env.reset(seed=seed)
    env.reset(seed=np.int64(3))


@pytest.mark.parametrize("thing", [5, IPD, gymnasium.make("CartPole-v1"), ["ipd"]], ids=str)
@pytest.mark.parametrize("make", [GameEnv, VectorGameEnv, SharedVectorEnv, parallel_env])
def test_what_is_no_game_is_told_what_a_game_is(make, thing: object) -> None:
    with pytest.raises(ValueError, match=r"game must be one of ipd, .*, or a loqa_envs\.Game, got"):
        make(thing)


def test_any_policy_with_its_parameters_can_be_the_opponent() -> None:
    for defecting, reward in ((1.0, -3), (0.0, -1)):
        env = GameEnv("ipd", Guess(), opponent_params=jnp.array(defecting))
        env.reset(seed=0)
        assert [env.step(C)[1] for _ in range(3)] == [reward] * 3
    env = GameEnv("ipd", MemoryOne((0, 0, 0, 0, 0)))
    env.reset(seed=0)
    assert env.step(C)[1] == -3


def test_a_string_of_probabilities_is_an_opponent() -> None:
    env = gymnasium.make("loqa/IPD-v0", opponent="memory_one:0,1,1,1,1")
    env.reset(seed=0)
    assert [env.step(C)[1] for _ in range(3)] == [-3, -1, -1]


def test_a_random_opponent_plays_both_actions_equally_often() -> None:
    env = gymnasium.make("loqa/IPD-v0", opponent="random", episode_length=2000)
    env.reset(seed=0)
    paid = np.array([env.step(C)[1] for _ in range(2000)])
    assert np.mean(paid == -1) == pytest.approx(0.5, abs=4 * 0.0112)


def test_the_specification_can_be_written_as_json_and_made_again() -> None:
    spec = gymnasium.make("loqa/IPD-v0", opponent="grim", episode_length=9).spec
    again = gymnasium.make(type(spec).from_json(spec.to_json()))
    assert again.unwrapped.opponents[1] == Grim()
    assert again.unwrapped.game.episode_length == 9


@pytest.mark.parametrize("opponent", ["random", Tremble(Grim(), 0.5)], ids=["scripted", "of JAX"])
@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_in_the_middle_of_an_episode_plays_on_alike(opponent, copied) -> None:
    env = gymnasium.make("loqa/IPD-v0", opponent=opponent)
    env.reset(seed=1)
    env.action_space.seed(2)
    env.step(C)
    other = copied(env)
    for _ in range(9):
        np.testing.assert_equal(env.step(C), other.step(C))
    np.testing.assert_equal(env.reset(), other.reset())
    assert [env.action_space.sample() for _ in range(20)] == [
        other.action_space.sample() for _ in range(20)
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"opponent": "tit_for_tatt"}, "a player of ipd must be one of always_cooperate"),
        ({"opponent": 7}, "a player must be a name or a Policy, got 7: it lacks num_actions"),
        ({"opponent": Grim}, "a player must be a name or a Policy, got .*Grim'>: it is a class"),
        ({"opponent": "nobody/7"}, "there is nothing called 'nobody/7'"),
        ({"seat": 2}, "seat must be an integer from 0 to 1, got 2"),
        ({"seat": "first"}, "seat must be an integer from 0 to 1, got 'first'"),
        ({"payoffs": (1, 2)}, "payoffs must be four numbers"),
        (
            {"payoffs": (0, 0, 0, float("nan"))},
            "IPD.payoffs must be four numbers from -1e12 to 1e12",
        ),
        ({"episode_length": 0}, "IPD.episode_length must be an integer from 1 to 1,000,000, got 0"),
        ({"colour": "red"}, "ipd was given a setting that it lacks"),
    ],
)
def test_bad_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gymnasium.make("loqa/IPD-v0", **settings)
    with pytest.raises(ValueError, match=message):
        gymnasium.make_vec("loqa/IPD-v0", num_envs=2, **settings)


@pytest.mark.parametrize("action", [2, -1, 0.0, "C", None, True, [0, 0], np.array([0])])
def test_an_action_outside_the_space_is_refused(action: object) -> None:
    env = GameEnv("ipd", "random")
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action must be an integer from 0 to 1, got"):
        env.step(action)


def test_a_step_before_reset_or_after_the_end_is_refused() -> None:
    env = GameEnv("ipd", "random", episode_length=1)
    with pytest.raises(ResetNeeded, match="step must come after reset"):
        env.step(C)
    env.reset()
    env.step(C)
    with pytest.raises(ResetNeeded, match="which was after 1 steps"):
        env.step(C)


def test_opponents_by_name_are_the_players_of_the_game() -> None:
    env = GameEnv("ipd", "extort_2", payoffs="pola")
    assert env.opponents[1] == make_player("extort_2", env.game, 1)
