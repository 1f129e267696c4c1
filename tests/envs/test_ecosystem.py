"""The libraries that people train with. They need torch: the extra ``ecosystem``."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from loqa_envs import coin_game_v0, ipd_v0
from loqa_envs.adapters.registration import gymnasium_id
from loqa_envs.adapters.vector import SharedVectorEnv

EXAMPLES = Path(__file__).parents[2] / "examples"
OF_OTHERS = [path for path in EXAMPLES.glob("*.py") if not path.stem.startswith("extend_")]
"""Examples with other libraries; those of one's own parts are run in ``tests/test_examples.py``."""

# Torch, and what it imports, warn of their own deprecations.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning"
)


@pytest.fixture
def sb3():
    sb3 = pytest.importorskip("stable_baselines3", reason="needs the extra 'ecosystem'")
    import torch

    torch.set_num_threads(1)  # quickest for networks this small
    sb3.common.utils.set_random_seed(0)
    return sb3


@pytest.fixture
def learner(sb3):
    """PPO with a small network that learns the one thing there is to learn within seconds."""

    def make(env):
        return sb3.PPO(
            "MlpPolicy",
            env,
            n_steps=128,
            batch_size=128,
            learning_rate=3e-3,
            gamma=0.9,
            policy_kwargs={"net_arch": [16]},
            device="cpu",
        )

    return make


# Planes of zeros and ones are no image, and small boards are too small for its image network.
@pytest.mark.filterwarnings("ignore:It seems that your observation:UserWarning")
@pytest.mark.filterwarnings("ignore:The minimal resolution for an image:UserWarning")
@pytest.mark.filterwarnings("ignore:Treating image space as channels-last:UserWarning")
def test_stable_baselines3_accepts_every_game(sb3, game_name: str, settings: dict) -> None:
    from stable_baselines3.common.env_checker import check_env

    for seat in (0, 1):
        check_env(gymnasium.make(gymnasium_id(game_name), seat=seat, **settings).unwrapped)


@pytest.mark.slow
def test_ppo_learns_to_defect_against_always_defect(sb3, learner) -> None:
    env = gymnasium.make("loqa/IPD-v0", opponent="always_defect")
    model = learner(env)
    model.learn(6000)
    observation, _ = env.reset(seed=1)
    total, truncated = 0.0, False
    while not truncated:
        action, _ = model.predict(observation, deterministic=True)
        observation, reward, _, truncated, _ = env.step(int(action))
        total += reward
    # All 50 steps DD at -2; always cooperating would give -150.
    assert total == -100


@pytest.mark.slow
# SuperSuit's vector environments have no render_mode that Stable-Baselines3 can read.
@pytest.mark.filterwarnings("ignore:.*render_mode.*:UserWarning")
# Gymnasium warns that they lack metadata.
@pytest.mark.filterwarnings("ignore::UserWarning:gymnasium")
def test_ppo_in_self_play_through_supersuit_ends_in_mutual_defection(sb3, learner) -> None:
    import supersuit

    vector = supersuit.pettingzoo_env_to_vec_env_v1(ipd_v0.parallel_env())
    vector = supersuit.concat_vec_envs_v1(vector, 4, num_cpus=0, base_class="stable_baselines3")
    model = learner(vector)
    model.learn(30_000)

    parallel = ipd_v0.parallel_env()
    observations, _ = parallel.reset(seed=1)
    total = 0.0
    while parallel.agents:
        actions, _ = model.predict(np.stack([*observations.values()]), deterministic=True)
        observations, rewards, *_ = parallel.step(dict(zip(parallel.agents, actions, strict=True)))
        total += sum(rewards.values()) / 2
    # Both seats at -2 in each of 50 steps; naive learners know no better.
    assert total == -100


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*render_mode.*:UserWarning")
@pytest.mark.filterwarnings("ignore::UserWarning:gymnasium")
def test_ppo_with_parameter_sharing_through_supersuit_learns_to_collect_coins(sb3) -> None:
    import supersuit

    vector = supersuit.pettingzoo_env_to_vec_env_v1(coin_game_v0.parallel_env())
    vector = supersuit.concat_vec_envs_v1(vector, 16, num_cpus=0, base_class="stable_baselines3")
    model = coin_collector(sb3, vector)
    model.learn(40_000)
    chance = np.random.default_rng(0)
    random = coins_a_step(lambda rows: chance.integers(4, size=len(rows)))
    assert random == pytest.approx(1 / 9, abs=0.01)
    assert coins_a_step(lambda rows: model.predict(rows)[0]) > 2 * random


