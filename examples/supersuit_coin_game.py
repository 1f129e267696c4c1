"""PPO with parameter sharing the general way, for any PettingZoo environment: through SuperSuit.

`stable_baselines3_coin_game.py` does the same many times as fast.

    pip install ".[ecosystem]" && python examples/supersuit_coin_game.py
"""

import supersuit
import torch
from stable_baselines3 import PPO

from loqa_envs import coin_game_v0

torch.set_num_threads(1)  # quickest for a network this small
envs = supersuit.pettingzoo_env_to_vec_env_v1(coin_game_v0.parallel_env())
envs = supersuit.concat_vec_envs_v1(envs, 8, num_cpus=0, base_class="stable_baselines3")
model = PPO("MlpPolicy", envs, n_steps=64, batch_size=256, device="cpu")
model.learn(4096)
print("trained for", model.num_timesteps, "steps of a seat")
