"""Players of your own in a league: one in array code, and one in plain Python with its own dice.

pip install . && python examples/extend_players.py

A `ScriptedPolicy` is array code on what it sees: the same lines run in NumPy and, compiled, in JAX.
`check_policy` checks it. A plain Python player has `reset(seed)`, called before each episode, and
`act(observation)`, which answers with the number of an action. On the command line, from here:

    loqa league tit_for_tat always_defect --game ipd --agent extend_players:make_player
"""

import random
from dataclasses import dataclass

import jax
import numpy as np

from loqa_agents.league import Entrant, play_league
from loqa_envs import IPD, Array, ScriptedPolicy, array_namespace
from loqa_envs.testing import check_policy

COOPERATE, DEFECT = 0, 1


@dataclass(frozen=True)
class TitForTwoTats(ScriptedPolicy):
    """Defects after two defections of the other in a row; remembers how many there were."""

    def initial_carry(self) -> Array:
        return np.zeros((), np.int32)

    def choose(self, carry: Array, observation: Array, noise: Array) -> tuple[Array, Array]:
        xp = array_namespace(observation)
        other_defected = observation[2] + observation[4] > 0  # one-hot of START, CC, CD, DC, DD
        in_a_row = xp.where(other_defected, carry + 1, 0).astype(np.int32)
        return xp.where(in_a_row >= 2, DEFECT, COOPERATE).astype(np.int32), in_a_row


class Forgiving:
    """Copies the other's last move, but forgives one defection in three."""

    def reset(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def act(self, observation: np.ndarray) -> int:
        other_defected = observation[2] or observation[4]
        return DEFECT if other_defected and self.dice.random() < 2 / 3 else COOPERATE


def make_player() -> Forgiving:
    """What ``--agent`` calls for every seat; with a parameter, it would be given the game."""
    return Forgiving()


if __name__ == "__main__":
    check_policy(TitForTwoTats(), IPD())
    entrants = [
        Entrant("always_defect", "always_defect"),
        Entrant("tit_for_two_tats", TitForTwoTats()),
        Entrant("forgiving", make_player),
    ]
    league = play_league(jax.random.key(0), IPD(), entrants, num_episodes=64)
    print("mean reward per step of the row against the column")
    for entrant, row in zip(entrants, league.rewards.mean(-1), strict=True):
        print(f"{entrant.name:18}", *(f"{mean:7.3f}" for mean in row))
