"""How long is one update of the Coin Game's presets, and does a larger board make it longer?

    python benchmarks/coin_update.py

``coin-paper``, LOQA's published hyper-parameters, is compiled and run in a fresh process with an
empty compilation cache, for its memory and its time to compile. The default preset is run on 3x3
and 15x15 in turns, so that whatever else the machine does falls on both. One seed, on all cores.
Writes ``benchmarks/results/coin_update.json``.
"""

import argparse
import json
import os
import resource
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
from machine import describe, in_fresh_process
from targets import at_most, print_rows

from loqa_agents import PRESETS, Trainer
from loqa_envs import CoinGame

RESULTS = Path(__file__).parent / "results" / "coin_update.json"
SIZES = (3, 15)
PUBLISHED = {"seconds": 4.6, "compile_seconds": 110, "peak_memory_mb": 14_000}
"""LOQA's published code on two cores: about."""


class Updates:
    """A run of one seed, update by update."""

    def __init__(self, preset: str, devices: int, size: int = 3) -> None:
        game, learner, training, *_ = PRESETS[preset]
        assert isinstance(game, CoinGame)
        game = replace(game, size=size)
        self.trainer = Trainer(game, learner, training, (42,), devices=jax.devices()[:devices])
        self.state = self.trainer.init()
        started = time.perf_counter()
        self.trainer.compile(self.state)
        self.compile_seconds = time.perf_counter() - started
        self.done = 0
        self.seconds: list[float] = []

    def run(self, number: int) -> None:
        """So many updates in one call, as training makes them; notes the seconds of one."""
        started = time.perf_counter()
        self.state, _ = jax.block_until_ready(
            self.trainer.advance(self.state, self.done, self.done + number)
        )
        self.seconds.append((time.perf_counter() - started) / number)
        self.done += number

    def row(self) -> dict[str, Any]:
        """What was measured, but for the first call, which warms up."""
        return {
            "seconds": round(statistics.median(self.seconds[1:]), 4),
            "runs": [round(seconds, 4) for seconds in self.seconds[1:]],
            "compile_seconds": round(self.compile_seconds, 2),
        }


def paper(devices: int, repeats: int) -> dict[str, Any]:
    """Update, compilation and memory of ``coin-paper``, of this process."""
    updates = Updates("coin-paper", devices)
    for _ in range(1 + repeats):
        updates.run(2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # Linux counts in KiB
    return {"preset": "coin-paper"} | updates.row() | {"peak_memory_mb": round(peak / 1024)}


def boards(devices: int, repeats: int) -> list[dict[str, Any]]:
    """The default preset on the small and the large board, in turns."""
    runs = {size: Updates("coin", devices, size) for size in SIZES}
    for _ in range(1 + repeats):
        for updates in runs.values():
            updates.run(5)
    return [{"preset": "coin", "size": size} | updates.row() for size, updates in runs.items()]


def targets(paper: dict[str, Any], small: dict[str, Any], large: dict[str, Any]) -> list[dict]:
    """What must be reached, what was, and whether that is enough."""
    pairs = zip(large["runs"], small["runs"], strict=True)
    ratio = statistics.median(slow / fast for slow, fast in pairs)
    return [
        at_most("coin-paper: one update, s", paper["seconds"], 0.46, 0.25),
        at_most("coin-paper: compiling, s", paper["compile_seconds"], 15, 15),
        at_most("coin-paper: peak memory, MB", paper["peak_memory_mb"], 1536, 1536),
        at_most("coin: one update on 15x15, times 3x3", ratio, 1.3, 1.1),
    ]


def main() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--devices", type=int, default=cores or 1, help="cores, as devices")
    parser.add_argument("--repeats", type=int, default=15, help="measured runs of each")
    parser.add_argument("--paper-only", action="store_true", help="print coin-paper's row as JSON")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file for the numbers")
    arguments = parser.parse_args()
    for name in ("devices", "repeats"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1, got {getattr(arguments, name)}.")
    jax.config.update("jax_num_cpu_devices", arguments.devices)
    if arguments.paper_only:
        print(json.dumps(paper(arguments.devices, arguments.repeats)))
        return
    report: dict[str, Any] = {
        "machine": describe(),
        "devices": arguments.devices,
        "published": PUBLISHED,
    }
    published = in_fresh_process(
        __file__, "--paper-only", "--devices", str(arguments.devices),
        "--repeats", str(arguments.repeats),
    )  # fmt: skip
    small, large = boards(arguments.devices, arguments.repeats)
    report |= {"rows": [published, small, large], "targets": targets(published, small, large)}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print_rows(report["targets"])


if __name__ == "__main__":
    main()
