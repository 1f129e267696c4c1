"""What do workers gain in somebody's environment of 3,000 steps a second?

    python benchmarks/host_throughput.py

The environment does nothing but wait busily for a third of a millisecond per step. It is stepped
bare in one process, and by `HostEpisodes` with random players, 32 copies, in this process and with
two workers, in turn. Medians of nine are written to ``benchmarks/results/host_throughput.json``:
steps per second, the ratio to stepping bare just before and after, and milliseconds of processor
per step, which say more where others use the processors too. Needs ``psutil``.
"""

import json
import statistics
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from gymnasium.spaces import Box, Discrete
from machine import describe
from pettingzoo import ParallelEnv
from targets import at_least, print_rows

from loqa_agents import HostEpisodes
from loqa_envs import make_player
from loqa_envs.keys import key

RESULTS = Path(__file__).parent / "results" / "host_throughput.json"
LENGTH, COPIES, TIMES = 50, 32, 9


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


def through(episodes: HostEpisodes) -> dict[str, float]:
    """Steps a second, and milliseconds of processor per step, here and in workers."""
    players = [make_player("random", episodes.game, seat) for seat in (0, 1)]
    start, here, there = time.perf_counter(), time.process_time(), of_workers()
    episodes.play(key(0), players, ((), ()), COPIES)
    steps = LENGTH * COPIES
    return {
        "steps_per_second": steps / (time.perf_counter() - start),
        "cpu_ms_here": 1000 * (time.process_time() - here) / steps,
        "cpu_ms_in_workers": 1000 * (of_workers() - there) / steps,
    }


def of_workers() -> float:
    """Seconds of processor that processes started from here have had."""
    return sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children())


def main() -> None:
    kinds = {"here": HostEpisodes(Slow), "two workers": HostEpisodes(Slow, workers=2)}
    for episodes in kinds.values():
        through(episodes)  # compiles
    plain: list[float] = [bare()]
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in kinds}
    for _ in range(TIMES):
        for name, episodes in kinds.items():
            measured[name].append(through(episodes))
        plain.append(bare())
    for episodes in kinds.values():
        episodes.close()
    between = [(before + after) / 2 for before, after in pairwise(plain)]
    medians: dict[str, Any] = {"bare": {"steps_per_second": statistics.median(plain)}}
    for name, rows in measured.items():
        medians[name] = {what: statistics.median(row[what] for row in rows) for what in rows[0]}
        medians[name]["to_bare"] = statistics.median(
            row["steps_per_second"] / rate for row, rate in zip(rows, between, strict=True)
        )
    ratio = medians["two workers"]["to_bare"]
    targets = [at_least("host episodes, two workers, to stepping bare, ratio", ratio, 1.5, 1.8)]
    report = {"machine": describe(), "medians": medians, "targets": targets}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(medians, indent=1))
    print_rows(targets)


if __name__ == "__main__":
    main()
