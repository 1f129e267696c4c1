"""Every algorithm on every game, by one protocol, in one table.

    python benchmarks/dilemmas.py
    python benchmarks/dilemmas.py ipd/loqa ipd/naive --budget quick --folder runs/dilemmas

Trains each row (game/algorithm) by one command over seeds 42 to 51, makes its scorecard, and plays
a league of all rows of a game that are done. All of it lies in ``--folder`` and goes on from there:
a row whose card is there is not trained again. Results of rows that are not asked for stay as they
are in ``benchmarks/results/dilemmas.json``, where ``--budget quick`` writes nothing.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from machine import describe

from loqa_agents import load_agent
from loqa_agents.reports.league import cell, number

RESULTS = Path(__file__).parent / "results" / "dilemmas.json"
SEEDS = "42-51"
QUICK = ["--seeds", "42-43", "--updates", "20", "--evaluate-every", "20"]
_EXACT = "--rival {0} --updates 100 --evaluate-every 100"
ROWS = {
    "ipd/loqa": "ipd",
    "ipd/loqa_n_step": "ipd --algorithm loqa_n_step",
    "ipd/advantage_alignment": "ipd-alignment",
    "ipd/naive": "ipd --algorithm naive",
    "ipd/prosocial": "ipd --algorithm prosocial",
    "ipd/ippo": "ipd --algorithm ippo",
    "ipd/lola_dice": "ipd --algorithm lola_dice --episode-length 150 --episodes 64 --updates 200",
    **{
        f"ipd/{name}": f"ipd --algorithm {name} {_EXACT.format(name)}"
        for name in ("naive_exact", "lookahead", "lola_exact", "sos", "cgd")
    },
    "coin/loqa": "coin",
    "coin/advantage_alignment": "coin --algorithm advantage_alignment",
    "coin/naive": "coin --algorithm naive",
    "coin/prosocial": "coin --algorithm prosocial",
    "public_goods/loqa": "public_goods",
    "public_goods/naive": "public_goods --algorithm naive",
    "public_goods/prosocial": "public_goods --algorithm prosocial",
    "public_goods/advantage_alignment": "public_goods --algorithm advantage_alignment",
}
"""What ``loqa train`` is told for each row, beside seeds and folder."""
SCRIPTED = ("always_cooperate", "always_defect", "tit_for_tat")
LINES = ("self_play", "cross_play", "always_cooperate", "always_defect", "best_response")


def loqa(*words: str) -> None:
    print("loqa", shlex.join(words), flush=True)
    subprocess.run([sys.executable, "-m", "loqa_agents", *words], check=True)


def train(row: str, folder: Path, quick: bool) -> None:
    """Train a row unless it is done, and make its card."""
    out, card = folder / row, folder / f"{row}.json"
    if card.exists():
        return
    words = [*ROWS[row].split(), "--seeds", SEEDS, *(QUICK if quick else [])]
    # A run that was cut goes on; one that is done is only read.
    loqa(
        "train",
        *words,
        "--out",
        str(out),
        *(["--resume"] if (out / "config.json").exists() else []),
    )
    loqa(
        "evaluate", str(out), "--out", str(card), *(["--response-updates", "20"] if quick else []),
        "--episodes", "64" if quick else "1024",
    )  # fmt: skip


def result(row: str, folder: Path) -> dict[str, Any]:
    """What is kept of a row."""
    card = json.loads((folder / f"{row}.json").read_text())
    run = json.loads((folder / row / "results.json").read_text())
    agent = load_agent(next((folder / row / "agents").glob("*.safetensors")))
    return {
        "command": f"loqa train {ROWS[row]} --seeds {SEEDS}",
        "knows": sorted(agent.learner.knows),
        "steps": run["env_steps"],
        "seconds": round(run["wall_seconds"], 1),
        "by_seed": {"self_play": run["self_play"]},
        "lines": card["lines"],
    }


def league(game: str, rows: list[str], folder: Path, quick: bool) -> dict[str, Any]:
    """Everyone's mean rewards against everyone, by team, over all seeds."""
    out = folder / game / "league"
    known = SCRIPTED if game == "ipd" else SCRIPTED[:2]
    # What was played is kept, and only pairs of new rows are played.
    loqa(
        "league", *(str(folder / row) for row in rows), *known,
        "--episodes", "16" if quick else "128", "--out", str(out),
        *(["--overwrite"] if out.exists() else []),
    )  # fmt: skip
    data = json.loads((out / "league.json").read_text())
    return {"teams": [Path(team).name for team in data["teams"]]} | {
        name: data["by_team"]["reward"][name] for name in ("mean", "low", "high")
    }


def table(game: str, report: dict[str, Any]) -> list[str]:
    """A game's rows as Markdown."""
    heads = ["algorithm", "knows", "self-play", "cross-play", "versus AC", "AC keeps",
             "versus AD", "exploitability", "steps", "seconds"]  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for name, row in report["rows"].items():
        if not name.startswith(f"{game}/"):
            continue
        by_name = {line["name"]: line for line in row["lines"]}
        alone = {n: by_name.get(n, by_name.get(f"{n} x1")) for n in LINES}
        met, defect, response = (alone[n] for n in LINES[2:])
        cells = [
            name.rpartition("/")[2], ", ".join(row["knows"]) or "nothing",
            *(cell(alone[n]["agent"]) if alone[n] else "" for n in LINES[:2]),
            cell(met["agent"]), cell(met["opponent"]), cell(defect["agent"]),
            cell(response["exploitability"]) if response else "",
            f"{row['steps']:,}", number(row["seconds"]),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--budget", choices=("full", "quick"), default="full")
    parser.add_argument("--folder", type=Path, default=Path("runs/dilemmas"))
    arguments = parser.parse_args()
    rows, folder = arguments.rows or list(ROWS), arguments.folder
    quick = arguments.budget == "quick"
    if unknown := set(rows) - ROWS.keys():
        parser.error(f"ROW must be one of {', '.join(ROWS)}; got {', '.join(sorted(unknown))}.")
    report: dict[str, Any] = {"rows": {}, "leagues": {}}
    if RESULTS.exists() and not quick:
        report = json.loads(RESULTS.read_text())
    report["machine"] = describe()
    started = time.perf_counter()
    for game in dict.fromkeys(row.partition("/")[0] for row in rows):
        for row in rows:
            if row.startswith(f"{game}/"):
                train(row, folder, quick)
                report["rows"][row] = result(row, folder)
        done = [
            row for row in ROWS if row.startswith(f"{game}/") and (folder / f"{row}.json").exists()
        ]
        report["leagues"][game] = league(game, done, folder, quick)
        print(*table(game, report), sep="\n")
    print(f"{time.perf_counter() - started:.0f} s")
    report["rows"] = {row: report["rows"][row] for row in ROWS if row in report["rows"]}
    if not quick:
        RESULTS.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
