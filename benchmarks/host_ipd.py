"""Does LOQA become a reciprocator in somebody's prisoner's dilemma, played step by step?

    python benchmarks/host_ipd.py

The iterated prisoner's dilemma as a PettingZoo ``ParallelEnv`` in plain NumPy, with nothing of
loqa in it; `HostTrainer` with LOQA's settings for the game, seeds 42 to 51, 300 updates of 32
episodes, in this process. Every seed is written to ``benchmarks/results/host_ipd.json``.
"""

import json
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Discrete, MultiBinary
from machine import describe
from pettingzoo import ParallelEnv
from targets import at_least, at_most, print_rows

from loqa_agents import HostTrainer, Learner, Training
from loqa_envs import environment

RESULTS = Path(__file__).parent / "results" / "host_ipd.json"
SEEDS = tuple(range(42, 52))
UPDATES = 300
PAYOFFS = np.array([[-1.0, -3.0], [0.0, -2.0]])
SEEN = np.eye(5, dtype=np.int8)  # START, CC, CD, DC, DD, own move first


class Dilemma(ParallelEnv):
    """Fifty steps; both see what both did in the step before."""

    metadata = {"name": "dilemma"}  # noqa: RUF012
    max_cycles = 50

    def __init__(self) -> None:
        self.possible_agents = ["row", "column"]

    def observation_space(self, agent):  # type: ignore[no-untyped-def]
        return MultiBinary(5)

    def action_space(self, agent):  # type: ignore[no-untyped-def]
        return Discrete(2)

    def reset(self, seed=None, options=None):  # type: ignore[no-untyped-def]
        self.agents, self.clock = self.possible_agents[:], 0
        return dict.fromkeys(self.agents, SEEN[0]), {"row": {}, "column": {}}

    def step(self, actions):  # type: ignore[no-untyped-def]
        row, column = actions["row"], actions["column"]
        self.clock += 1
        over = self.clock == self.max_cycles
        self.agents = [] if over else self.agents
        return (
            {"row": SEEN[1 + 2 * row + column], "column": SEEN[1 + 2 * column + row]},
            {"row": PAYOFFS[row, column], "column": PAYOFFS[column, row]},
            {"row": False, "column": False},
            {"row": over, "column": over},
            {"row": {}, "column": {}},
        )


def main() -> None:
    start = time.perf_counter()
    learner = Learner()
    game = environment(Dilemma, seats_alike=True)
    trainer = HostTrainer(game, learner, Training(episodes=32), SEEDS)
    state, _ = trainer.advance(trainer.init(), 0, UPDATES)
    policy = learner.policy(game)
    situations = jnp.eye(5, dtype=jnp.float32)
    said: Any = jax.vmap(policy.log_probabilities, (0, None))(
        state.learners[0].params.actor, situations
    )
    seconds = time.perf_counter() - start
    rates = np.exp(said[..., 0])
    begins, cc, cd, _, dd = rates.T
    whole = int(((begins >= 0.9) & (cc >= 0.95) & (cd <= 0.3) & (dd <= 0.15)).sum())
    names = ("START", "CC", "CD", "DC", "DD")
    rows = [
        at_least("seeds of 10 that reciprocate", whole, 9, 10),
        at_most("seconds for all ten seeds", seconds, 300, 150, 0),
    ]
    report = {
        "machine": describe(), "seeds": SEEDS, "updates": UPDATES, "targets": rows,
        "cooperation": {
            name: [round(float(rate), 4) for rate in rates[:, i]] for i, name in enumerate(names)
        },
    }  # fmt: skip
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    print_rows(rows)
    print(rates.round(3))


if __name__ == "__main__":
    main()
