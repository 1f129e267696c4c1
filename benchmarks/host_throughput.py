"""What do workers gain in somebody's environment of 3,000 steps a second?

    python benchmarks/host_throughput.py

The environment does nothing but wait busily for a third of a millisecond per step. It is stepped
bare in one process, and by `HostEpisodes` with random players, 32 copies, in this process and with
two workers, in turn; medians of five are written to ``benchmarks/results/host_throughput.json``.
"""

import json
import statistics
import time
from pathlib import Path

import numpy as np
from gymnasium.spaces import Box, Discrete
from machine import describe
from pettingzoo import ParallelEnv
from targets import at_least, print_rows

from loqa_agents import HostEpisodes
from loqa_envs import make_player
from loqa_envs.keys import key

RESULTS = Path(__file__).parent / "results" / "host_throughput.json"
LENGTH, COPIES, TIMES = 50, 32, 5


class Slow(ParallelEnv):
    """Two agents, and a step that takes a third of a millisecond."""

    metadata = {"name": "slow"}  # noqa: RUF012
    max_cycles = LENGTH

    def __init__(self) -> None:
        self.possible_agents = ["a", "b"]
        self.agents = self.possible_agents

    def observation_space(self, agent):  # type: ignore[no-untyped-def]
        return Box(-1, 1, (8,))

    def action_space(self, agent):  # type: ignore[no-untyped-def]
        return Discrete(4)

    def reset(self, seed=None, options=None):  # type: ignore[no-untyped-def]
        self.clock = 0
        return self._all(np.zeros(8, np.float32)), self._all({})

    def step(self, actions):  # type: ignore[no-untyped-def]
        until = time.perf_counter() + 1 / 3000
        while time.perf_counter() < until:
            pass
        self.clock += 1
        seen, over = np.full(8, self.clock / LENGTH, np.float32), self.clock == LENGTH
        return self._all(seen), self._all(1.0), self._all(False), self._all(over), self._all({})

    def _all(self, value):  # type: ignore[no-untyped-def]
        return dict.fromkeys(self.possible_agents, value)


def bare() -> float:
    """Environment steps a second without anything around."""
    env, actions = Slow(), {"a": 0, "b": 0}
    env.reset()
    start = time.perf_counter()
    for _ in range(LENGTH * COPIES):
        env.step(actions)
    return LENGTH * COPIES / (time.perf_counter() - start)


def through(episodes: HostEpisodes) -> float:
    players = [make_player("random", episodes.game, seat) for seat in (0, 1)]
    start = time.perf_counter()
    episodes.play(key(0), players, ((), ()), COPIES)
    return LENGTH * COPIES / (time.perf_counter() - start)


def main() -> None:
    kinds = {"here": HostEpisodes(Slow), "two workers": HostEpisodes(Slow, workers=2)}
    for episodes in kinds.values():
        through(episodes)  # compiles
    measured: dict[str, list[float]] = {"bare": [], **{name: [] for name in kinds}}
    for _ in range(TIMES):
        measured["bare"].append(bare())
        for name, episodes in kinds.items():
            measured[name].append(through(episodes))
    for episodes in kinds.values():
        episodes.close()
    medians = {name: statistics.median(rates) for name, rates in measured.items()}
    ratio = medians["two workers"] / medians["bare"]
    rows = [at_least("host episodes, two workers, to stepping bare, ratio", ratio, 1.5, 1.8)]
    report = {"machine": describe(), "steps_per_second": medians, "targets": rows}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    print(medians)
    print_rows(rows)


if __name__ == "__main__":
    main()
