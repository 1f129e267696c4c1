"""A player of your own, in plain NumPy, in a league of the Coin Game.

pip install . && python examples/league_numpy_player.py

Or on the command line, from this folder:

    loqa league always_defect coin3x3/loqa/42 --agent league_numpy_player:make_player

A player has two methods. `reset` is called before each episode, and `act` in each step with what
the player sees: here planes ``[4, height, width]`` of zeros and ones (me, the other, my coin, the
other's coin). It answers with the number of an action: 0 left, 1 right, 2 up, 3 down. This one
leaves nothing to chance; one that does takes a seed, as the one of PyTorch in `reset(seed)`.
"""

import jax
import numpy as np

from loqa_agents import load_agent
from loqa_agents.league import Entrant, play_league
from loqa_envs import CoinGame


class Avenger:
    """Goes to its own coins only; once the other took one of them, to any, until it took one."""

    def reset(self) -> None:
        self.robbed = False
        self.target = None

    def act(self, observation: np.ndarray) -> int:
        me, other, *coins = ([tuple(cell) for cell in np.argwhere(plane)] for plane in observation)
        mine = bool(coins[0])
        coin = (coins[0] or coins[1])[0]
        if self.target is not None and self.target[0] != coin:  # a coin was taken in the last step
            taken, was_mine = self.target
            if was_mine and other[0] == taken:
                self.robbed = True
            elif not was_mine and me[0] == taken:
                self.robbed = False
        self.target = coin, mine
        size = np.array(observation.shape[1:])
        # The shortest way on a board without edges, as steps down and to the right.
        down, right = (np.array(coin) - me[0] + size // 2) % size - size // 2
        if not (mine or self.robbed):  # away from it
            return 2 if down > 0 or (down == 0 and right != 0) else 3
        if right:
            return 1 if right > 0 else 0
        return 3 if down > 0 else 2


def make_player() -> Avenger:
    """What ``--agent`` calls for every seat; with a parameter, it would be given the game."""
    return Avenger()


if __name__ == "__main__":
    entrants = [
        Entrant("always_defect", "always_defect"),
        Entrant("loqa", load_agent("coin3x3/loqa/42")),
        Entrant("avenger", make_player),
    ]
    league = play_league(jax.random.key(0), CoinGame(), entrants, num_episodes=64)
    print("mean reward per step of the row against the column")
    for entrant, row in zip(entrants, league.rewards.mean(-1), strict=True):
        print(f"{entrant.name:14}", *(f"{mean:7.3f}" for mean in row))
