"""Does exact POLA find tit for tat where the contribution game is hard for LOLA?

    python benchmarks/pola.py

Two separate learners of the contribution game (a unit grows by 1.33 and is shared), discount 0.96,
from log-odds with a standard deviation of 0.1, seeds 42 to 51; POLA with default settings, and LOLA
that takes and expects steps of the same lengths, 0.3 and 5. Tit for tat is found
where the mean return of both is above 0.8 of mutual cooperation and neither cooperates with
probability 0.65 or more after CD or DD. Every seed is written to ``benchmarks/results/pola.json``.
"""

import json
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from machine import describe

from loqa_agents import Trainer, Training
from loqa_agents.algorithms.algorithm import algorithms
from loqa_envs import IPD
from loqa_envs.matrix_games.outcomes import endless_values

RESULTS = Path(__file__).parent / "results" / "pola.json"
SEEDS = range(42, 52)
UPDATES = {"pola": 100, "lola_exact": 2000}
SETTINGS = {
    "pola": {},
    "lola_exact": {"deviation": 0.1, "learning_rate": 0.3, "opponent_rate": 5.0},
}
SHARE, FORGIVES = 0.8, 0.65


def measure(name: str) -> dict[str, Any]:
    """Of each seed: return per step of both, and their probabilities of cooperating."""
    game, learner, updates = IPD("pola"), algorithms()[name](**SETTINGS[name]), UPDATES[name]
    started = time.perf_counter()
    trainer = Trainer(game, learner, Training(rival=name, updates=updates), SEEDS)
    state, _ = trainer.advance(trainer.init(), 0, updates)
    cooperation = np.asarray(jax.nn.sigmoid(np.stack(state.learners, 1)))  # [seeds, 2, 5]
    values = [endless_values(game.outcomes, both, learner.discount) for both in cooperation]
    returns = (1 - learner.discount) * np.array(values)
    mutual = float(game.payoff_table[0, 0])
    found = (returns.mean(1) > SHARE * mutual) & (cooperation[..., [2, 4]] < FORGIVES).all((1, 2))
    return {
        "updates": updates,
        "seconds": round(time.perf_counter() - started, 1),
        "returns": np.round(returns, 4).tolist(),
        "cooperation": np.round(cooperation, 3).tolist(),
        "found": found.tolist(),
    }


def main() -> None:
    rows = {name: measure(name) for name in UPDATES}
    number = sum(rows["pola"]["found"])
    target = {
        "what": "exact POLA finds tit for tat, seeds of 10",
        "target": "≥ 8", "measured": number, "holds": number >= 8,
    }  # fmt: skip
    report = {"machine": describe(), "rows": rows, "targets": [target]}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    for name, row in rows.items():
        print(name, row["updates"], "updates,", row["seconds"], "s, found:", sum(row["found"]))
        print(
            np.mean(row["returns"], axis=1).round(3), np.mean(row["cooperation"], (0, 1)).round(2)
        )


if __name__ == "__main__":
    main()
