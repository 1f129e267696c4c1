"""How long does a league of forty take, and how much memory?

    python benchmarks/league.py

Thirty-seven agents of the default network (those that come with the package, again and again) and
three scripted players, 1,024 episodes a pair, in a fresh process on all cores with an empty
compilation cache. Writes ``benchmarks/results/league.json``.
"""

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

from machine import describe, in_fresh_process
from targets import at_most, print_rows

from loqa_agents import load_agent
from loqa_agents.common.devices import use_devices
from loqa_agents.league import Entrant, play_league
from loqa_agents.league.summary import summary
from loqa_envs import make_game
from loqa_envs.keys import key

RESULTS = Path(__file__).parent / "results" / "league.json"
SCRIPTED = ("always_cooperate", "always_defect", "tit_for_tat")


def league(number: int, episodes: int) -> dict[str, Any]:
    """Seconds and memory of this process for a league of so many entrants, compiling included."""
    started = time.perf_counter()
    devices = use_devices()
    agents = [load_agent(f"coin3x3/loqa/{seed}") for seed in range(42, 52)]
    entrants = [
        Entrant(f"agent {i}", agents[i % len(agents)]) for i in range(number - len(SCRIPTED))
    ]
    entrants += [Entrant(name, name) for name in SCRIPTED]
    played = play_league(key(0), make_game("coin_game"), entrants, episodes, devices=devices)
    seconds = time.perf_counter() - started
    summary(played)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # Linux counts in KiB
    return {
        "entrants": number, "episodes": episodes, "devices": len(devices),
        "seconds": round(seconds, 1),
        "seconds_with_tables": round(time.perf_counter() - started, 1),
        "peak_memory_mb": round(peak / 1024),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entrants", type=int, default=40)
    parser.add_argument("--episodes", type=int, default=1024, help="episodes of each pair")
    parser.add_argument("--here", action="store_true", help="print this process's row as JSON")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file for the numbers")
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(league(arguments.entrants, arguments.episodes)))
        return
    report: dict[str, Any] = {"machine": describe()}
    row = in_fresh_process(
        __file__, "--here", "--entrants", str(arguments.entrants),
        "--episodes", str(arguments.episodes),
    )  # fmt: skip
    what = f"league of {row['entrants']}, {row['episodes']:,} episodes a pair"
    report["rows"] = [row]
    report["targets"] = [
        at_most(f"{what}: seconds with tables", row["seconds_with_tables"], 120, 120, 1),
        at_most(f"{what}: peak memory, MB", row["peak_memory_mb"], 3072, 3072),
    ]
    arguments.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print_rows(report["targets"])


if __name__ == "__main__":
    main()
