"""Exact learners of the prisoner's dilemma beside reference values of the authors' rules.

    python benchmarks/exact_baselines.py

Two separate learners with the exact gradients of an endless game, discount 0.96, from log-odds of
N(0, 1), 100 steps of length 1 that look ahead by 1. Reference values are those of an independent
program by the same rules, of 50 other seeds. A return is the mean of both players, in reward per
step; the share is that of seeds whose return is above -1.2. A seed cooperates or does not, so the
mean of 50 has a standard error of .014 to .036: beside seeds 0 to 49, which are as many as the
reference has, seeds 0 to 999 show what the rules come to, and whether the reference is a likely
draw of 50. Every seed of every row is written to ``benchmarks/results/exact_baselines.json``. Takes
five minutes.
"""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
from machine import describe

from loqa_agents import Trainer, Training
from loqa_agents.algorithms.algorithm import algorithms
from loqa_envs import IPD
from loqa_envs.matrix_games.outcomes import endless_values

RESULTS = Path(__file__).parent / "results" / "exact_baselines.json"
SEEDS, FEW, UPDATES, COOPERATES = range(1000), 50, 100, -1.2
REFERENCE = {
    "naive_exact": (-1.979, 0.02),
    "lookahead": (-1.920, 0.08),
    "lola_exact shaping": (-1.083, 0.84),
    "lola_exact full": (-1.090, 0.86),
    "lola_exact step": (-1.119, 0.84),
    "sos": (-1.095, 0.86),
    "cgd": (-1.973, 0.02),
}
"""Return and share above -1.2."""
NEAR_RETURN, NEAR_SHARE = 0.03, 0.1


def measure(row: str) -> dict[str, Any]:
    """The return of each seed, and what players do in each situation, mean over seeds and both."""
    name, *form = row.split()
    learner = algorithms()[name](**({"form": form[0]} if form else {}))
    trainer = Trainer(IPD(), learner, Training(rival=name, updates=UPDATES), SEEDS)
    state, _ = trainer.advance(trainer.init(), 0, UPDATES)
    cooperation = jax.nn.sigmoid(np.stack(state.learners, 1))  # [seeds, 2, 5]
    discount = learner.discount
    values = jax.vmap(lambda both: endless_values(IPD().outcomes, both, discount))(cooperation)
    return {
        "returns": [round(float(each), 4) for each in (1 - discount) * values.mean(1)],
        "cooperation": [round(float(each), 3) for each in cooperation.mean((0, 1))],
    }


def targets(rows: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def row(what: str, measured: float, reference: float, near: float) -> None:
        holds = abs(measured - reference) <= near + 1e-9
        found.append(
            {"what": what, "target": f"{reference:g} ± {near:.3g}",
             "measured": round(measured, 3), "holds": holds}
        )  # fmt: skip

    for name, (value, share) in REFERENCE.items():
        every = np.array(rows[name]["returns"])
        few = every[:FEW]
        row(f"{name}, return of {FEW} seeds", float(few.mean()), value, NEAR_RETURN)
        likely = 2 * float(every.std(ddof=1)) / FEW**0.5
        row(f"{name}, return of {len(every)} seeds", float(every.mean()), value, likely)
        cooperates = float((every > COOPERATES).mean())
        row(f"{name}, share of {len(every)} seeds", cooperates, share, NEAR_SHARE)
    return found


def main() -> None:
    rows = {name: measure(name) for name in REFERENCE}
    report = {"machine": describe(), "rows": rows, "targets": targets(rows)}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    for row in report["targets"]:
        print(f"{row['what']:40s} {row['target']:>14s} {row['measured']:>8.3f}  {row['holds']}")


if __name__ == "__main__":
    main()
