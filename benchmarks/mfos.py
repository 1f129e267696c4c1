"""Does M-FOS extort a naive learner of the prisoner's dilemma?

    python benchmarks/mfos.py [FOLDER]

Default settings, 500 updates, seeds 42 to 51, all in one program. Numbers are means per step of the
game over all meta-steps and meta-episodes of the last update. In FOLDER a run that was stopped goes
on. Every seed is written to ``benchmarks/results/mfos.json``.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from machine import describe
from targets import at_least, at_most, print_rows

from loqa_agents import Training, run
from loqa_agents.algorithms.gradient_play.mfos import MFOS
from loqa_envs import IPD

RESULTS = Path(__file__).parent / "results" / "mfos.json"
SEEDS = range(42, 52)
TRAINING = Training(updates=500, evaluate_every=50)


def measure(folder: Path) -> dict[str, Any]:
    results = run(IPD(), MFOS(), TRAINING, SEEDS, folder, devices=1)
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {
        "shaper": records[-1]["shaper"],
        "learner": records[-1]["learner"],
        "by_update": {
            record["update"]: [record["shaper"], record["learner"]] for record in records[1:]
        },
        **{name: results[name] for name in ("cooperation", "self_play", "wall_seconds")},
    }


def main() -> None:
    if len(sys.argv) > 1:
        row = measure(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            row = measure(Path(folder))
    shapers, learners = row["shaper"], row["learner"]
    targets = [
        at_least("M-FOS, what the shaper gets, lowest seed", min(shapers), -0.65, -0.57),
        at_most("M-FOS, what the naive learner keeps, highest seed", max(learners), -1.9, -2.02),
        at_most("M-FOS, seconds per seed", row["wall_seconds"] / len(SEEDS), 240, 120, 0),
    ]
    report = {"machine": describe(), "row": row, "targets": targets}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    print_rows(targets)


if __name__ == "__main__":
    main()
