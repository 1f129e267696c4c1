"""PPO of stable-baselines3 learns the Coin Game from both seats with one network.

pip install ".[ecosystem]" && python examples/stable_baselines3_coin_game.py
"""

import numpy as np
import torch
from stable_baselines3 import PPO

from loqa_envs.adapters.stable_baselines3 import SharedVecEnv

torch.set_num_threads(1)  # quickest for a network this small
envs = SharedVecEnv("coin_game", num_games=64)  # 128 rows, one for each seat
model = PPO(
    "MlpPolicy", envs, n_steps=16, batch_size=512, learning_rate=5e-3, gamma=0.7,
    policy_kwargs={"net_arch": [64]}, seed=0, device="cpu",
)  # fmt: skip
model.learn(40_000)

test = SharedVecEnv("coin_game", num_games=256)
test.seed(1)
observations = test.reset()
coins = []
for _ in range(50):
    observations, _, _, infos = test.step(model.predict(observations)[0])
    coins.append(np.mean([info["took_own"] + info["took_other"] for info in infos]))
print(f"coins a step and player: {np.mean(coins):.3f}; random players take 0.111")
