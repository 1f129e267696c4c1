"""PPO of stable-baselines3, trained for a few seconds, in a league of the Coin Game.

pip install ".[ecosystem]" && python examples/league_stable_baselines3_player.py

Or on the command line, from this folder:

    loqa league always_defect coin3x3/loqa/42 --agent league_stable_baselines3_player:make_player
"""

from functools import cache

import jax
import numpy as np
import torch
from stable_baselines3 import PPO

from loqa_agents import load_agent
from loqa_agents.league import Entrant, play_league
from loqa_envs import CoinGame, Game
from loqa_envs.adapters.stable_baselines3 import SharedVecEnv


class PredictingPlayer:
    """Any model of stable-baselines3 without a memory, which draws from PyTorch's own generator."""

    def __init__(self, model: PPO) -> None:
        self.model = model

    def reset(self, seed: int) -> None:
        torch.manual_seed(seed)

    def act(self, observation: np.ndarray) -> int:
        action, _ = self.model.predict(observation)
        return int(action)


@cache
def learned(game: Game) -> PPO:
    """One model for all players."""
    torch.set_num_threads(1)  # quickest for a network this small
    envs = SharedVecEnv(game, num_games=64)
    model = PPO(
        "MlpPolicy", envs, n_steps=16, batch_size=512, learning_rate=5e-3, gamma=0.7,
        policy_kwargs={"net_arch": [64]}, seed=0, device="cpu",
    )  # fmt: skip
    # Yours would be read from its file: PPO.load("my_agent.zip", device="cpu")
    return model.learn(20_000)


def make_player(game: Game) -> PredictingPlayer:
    """What ``--agent`` calls for every seat, with the game that is played."""
    return PredictingPlayer(learned(game))


if __name__ == "__main__":
    entrants = [
        Entrant("always_defect", "always_defect"),
        Entrant("loqa", load_agent("coin3x3/loqa/42")),
        Entrant("ppo", make_player),
    ]
    league = play_league(jax.random.key(0), CoinGame(), entrants, num_episodes=64)
    print("mean reward per step of the row against the column")
    for entrant, row in zip(entrants, league.rewards.mean(-1), strict=True):
        print(f"{entrant.name:14}", *(f"{mean:7.3f}" for mean in row))
