"""A PyTorch network with a memory in a league of the Coin Game.

pip install ".[ecosystem]" && python examples/league_pytorch_player.py

Or on the command line, from this folder:

    loqa league always_defect coin3x3/loqa/42 --agent league_pytorch_player:make_player
"""

from functools import cache

import jax
import numpy as np
import torch

from loqa_agents import load_agent
from loqa_agents.league import Entrant, play_league
from loqa_envs import CoinGame, Game


class Network(torch.nn.Module):
    """Planes to the logits of four moves, through a GRU."""

    def __init__(self, inputs: int, width: int = 32) -> None:
        super().__init__()
        self.gru = torch.nn.GRUCell(inputs, width)
        self.logits = torch.nn.Linear(width, 4)

    def forward(
        self, observation: torch.Tensor, memory: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        memory = self.gru(observation, memory)
        return self.logits(memory), memory


class TorchPlayer:
    """Samples its moves, by a seed that the league gives it for each episode."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.network = network.eval()

    def reset(self, seed: int) -> None:
        self.chance = torch.Generator().manual_seed(seed)
        self.memory = None

    @torch.no_grad()
    def act(self, observation: np.ndarray) -> int:
        row = torch.tensor(observation, dtype=torch.float32).flatten()[None]
        logits, self.memory = self.network(row, self.memory)
        return int(torch.multinomial(logits.softmax(-1)[0], 1, generator=self.chance))


@cache
def learned(inputs: int) -> Network:
    """One network for all players, whose memories are their own."""
    torch.manual_seed(0)
    # Yours would have learned: network.load_state_dict(torch.load("my_agent.pt"))
    return Network(inputs)


def make_player(game: Game) -> TorchPlayer:
    """What ``--agent`` calls for every seat, with the game that is played."""
    return TorchPlayer(learned(game.observation_spec.size))


if __name__ == "__main__":
    torch.set_num_threads(1)  # quickest for a network this small
    entrants = [
        Entrant("always_defect", "always_defect"),
        Entrant("loqa", load_agent("coin3x3/loqa/42")),
        Entrant("torch", make_player),
    ]
    league = play_league(jax.random.key(0), CoinGame(), entrants, num_episodes=64)
    print("mean reward per step of the row against the column")
    for entrant, row in zip(entrants, league.rewards.mean(-1), strict=True):
        print(f"{entrant.name:14}", *(f"{mean:7.3f}" for mean in row))
