"""Does ``loqa train coin`` become a reciprocator, how fast, how well, and on which boards?

    python benchmarks/coin_game.py
    python benchmarks/coin_game.py --runs runs/a runs/b ...

The first runs the README's commands in fresh processes, which takes hours; the second collects runs
that have ended, of any boards, seeds apart or together. All agents of one board are then played
against themselves, each other and the scripted players afresh. Every seed of every run is written
to ``benchmarks/results/coin_game.json``; the table says which targets hold.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from machine import describe
from targets import at_least, at_most, print_rows

from loqa_agents import Agent, evaluate_agents, load_agent, mean_rewards
from loqa_envs import make_player
from loqa_envs.keys import key

RESULTS = Path(__file__).parent / "results" / "coin_game.json"
COMMANDS = (
    *(f"train coin --seeds {seed}" for seed in range(42, 52)),
    *(f"train coin --size {size} --seeds 42-44" for size in (4, 5, 6)),
    "train coin --size 7 --seeds 42",
)
"""What is run without ``--runs``: the README's commands."""

FLOORS = {"self": 0.318, "cross": 0.293, "always_defect": -0.054, "keeps": 0.318}
"""What each seed must reach on 3x3: LOQA as published."""
AIMS = {"self": 0.339, "cross": 0.33, "always_defect": -0.031, "keeps": 0.336}
WORDS = {
    "self": "self-play",
    "cross": "cross-play between seeds",
    "always_defect": "against always-defect",
    "keeps": "what always-cooperate keeps",
}
LARGER = {"4x4": 312, "5x5": 644, "6x6": 1224, "7x7": 2805}
"""Seconds in which the first strong crossing of each larger board must come."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("--runs", type=Path, nargs="+", help="folders of runs that have ended")
    parser.add_argument("--episodes", type=int, default=1024, help="episodes of each pair")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file for the numbers")
    arguments = parser.parse_args()
    if arguments.runs:
        boards = collect(arguments.runs, arguments.episodes)
    else:
        with tempfile.TemporaryDirectory() as folder:
            boards = collect(train(Path(folder)), arguments.episodes)
    report = {"machine": describe(), "boards": boards, "targets": targets(boards)}
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    print_rows(report["targets"])


def train(base: Path) -> list[Path]:
    """Run all commands, each in a process and with a compilation cache of its own."""
    folders = []
    for i, command in enumerate(COMMANDS):
        out, cache = base / f"run-{i}", base / f"cache-{i}"
        words = [sys.executable, "-m", "loqa_agents", *command.split(), "--out", str(out)]
        environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(cache)}
        subprocess.run(words, env=environment, check=True)
        folders.append(out)
    return folders


def collect(folders: Sequence[Path], episodes: int) -> dict[str, Any]:
    """Every seed's numbers, by board.

    Raises:
        SystemExit: if a folder is no run of the Coin Game that has ended, or a seed comes twice.
    """
    runs: dict[str, list[tuple[Path, dict[str, Any]]]] = {}
    for folder in folders:
        try:
            results = json.loads((folder / "results.json").read_text())
            size = json.loads((folder / "config.json").read_text())["game"]["size"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SystemExit(
                f"{folder} must be a run of the Coin Game that ended: {error}"
            ) from None
        height, width = size if isinstance(size, list) else (size, size)
        runs.setdefault(f"{height}x{width}", []).append((folder, results))
    return {board: measure(runs[board], episodes) for board in sorted(runs)}


def measure(runs: Sequence[tuple[Path, dict[str, Any]]], episodes: int) -> dict[str, Any]:
    """All seeds of one board: what their runs say, and all of them played afresh."""
    seeds = [seed for _, results in runs for seed in results["seeds"]]
    if len(set(seeds)) < len(seeds):
        raise SystemExit(
            f"each seed of a board must come once, so that none is picked; got {seeds}"
        )
    agents = [
        load_agent(folder / "agents" / f"{seed}.safetensors")
        for folder, results in runs
        for seed in results["seeds"]
    ]
    times: dict[str, dict[str, list[float | None]]] = {}
    for _, results in runs:
        for name, fell in results["thresholds"].items():
            for when, seconds in fell.items():
                times.setdefault(name, {}).setdefault(when, []).extend(seconds)
    kept = ("seeds", "algorithm", "updates", "env_steps", "wall_seconds", "compile_seconds")
    played = evaluate_agents(agents, episodes)
    return {
        "runs": [{name: results[name] for name in kept} for _, results in runs],
        "seeds": seeds,
        "episodes": episodes,
        "ceiling": ceiling(agents[0], episodes),
        "thresholds": times,
        **played,
        "cross_play_by_seed": by_seed(played["cross_play"], len(seeds)),
    }


def ceiling(agent: Agent, episodes: int) -> float:
    """Mean reward per step of unconditional cooperators among themselves."""
    players = tuple(make_player("always_cooperate", agent.game, seat) for seat in (0, 1))
    rewards = mean_rewards(key(0), agent.game, players, ((), ()), episodes)
    return round(float(rewards.mean()), 6)


def by_seed(cross_play: Sequence[float], seeds: int) -> list[float | None]:
    """What each seed gets with the others, on average; None for a seed without others."""
    met: list[list[float]] = [[] for _ in range(seeds)]
    for pair, reward in zip(combinations(range(seeds), 2), cross_play, strict=True):
        for seed in pair:
            met[seed].append(reward)
    return [round(mean(rewards), 6) if rewards else None for rewards in met]


def mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def targets(boards: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The targets of the Coin Game, measured, as far as there are runs for them."""
    rows: list[dict[str, Any]] = []
    if "3x3" in boards:
        rows += _small(boards["3x3"])
    for name, seconds in LARGER.items():
        if name in boards:
            board = boards[name]
            number = len(board["seeds"])
            what = f"{name}, {number} seed{'s' * (number > 1)}"
            first = slowest(board["thresholds"]["strong"]["first"])
            rows.append(
                at_most(f"{what}: first strong crossing, s", first, seconds, seconds / 2, 1)
            )
            share = 100 * mean(board["self_play"]) / board["ceiling"]
            what += ": self-play, % of always-cooperate's"
            rows.append(at_least(what, share, 70, 95))
    return rows


