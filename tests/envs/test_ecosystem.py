"""The libraries that people train with. They need torch: the extra ``ecosystem``."""

import gymnasium
import numpy as np
import pytest

from loqa_envs import ipd_v0
from loqa_envs.adapters.registration import gymnasium_id

# Torch, and what it imports, warn of their own deprecations.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning"
)


@pytest.fixture
def sb3():
    return pytest.importorskip("stable_baselines3", reason="needs the extra 'ecosystem'")


@pytest.fixture
def learner(sb3):
    """PPO with a small network that learns the one thing there is to learn within seconds."""
    sb3.common.utils.set_random_seed(0)

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


# TorchRL was tested with an older PettingZoo and says so.
@pytest.mark.filterwarnings("ignore:PettingZoo in TorchRL is tested:UserWarning")
def test_torchrls_specs_fit() -> None:
    pytest.importorskip("torchrl", reason="needs the extra 'ecosystem'")
    from torchrl.envs import PettingZooWrapper
    from torchrl.envs.utils import check_env_specs

    check_env_specs(PettingZooWrapper(ipd_v0.parallel_env()))
