"""Where agents trained by LOQA stand among the strategies of the library Axelrod.

    python benchmarks/axelrod_league.py [FOLDER]

Plays the prisoner's dilemma of 50 steps, without noise and where each action is flipped with
probability 0.05, seen by both: the agents of the run in FOLDER, or else ten that are trained first
(``loqa train ipd --seeds 42-51``), among 63 strategies: those that Axelrod calls basic, of both
of Axelrod's tournaments, and winners of later ones. All 224 of ``axelrod:all`` would take an hour.
An agent's rank is that among these strategies and itself alone, by mean reward per step against all
others. Writes ``benchmarks/results/axelrod.json``. Takes less than ten minutes on one core.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe

from loqa_agents.cli.resolve import find_entrants
from loqa_agents.league import Entrant, play_league
from loqa_envs import IPD, keys

RESULTS = Path(__file__).parent / "results" / "axelrod.json"
SEEDS = "42-51"
NOISES = (0.0, 0.05)
EPISODES = 2
LATER = (
    "EvolvedLookerUp2_2_2", "EvolvedHMM5", "EvolvedFSM16", "EvolvedFSM16Noise05", "EvolvedANN5",
    "PSOGambler2_2_2", "OmegaTFT", "DoubleCrosser", "Gradual", "Gradual Killer", "GTFT",
    "Contrite Tit For Tat", "ZDExtort2", "ZDGTFT2", "SpitefulTitForTat", "Stalker", "CAPRI",
)  # fmt: skip
"""Of the strategies since 1984: those evolved by machine learning, and much-cited ones."""
SLOW = ("FirstByTidemanAndChieruzzi", "FirstBySteinAndRapoport")
"""Left out: Axelrod takes 20 ms to clone each of them for an episode."""


@dataclass(frozen=True)
class NoisyIPD(IPD):
    """The dilemma where actions are flipped with probability ``noise``, as in Axelrod's matches."""

    noise: float = 0.0
    noise_size = 2

    def transition(self, state, actions, noise):  # type: ignore[no-untyped-def]
        slips = noise < np.float32(self.noise)
        return super().transition(state, (actions + slips) % 2, noise)

    def adapt(self, policy, own, seat):  # type: ignore[no-untyped-def]
        return policy  # agents of the dilemma without noise play it, too


def strategies() -> list[Entrant]:
    """The strategies that are met, each once."""
    import axelrod

    first = [kind.__name__ for kind in axelrod.axelrod_first_strategies]
    second = [kind.__name__ for kind in axelrod.strategies if kind.__name__.startswith("SecondBy")]
    chosen = [name for name in (*first, *second, *LATER) if name not in SLOW]
    found = find_entrants(["axelrod:basic"])
    for name in chosen:
        found += find_entrants([f"axelrod:{name}"])
    return list({entrant.name: entrant for entrant in found}.values())


def standings(agents: list[Entrant], others: list[Entrant], noise: float) -> dict[str, Any]:
    """Ranks and mean rewards, where each agent in turn joins the others."""
    started = time.perf_counter()
    league = play_league(
        keys.key(0), NoisyIPD(noise=noise), [*agents, *others], EPISODES,
        progress=lambda done, pairs: print(f"\rnoise {noise}: {done}/{pairs}", end=" "),
    )  # fmt: skip
    rewards = league.rewards.mean(-1, dtype=float)
    n = len(agents)
    among = rewards[n:, n:]
    without_self = among.sum(1) - np.diag(among)
    ranks, own = [], []
    tables = np.zeros((n, len(others)))
    for i in range(n):
        own.append(rewards[i, n:].mean())
        tables[i] = (without_self + rewards[n:, i]) / len(others)
        ranks.append(1 + int((tables[i] > own[i]).sum()))
    means = tables.mean(0)
    agent = float(np.mean(own))
    table = sorted(
        [(agent, "loqa (mean of seeds)")]
        + [(float(mean), other.name) for mean, other in zip(means, others, strict=True)],
        reverse=True,
    )
    return {
        "noise": noise,
        "rank_per_seed": ranks,
        "reward_per_seed": [round(float(value), 4) for value in own],
        "reward_mean": round(agent, 4),
        "rank_of_mean": 1 + [name for _, name in table].index("loqa (mean of seeds)"),
        "of": len(others) + 1,
        "self_play": round(float(np.diag(rewards)[:n].mean()), 4),
        "table": [{"name": name, "reward": round(mean, 4)} for mean, name in table],
        "top_ten": [name for _, name in table[:10]],
        "seconds": round(time.perf_counter() - started, 1),
    }


def main() -> None:
    machine = describe()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "ipd"
        if len(sys.argv) == 1:
            command = [sys.executable, "-m", "loqa_agents", "train", "ipd", "--seeds", SEEDS]
            subprocess.run([*command, "--out", str(run)], check=True)
        agents = find_entrants([str(run)])
    others = strategies()
    report = {
        "machine": machine,
        "episodes_per_pair": EPISODES,
        "steps": IPD().episode_length,
        "strategies": [other.name for other in others],
        "leagues": [standings(agents, others, noise) for noise in NOISES],
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    for league in report["leagues"]:
        print(
            f"\nnoise {league['noise']}: rank {league['rank_of_mean']} of {league['of']} "
            f"({min(league['rank_per_seed'])} to {max(league['rank_per_seed'])} by seed), "
            f"{league['reward_mean']} per step; first: {', '.join(league['top_ten'])}"
        )


if __name__ == "__main__":
    main()