def _small(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    number, strong = len(board["seeds"]), board["thresholds"]["strong"]
    by_seed = measured(board)
    whole = sum(
        all(seed[name] is not None and seed[name] >= floor for name, floor in FLOORS.items())
        for seed in by_seed
    )
    held = sum(seconds is not None for seconds in strong["held"])
    rows = [
        at_most("3x3: first strong crossing, slowest seed, s", slowest(strong["first"]), 150, 60, 1)
    ]
    for name, what in WORDS.items():
        numbers = [seed[name] for seed in by_seed if seed[name] is not None]
        if numbers:  # a single seed plays with no other
            rows.append(at_least(f"3x3: {what}, mean", mean(numbers), FLOORS[name], AIMS[name]))
    for what, count in (("reach all four floors", whole), ("held strong", held)):
        # 8 and 10 of 10
        rows.append(at_least(f"3x3: seeds of {number} that {what}", count, 0.8 * number, number))
    return rows


def measured(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What `FLOORS` speak of, of each seed."""
    numbers = zip(
        board["self_play"],
        board["cross_play_by_seed"],
        board["versus"]["always_defect"]["agent"],
        board["versus"]["always_cooperate"]["opponent"],
        strict=True,
    )
    return [dict(zip(FLOORS, seed, strict=True)) for seed in numbers]


def slowest(seconds: Sequence[float | None]) -> float | None:
    """The last of the times; None if one never came."""
    known = [second for second in seconds if second is not None]
    return max(known) if len(known) == len(seconds) else None


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Shows the docstring as it is."""


if __name__ == "__main__":
    main()
