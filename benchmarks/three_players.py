"""Does LOQA learn reciprocity in the Coin Game of three, and what do defectors do to it?

    python benchmarks/three_players.py
    python benchmarks/three_players.py --runs runs/42 runs/43 ...

The first trains the seeds 42 to 51 by the README's command, each in a fresh process, which takes
hours; the second collects runs that have ended. Every agent is then played afresh, in the first
seat, with copies of itself and with scripted players, and the mean reward per step of each seat is
written to ``benchmarks/results/three_players.json``, by seed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe

from loqa_agents import Agent, load_agent, mean_rewards
from loqa_envs import Game, Policy, make_player
from loqa_envs.keys import key

RESULTS = Path(__file__).parent / "results" / "three_players.json"
COMMAND = (
    "train coin --num-players 3 --scripted always_defect tit_for_tat always_defect+always_defect "
    "--updates 400 --anneal 300 --devices 1"
)
COMPANY = {
    "three agents": ("agent", "agent"),
    "two agents, one always-defect": ("agent", "always_defect"),
    "one agent, two always-defect": ("always_defect", "always_defect"),
    "one agent, two always-cooperate": ("always_cooperate", "always_cooperate"),
}
"""Who sits in the second and in the third seat beside an agent."""

SCRIPTED = ("always_cooperate", "always_defect")
"""Who also plays among themselves, for comparison."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Train and play agents in a Coin Game of three.")
    parser.add_argument("--runs", type=Path, nargs="+", help="folders of runs that have ended")
    parser.add_argument("--episodes", type=int, default=1024, help="episodes of each company")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file for the numbers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = collect(arguments.runs or train(Path(folder)), arguments.episodes)
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    for row in report["targets"]:
        print(f"{row['what']:60s} {row['measured']}")


def train(base: Path) -> list[Path]:
    folders = [base / str(seed) for seed in range(42, 52)]
    for folder in folders:
        words = [*COMMAND.split(), "--seeds", folder.name, "--out", str(folder)]
        subprocess.run([sys.executable, "-m", "loqa_agents", *words], check=True)
    return folders


def collect(folders: Sequence[Path], episodes: int) -> dict[str, Any]:
    """What every seed's agent gets and leaves to others, and what cooperators get."""
    files = [file for folder in folders for file in folder.glob("agents/*.safetensors")]
    agents = sorted(map(load_agent, files), key=lambda agent: agent.seed)
    seeds = [agent.seed for agent in agents]
    if len(set(seeds)) < len(seeds):
        raise SystemExit(f"each seed must come once, so that none is picked; got {seeds}")
    found = {
        name: [play(agent, who, episodes) for agent in agents] for name, who in COMPANY.items()
    }
    among = {name: among_themselves(name, agents[0].game, episodes) for name in SCRIPTED}
    return {
        "machine": describe(), "command": f"loqa {COMMAND}", "seeds": seeds, "episodes": episodes,
        "among_themselves": among, "rewards": found, "targets": rows(found, among),
    }  # fmt: skip


def play(agent: Agent, others: Sequence[str], episodes: int) -> list[float]:
    """Mean reward per step of each seat."""
    policies: list[Policy] = [agent.policy]
    for seat, other in enumerate(others, 1):
        mine = other == "agent"
        policies.append(agent.policy if mine else make_player(other, agent.game, seat))
    params = [agent.params, *[agent.params if other == "agent" else () for other in others]]
    rewards = mean_rewards(key(0), agent.game, policies, params, episodes)
    return [round(float(reward), 4) for reward in rewards]


def among_themselves(name: str, game: Game, episodes: int) -> float:
    """Mean reward per step of three scripted players of one name."""
    players = [make_player(name, game, seat) for seat in range(3)]
    return round(float(mean_rewards(key(0), game, players, ((),) * 3, episodes).mean()), 4)


def rows(found: dict[str, list[list[float]]], among: dict[str, float]) -> list[dict[str, Any]]:
    """The README's table: means over seeds, with the lowest and the highest seed."""
    seats = {name: np.array(rewards) for name, rewards in found.items()}
    best = among["always_cooperate"]
    kinds = {
        "three agents: % of what three always-cooperate get": 100
        * seats["three agents"].mean(1)
        / best,
        "three always-defect: % of the same": np.array([100 * among["always_defect"] / best]),
    }
    for name, (second, third) in COMPANY.items():
        agents = [0] + [seat for seat, who in ((1, second), (2, third)) if who == "agent"]
        others = [seat for seat in (1, 2) if seat not in agents]
        kinds[f"{name}: each agent"] = seats[name][:, agents].mean(1)
        if others:
            kinds[f"{name}: each of the others"] = seats[name][:, others].mean(1)
    return [{"what": what, "target": "-", "measured": spread(each)} for what, each in kinds.items()]


def spread(by_seed: np.ndarray) -> str:
    if len(by_seed) == 1:
        return f"{by_seed[0]:.3g}"
    low, mean, high = (f"{value:.3g}" for value in (by_seed.min(), by_seed.mean(), by_seed.max()))
    return f"{mean} ({low} to {high})"


if __name__ == "__main__":
    main()