@pytest.mark.slow
def test_ppo_learns_from_all_seats_of_many_games(sb3) -> None:
    from stable_baselines3.common.vec_env import VecMonitor

    from loqa_envs.adapters.stable_baselines3 import SharedVecEnv

    envs = VecMonitor(SharedVecEnv("coin_game", num_games=64))
    model = coin_collector(sb3, envs)
    model.learn(40_000)
    assert (
        coins_a_step(lambda rows: model.predict(rows)[0]) > 0.22
    )  # twice what random players take
    assert model.ep_info_buffer[-1]["l"] == 50


def coin_collector(sb3, envs):
    """PPO that learns within seconds to collect coins, whosever they are."""
    return sb3.PPO(
        "MlpPolicy",
        envs,
        n_steps=512 * 4 // envs.num_envs,
        batch_size=512,
        learning_rate=5e-3,
        gamma=0.7,
        policy_kwargs={"net_arch": [64]},
        device="cpu",
    )


def coins_a_step(choose) -> float:
    """How many coins a player takes in a step; ``choose`` says what all seats do."""
    envs = SharedVectorEnv("coin_game", num_games=256)
    rows, _ = envs.reset(seed=1)
    taken = []
    for _ in range(envs.game.episode_length):
        rows, _, _, _, info = envs.step(choose(rows))
        taken.append((info["took_own"] + info["took_other"]).mean())
    return float(np.mean(taken))


def test_the_face_for_stable_baselines3_says_what_it_learns_from(sb3) -> None:
    from loqa_envs.adapters.stable_baselines3 import SharedVecEnv

    env = SharedVecEnv("ipd", num_games=2, episode_length=2)
    env.seed(3)
    assert env.reset().argmax(1).tolist() == [0] * 4
    actions = np.array([0, 1, 1, 1])
    observations, rewards, dones, infos = env.step(actions)
    assert observations.argmax(1).tolist() == [2, 3, 4, 4]
    assert (rewards.tolist(), rewards.dtype) == ([-3, 0, -2, -2], np.float32)
    assert dones.tolist() == [False] * 4
    assert infos[0] == {"cooperated": 1, "opponent_reward": 0}
    observations, _, dones, infos = env.step(actions)
    assert observations.argmax(1).tolist() == [0] * 4
    assert dones.tolist() == [True] * 4
    assert [info["terminal_observation"].argmax() for info in infos] == [2, 3, 4, 4]
    assert [info["TimeLimit.truncated"] for info in infos] == [True] * 4
    assert infos[3]["opponent_reward"] == -2
    assert env.get_attr("num_games") == [2] * 4
    assert env.env_is_wrapped(gymnasium.Wrapper) == [False] * 4
    with pytest.raises(ValueError, match="indices must be None"):
        env.set_attr("opponent_params", (), indices=[0])
    env.close()


@pytest.mark.slow
@pytest.mark.parametrize("example", sorted(OF_OTHERS), ids=lambda path: path.stem)
def test_every_example_runs(example: Path) -> None:
    for package in ("ray", "stable_baselines3", "torch", "meltingpot"):
        if re.search(rf"^(from|import) {package}\b", example.read_text(), re.MULTILINE):
            pytest.importorskip(package, reason=f"the example needs {package}")
    done = subprocess.run([sys.executable, example], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


# TorchRL was tested with an older PettingZoo and says so.
@pytest.mark.filterwarnings("ignore:PettingZoo in TorchRL is tested:UserWarning")
@pytest.mark.parametrize(
    "environment",
    [
        ipd_v0.parallel_env,
        coin_game_v0.parallel_env,
        partial(coin_game_v0.parallel_env, size=(4, 7)),
        partial(coin_game_v0.parallel_env, size=7, num_players=3, observation="index"),
    ],
    ids=["ipd", "coin_game", "coin_game_4x7", "coin_game_of_three"],
)
def test_torchrls_specs_fit(environment) -> None:
    pytest.importorskip("torchrl", reason="needs the extra 'ecosystem'")
    from torchrl.envs import PettingZooWrapper
    from torchrl.envs.utils import check_env_specs

    check_env_specs(PettingZooWrapper(environment()))
