"""Every game through PettingZoo's own conformance tests, and what those leave open."""

import pickle
import warnings
from functools import partial
from types import SimpleNamespace

import cloudpickle
import numpy as np
import pettingzoo
import pytest
from gymnasium.error import ResetNeeded
from pettingzoo.utils.conversions import parallel_to_aec_wrapper
from pettingzoo.utils.wrappers import OrderEnforcingWrapper

from loqa_envs import Rules, ipd_v0, make_game, matrix_game_v0
from loqa_envs.adapters.pettingzoo import ParallelGameEnv, env, parallel_env, raw_env
from loqa_envs.adapters.registration import pettingzoo_id

with warnings.catch_warnings():
    # PettingZoo's tests import one of its own games by a path that it deprecates.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pettingzoo.test import (
        api_test,
        max_cycles_test,
        parallel_api_test,
        parallel_seed_test,
        render_test,
        seed_test,
        state_test,
    )


class Lottery(Rules):
    """Three seats, each paid whether its ticket of three was drawn: chance in reset and step."""

    name = "lottery"
    num_players = 3
    num_actions = 3
    action_names = ("a", "b", "c")
    observation_shape = (2, 2)
    episode_length = 7
    reward_range = (0.0, 1.0)
    noise_size = 2

    def initial_state(self, noise):
        return noise

    def transition(self, state, actions, noise):
        rewards = (actions == (noise[0] * 3).astype(np.int32)).astype(np.float32)
        return noise, rewards, {"won": rewards}

    def observe(self, state):
        return (state[0] * np.ones((3, 2, 2))).astype(np.float32)

    def scripted_players(self, seat):
        return {}

    def render(self, state):
        return f"drawn: {state[0]:.3f}"


def whole_episode(env: ParallelGameEnv, seed: int | None, action_seed: int = 0) -> list:
    generator = np.random.default_rng(action_seed)
    record = [env.reset(seed=seed)]
    while env.agents:
        record.append(
            env.step({agent: int(generator.integers(2)) for agent in env.possible_agents})
        )
    return record


def test_parallel_api(game_name: str, settings: dict) -> None:
    parallel_api_test(parallel_env(game_name, **settings), num_cycles=200)


def test_parallel_seed(game_name: str, settings: dict) -> None:
    parallel_seed_test(partial(parallel_env, game_name, **settings))


def test_turn_based_api(game_name: str, settings: dict) -> None:
    api_test(env(game_name, **settings), num_cycles=200)


def test_turn_based_api_without_wrappers() -> None:
    api_test(ipd_v0.raw_env(), num_cycles=200)


def test_turn_based_seed(game_name: str, settings: dict) -> None:
    seed_test(partial(env, game_name, **settings), num_cycles=100)


def test_rendering(game_name: str, settings: dict) -> None:
    render_test(partial(env, game_name, **settings))


def test_max_cycles(game_name: str, settings: dict) -> None:
    max_cycles_test(
        SimpleNamespace(
            env=partial(env, game_name, **settings),
            parallel_env=partial(parallel_env, game_name, **settings),
        )
    )
    max_cycles_test(ipd_v0)


def test_any_number_of_seats_and_any_observation_will_do() -> None:
    parallel_api_test(parallel_env(Lottery()), num_cycles=50)
    api_test(env(Lottery()), num_cycles=50)
    parallel = parallel_env(Lottery())
    assert parallel.possible_agents == ["player_0", "player_1", "player_2"]
    assert parallel.observation_space("player_2").shape == (2, 2)


def test_whole_episodes_are_determined_by_the_seed() -> None:
    first, second = parallel_env(Lottery()), parallel_env(Lottery())
    for seed in (3, None):  # the second episodes go on with the same stream of chance
        left, right = whole_episode(first, seed), whole_episode(second, seed)
        assert len(left) == 8
        for a, b in zip(left, right, strict=True):
            np.testing.assert_equal(a, b)
    again = whole_episode(first, 4)
    assert any(not np.array_equal(a[0]["player_0"], b[0]["player_0"])
               for a, b in zip(left, again, strict=True))  # fmt: skip


def test_a_reset_without_a_seed_goes_on_with_other_chance() -> None:
    game = parallel_env(Lottery())
    observations, _ = game.reset(seed=3)
    later, _ = game.reset()
    assert not np.array_equal(observations["player_0"], later["player_0"])


def test_an_episode_is_the_games_own() -> None:
    parallel = ipd_v0.parallel_env(max_cycles=4)
    observations, infos = parallel.reset(seed=0)
    assert infos == {"player_0": {}, "player_1": {}}
    np.testing.assert_array_equal(observations["player_0"], [1, 0, 0, 0, 0])
    observations, rewards, terminations, truncations, infos = parallel.step(
        {"player_0": 0, "player_1": np.int64(1)}
    )
    assert rewards == {"player_0": -3.0, "player_1": 0.0}
    assert observations["player_0"].tolist() == [0, 0, 1, 0, 0]  # CD
    assert observations["player_1"].tolist() == [0, 0, 0, 1, 0]  # DC
    assert infos == {"player_0": {"cooperated": 1.0}, "player_1": {"cooperated": 0.0}}
    for value in (*rewards.values(), *infos["player_0"].values()):
        assert type(value) is float
    for value in (*terminations.values(), *truncations.values()):
        assert value is False


