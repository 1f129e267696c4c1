"""Does ``loqa train ipd`` become a reciprocator, how well, and how long does it take?

    python benchmarks/ipd.py

Runs the README's command, default settings, in fresh processes: without and with a warm compilation
cache, the naive learner beside it, the exact gradient, and LOQA against a separate naive learner.
Every seed of every run is written to ``benchmarks/results/ipd.json``; the table says which targets
hold. Takes a few minutes.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import describe

RESULTS = Path(__file__).parent / "results" / "ipd.json"
SEEDS = "42-51"


def measure(out: Path, cache: Path, *arguments: str) -> dict[str, Any]:
    """Run the command line in a process of its own: its results, wall time and peak memory."""
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(cache)}
    command = [sys.executable, "-m", "loqa_agents", "train", "ipd", "--seeds", SEEDS, *arguments]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--out", str(out)], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return {
        "process_seconds": round(time.perf_counter() - started, 1),
        "peak_memory_mb": round(usage.ru_maxrss / 1024),  # Linux counts in KiB
        "results": json.loads((out / "results.json").read_text()),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        cache = base / "cache"
        runs = {
            "loqa": measure(base / "first", cache),
            "loqa_again": measure(base / "second", cache),
            "naive": measure(base / "naive", cache, "--algorithm", "naive"),
            "advantage_alignment": measure(
                base / "aa", cache, "--algorithm", "advantage_alignment"
            ),
            "loqa_exact": measure(
                base / "exact", cache, "--exact", "--updates", "3000", "--evaluate-every", "500"
            ),
            "loqa_against_naive": measure(base / "rival", cache, "--rival", "naive"),
        }
    report = {"machine": describe(), "runs": runs, "targets": targets(runs)}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    for row in report["targets"]:
        print(f"{row['what']:58s} {row['target']:>9s} {row['measured']:>9.3f}  {row['holds']}")


def targets(runs: dict[str, Any]) -> list[dict[str, Any]]:
    """The targets of the prisoner's dilemma, measured."""
    loqa = runs["loqa"]["results"]
    cooperation = loqa["cooperation"]
    rows = []

    def row(
        what: str, measured: float, target: float, holds: Callable[[float, float], bool]
    ) -> None:
        sign = "≥" if holds is at_least else "≤"
        rows.append(
            {"what": what, "target": f"{sign} {target}", "measured": round(measured, 3),
             "holds": holds(measured, target)}
        )  # fmt: skip

    def at_least(measured: float, target: float) -> bool:
        return measured >= target

    def at_most(measured: float, target: float) -> bool:
        return measured <= target

    row("P(C|START), lowest seed", min(cooperation["START"]), 0.9, at_least)
    row("P(C|CC), lowest seed", min(cooperation["CC"]), 0.95, at_least)
    row("P(C|CD), highest seed", max(cooperation["CD"]), 0.3, at_most)
    row("P(C|DD), highest seed", max(cooperation["DD"]), 0.15, at_most)
    self_play = loqa["self_play"]
    row("self-play, mean over seeds", sum(self_play) / len(self_play), -1.03, at_least)
    row("self-play, worst seed", min(self_play), -1.06, at_least)
    defect = loqa["versus"]["always_defect"]["agent"]
    row("against always-defect, worst seed", min(defect), -2.08, at_least)
    naive = runs["naive"]["results"]["self_play"]
    row("naive policy gradient in self-play, best seed", max(naive), -1.9, at_most)
    row("wall time of the process, first run, s", runs["loqa"]["process_seconds"], 60, at_most)
    again = runs["loqa_again"]["results"]["compile_seconds"]
    row("compiling, second run, s", again, 5, at_most)
    row("peak memory, MB", runs["loqa"]["peak_memory_mb"], 1536, at_most)
    return rows


if __name__ == "__main__":
    main()