def test_the_last_step_truncates_everyone_and_still_shows_everything() -> None:
    *_, last = whole_episode(ipd_v0.parallel_env(max_cycles=3), seed=0)
    observations, rewards, terminations, truncations, infos = last
    agents = {"player_0", "player_1"}
    assert set(observations) == set(rewards) == set(infos) == agents
    assert terminations == dict.fromkeys(agents, False)
    assert truncations == dict.fromkeys(agents, True)
    assert all(truncation is True for truncation in truncations.values())
    for info in infos.values():
        assert info["TimeLimit.truncated"] is True
        assert "cooperated" in info


def test_infos_are_fresh_and_free_to_be_written_to() -> None:
    parallel = ipd_v0.parallel_env()
    parallel.reset(seed=0)
    *_, first = parallel.step({"player_0": 0, "player_1": 0})
    first["player_0"]["cooperated"] = "overwritten"
    *_, second = parallel.step({"player_0": 0, "player_1": 0})
    assert second["player_0"]["cooperated"] == 1.0
    assert second["player_0"] is not second["player_1"]


def test_observations_of_earlier_steps_stay_as_they_were() -> None:
    record = whole_episode(ipd_v0.parallel_env(max_cycles=5), seed=0)
    copies = pickle.dumps([step[0] for step in record])
    np.testing.assert_equal([step[0] for step in record], pickle.loads(copies))
    assert not np.shares_memory(record[1][0]["player_0"], record[2][0]["player_0"])


def test_max_cycles_can_be_set_on_the_environment() -> None:
    parallel = ipd_v0.parallel_env()
    assert parallel.max_cycles == 50
    parallel.max_cycles = 2
    assert len(whole_episode(parallel, seed=0)) == 3


def test_game_settings_are_keywords() -> None:
    parallel = ipd_v0.parallel_env(payoffs="pola", episode_length=7)
    assert parallel.game == make_game("ipd", payoffs="pola", episode_length=7)
    assert parallel.max_cycles == 7
    assert matrix_game_v0.parallel_env(payoffs="chicken").reset()


def test_environments_say_what_they_are() -> None:
    parallel = ipd_v0.parallel_env(render_mode="ansi")
    assert parallel.metadata["name"] == "ipd_v0"
    assert parallel.metadata["is_parallelizable"]
    assert parallel.render_mode == "ansi"
    assert isinstance(ipd_v0.env(), OrderEnforcingWrapper)
    assert isinstance(ipd_v0.raw_env(), parallel_to_aec_wrapper)
    assert type(raw_env("ipd")) is type(ipd_v0.raw_env())


@pytest.mark.parametrize("copier", [pickle, cloudpickle])
def test_a_copy_in_the_middle_of_an_episode_plays_on_alike(copier) -> None:
    original = parallel_env("ipd")
    original.reset(seed=0)
    original.step({"player_0": 0, "player_1": 1})
    copy = copier.loads(copier.dumps(original))
    np.testing.assert_equal(
        original.step({"player_0": 1, "player_1": 1}), copy.step({"player_0": 1, "player_1": 1})
    )


def test_the_registry_makes_both_kinds(game_name: str, settings: dict) -> None:
    parallel = pettingzoo.make("parallel", pettingzoo_id(game_name), max_cycles=6, **settings)
    assert (parallel.game.name, parallel.max_cycles) == (game_name, 6)
    turn_based = pettingzoo.make("aec", pettingzoo_id(game_name), **settings)
    turn_based.reset(seed=0)
    assert turn_based.agent_selection == "player_0"


JOINT = {"player_0": 0, "player_1": 1}


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ({"player_0": 0}, r"one for each of player_0, player_1, got \['player_0'\]\."),
        ({}, r"got \[\]\."),
        (JOINT | {"player_2": 0}, r"got \['player_0', 'player_1', 'player_2'\]"),
        ([0, 0], r"actions must be a dictionary with one for each of .*, got \[0, 0\]"),
        (None, "actions must be a dictionary with one for each of .*, got None"),
        (JOINT | {"player_1": "1"}, "player_1's action must be an integer from 0 to 1, got '1'"),
        (JOINT | {"player_1": True}, "player_1's action must be an integer from 0 to 1, got True"),
        (JOINT | {"player_1": 2}, "player_1's action must be an integer from 0 to 1, got 2"),
        (JOINT | {"player_0": -1}, "player_0's action must be an integer from 0 to 1, got -1"),
        (JOINT | {"player_0": 0.5}, "player_0's action must be an integer from 0 to 1, got 0.5"),
        (JOINT | {"player_0": None}, "player_0's action must be an integer from 0 to 1, got None"),
        (JOINT | {"player_0": np.zeros(2, int)}, "player_0's action must be an integer"),
    ],
)
def test_bad_actions_are_refused_and_the_game_stands_still(actions: object, message: str) -> None:
    parallel = ipd_v0.parallel_env()
    parallel.reset(seed=0)
    with pytest.raises(ValueError, match=message):
        parallel.step(actions)
    assert parallel.step(JOINT)[0]["player_0"].tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("make", [ipd_v0.env, ipd_v0.raw_env])
@pytest.mark.parametrize("action", [None, "a", 2, [0, 0], 0.5])
def test_a_bad_action_is_refused_in_its_agents_own_turn(make, action: object) -> None:
    turn_based = make()
    turn_based.reset(seed=0)
    with pytest.raises(ValueError, match="player_0's action must be an integer from 0 to 1, got"):
        turn_based.step(action)
    turn_based.step(0)
    turn_based.step(1)
    assert turn_based.last()[0].tolist() == [0, 0, 1, 0, 0]


def test_agents_whose_episode_has_ended_do_nothing_and_then_nobody_is_left() -> None:
    turn_based = ipd_v0.raw_env(max_cycles=1)
    with pytest.raises(ResetNeeded, match="step must come after reset"):
        turn_based.step(0)
    turn_based.reset(seed=0)
    turn_based.step(0)
    turn_based.step(1)
    with pytest.raises(ValueError, match="player_0's action must be None, since its episode has"):
        turn_based.step(0)
    turn_based.step(None)
    turn_based.step(None)
    assert turn_based.agents == []
    with pytest.raises(ResetNeeded, match="before the last agent has left"):
        turn_based.step(None)


@pytest.mark.parametrize("seed", [1.5, -1, "one", [1, 2], True])
@pytest.mark.parametrize("make", [ipd_v0.env, ipd_v0.parallel_env])
def test_a_seed_is_an_integer(make, seed: object) -> None:
    with pytest.raises(ValueError, match="seed must be an integer of at least 0, or None, got"):
        make().reset(seed=seed)
    make().reset(seed=np.int64(3))


def test_the_state_is_what_all_agents_see(game_name: str, settings: dict) -> None:
    turn_based, parallel = env(game_name, **settings), parallel_env(game_name, **settings)
    with warnings.catch_warnings():
        # An entry that cannot vary, such as the plane of a coin that two players never share.
        warnings.filterwarnings("ignore", message=".*maximum and minimum state space values are")
        state_test(turn_based, parallel, num_cycles=20)
    observations, _ = parallel.reset(seed=0)
    np.testing.assert_array_equal(parallel.state(), np.concatenate([*observations.values()]))
    parallel.state()[:] = 7
    assert parallel.state().max() < 7 or parallel.state_space.high.max() >= 7


def test_the_length_of_an_episode_has_pettingzoos_name() -> None:
    with pytest.raises(ValueError, match=r"given as max_cycles; got max_episode_steps=3\."):
        ipd_v0.parallel_env(max_episode_steps=3)
    with pytest.raises(ValueError, match="given as max_cycles"):
        pettingzoo.make("parallel", pettingzoo_id("ipd"), max_episode_steps=3)


def test_there_is_no_state_before_reset() -> None:
    with pytest.raises(ResetNeeded, match="state must come after reset"):
        ipd_v0.parallel_env().state()


# SuperSuit warns of what its wrappers lack.
@pytest.mark.filterwarnings("ignore:.*:UserWarning:supersuit")
def test_wrappers_may_draw_from_the_environments_chance() -> None:
    supersuit = pytest.importorskip("supersuit")
    skipping = supersuit.frame_skip_v0(ipd_v0.parallel_env(max_cycles=6), (1, 3))
    calls = set()
    for seed in range(8):
        skipping.reset(seed=seed)
        number = 0
        while skipping.agents:
            skipping.step(dict.fromkeys(skipping.agents, 0))
            number += 1
        calls.add(number)
    assert len(calls) > 1


def test_a_step_before_reset_or_after_the_end_is_refused() -> None:
    parallel = ipd_v0.parallel_env(max_cycles=1)
    with pytest.raises(ResetNeeded, match="step must come after reset"):
        parallel.step(JOINT)
    parallel.reset()
    parallel.step(JOINT)
    with pytest.raises(ResetNeeded, match="before the episode's end, which was after 1 steps"):
        parallel.step(JOINT)


@pytest.mark.parametrize("cycles", [0, -1, 2.5, "ten", True])
def test_max_cycles_must_be_a_positive_integer(cycles: object) -> None:
    with pytest.raises(
        ValueError, match=f"max_cycles must be an integer from 1 .*, got {cycles!r}"
    ):
        ipd_v0.parallel_env(max_cycles=cycles)


def test_a_matrix_game_needs_its_payoffs() -> None:
    with pytest.raises(ValueError, match=r"matrix_game was given a setting.*payoffs"):
        matrix_game_v0.parallel_env()
