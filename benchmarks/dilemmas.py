"""Every algorithm in every game of the suite dilemmas-v1, by one protocol, in one table.

    python benchmarks/dilemmas.py
    python benchmarks/dilemmas.py ipd/loqa ipd/naive --budget quick --folder runs/dilemmas

Trains each row (game/algorithm) by one command over seeds 42 to 51, makes its scorecard, and plays
a league of all rows of a game that are done. All of it lies in ``--folder`` and goes on from there:
a row whose card is there is not trained again, unless its command has changed, which is refused.
Rows that are not asked for stay as they are in ``loqa_agents/suite/dilemmas-v1.json``, which comes
with the package, as do, with ``--ship``, the agents of rows; ``docs/dilemmas-v1.md`` shows them.
``--budget quick`` has a folder of its own and writes none of it.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from machine import describe

import loqa_agents
from loqa_agents import load_agent
from loqa_agents.league.entrants import Entrant, as_shown, seat
from loqa_agents.reports.suite import markdown, page
from loqa_agents.scorecard.answers import exact_responses
from loqa_agents.suite.newcomer import FULL, QUICK, Effort
from loqa_agents.suite.suites import SUITES, rows_of, stored
from loqa_agents.training.presets import PRESETS as TRAINED

PACKAGE = Path(loqa_agents.__file__).parent
SUITE = "dilemmas-v1"
PRESETS = {task.name: task.preset for task in SUITES[SUITE]}
RESULTS = PACKAGE / "suite" / f"{SUITE}.json"
COIN_GAME = Path(__file__).parent / "results" / "coin_game.json"
PAGE = Path(__file__).parents[1] / "docs" / f"{SUITE}.md"
SHIPPED = PACKAGE / "shipped"
EXACT = ("naive_exact", "lookahead", "lola_exact", "sos", "cgd")
_EXACT = "--algorithm {0} --rival {0} --updates 100 --evaluate-every 100"
_SAMPLED = ("loqa", "naive", "prosocial", "advantage_alignment", "ippo")
ROWS = {
    "ipd/loqa": "ipd",
    "ipd/loqa_n_step": "ipd --algorithm loqa_n_step",
    "ipd/advantage_alignment": "ipd-alignment",
    "ipd/naive": "ipd --algorithm naive",
    "ipd/naive_mixed_pool": "ipd-mixed-pool",
    "ipd/prosocial": "ipd --algorithm prosocial",
    "ipd/ippo": "ipd --algorithm ippo",
    "ipd/lola_dice": "ipd --algorithm lola_dice --episode-length 150 --episodes 64 --updates 200",
    "ipd/lola_dice_om": "ipd --algorithm lola_dice_om --episode-length 150 --episodes 64 "
    "--updates 200",
    # The steps of the contribution game, of which the payoffs here are three times those.
    "ipd/pola": "ipd --algorithm pola --rival pola --learning-rate 0.1 --opponent-rate 1.667 "
    "--penalty 0.3 --updates 100 --evaluate-every 100",
    "ipd/pola_dice": "ipd --algorithm pola_dice --updates 80",
    **{f"ipd/{name}": f"ipd {_EXACT.format(name)}" for name in EXACT},
    "ipd/shaper": "ipd --algorithm shaper --actor.memory 8 --episode-length 20 --episodes 4 "
    "--updates 200 --evaluate-every 50",
    "ipd/mfos": "ipd --algorithm mfos --updates 500 --evaluate-every 100",
    **{
        f"{game}/{name}": f"{game} --algorithm {name}"
        for game in ("stag_hunt", "public_goods")
        for name in _SAMPLED
    },
    "negotiation/advantage_alignment": "negotiation --algorithm advantage_alignment",
    **{
        f"negotiation/{name}": f"negotiation --algorithm {name} --updates 150"
        for name in ("loqa", "naive", "prosocial", "ippo")
    },
    "coin3x3/loqa": "coin",
    "coin3x3/advantage_alignment": "coin --algorithm advantage_alignment --updates 400 "
    "--anneal 300",
    "coin3x3/naive": "coin --algorithm naive --updates 300",
    "coin3x3/prosocial": "coin --algorithm prosocial --updates 150",
    "coin3x3/ippo": "coin --algorithm ippo --actor.memory 32 --critic.memory 32 "
    "--learning-rate 0.001 --updates 200",
}
"""What ``loqa train`` is told for each row, beside seeds and folder."""
ROW_BYTES = 100_000
"""How large the shipped agents of a row may be in all; the first one is shipped in any case."""
KEPT = ("coin3x3/loqa",)
"""Rows of agents that ``benchmarks/coin_game.py`` trained, a seed at a time by the same command.
Other figures are of them, too, so they are neither trained again nor replaced in the package."""
SCRIPTED = ("always_cooperate", "always_defect", "tit_for_tat")


def loqa(*words: str) -> None:
    print("loqa", shlex.join(words), flush=True)
    subprocess.run([sys.executable, "-m", "loqa_agents", *words], check=True)


def seeds_of(effort: Effort) -> str:
    return f"{effort.seeds[0]}-{effort.seeds[-1]}"


def train(row: str, folder: Path, effort: Effort) -> None:
    """Train a row unless it is done, and make its card.

    Raises:
        ValueError: if another command was begun in its folder.
    """
    out, card, said = folder / row, folder / f"{row}.json", folder / f"{row}.command"
    words = [*ROWS[row].split(), "--seeds", seeds_of(effort)]
    if effort.updates is not None:
        words += ["--updates", str(effort.updates), "--evaluate-every", str(effort.updates)]
    command = shlex.join(["loqa", "train", *words])
    out.parent.mkdir(parents=True, exist_ok=True)
    if said.exists() and said.read_text() != command:
        raise ValueError(f"{out} must be of {command}, and is of {said.read_text()}.")
    said.write_text(command)
    if card.exists():
        return
    if row in KEPT and effort == FULL:
        take(row, out)
    else:  # a run that was cut goes on; one that is done is only read
        goes_on = ["--resume"] if (out / "config.json").exists() else []
        loqa("train", *words, "--out", str(out), *goes_on)
    game, budget = row.partition("/")[0], effort.response
    if budget is None or not needs_training(PRESETS[game], out):
        response = ["--response-updates", "0"]
    else:
        response = ["--response-updates", str(budget.updates), "--restarts", str(budget.restarts)]
    # In the suite's game, however long an episode was trained with.
    loqa(
        "evaluate", str(out), "--game", PRESETS[game], "--out", str(card),
        "--episodes", str(effort.episodes), *response,
    )  # fmt: skip


def take(row: str, out: Path) -> None:
    """The agents that are shipped, and of their training what `result` asks for."""
    shutil.copytree(SHIPPED / row, out / "agents", dirs_exist_ok=True)
    runs = json.loads(COIN_GAME.read_text())["boards"]["3x3"]
    summary = {
        "env_steps": runs["runs"][0]["env_steps"],
        "wall_seconds": sum(run["wall_seconds"] for run in runs["runs"]),
        "self_play": runs["self_play"],
    }
    (out / "results.json").write_text(json.dumps(summary))


def needs_training(preset: str, out: Path) -> bool:
    """Whether the exact best response to the agents of a run is not known."""
    game, file = as_shown(TRAINED[preset].game), next((out / "agents").glob("*.safetensors"))
    return exact_responses(game, [seat(Entrant(file.stem, load_agent(file)), game)]) is None


def result(row: str, folder: Path, effort: Effort) -> dict[str, Any]:
    """What is kept of a row."""
    card = json.loads((folder / f"{row}.json").read_text())
    run = json.loads((folder / row / "results.json").read_text())
    agent = load_agent(next((folder / row / "agents").glob("*.safetensors")))
    return {
        "command": f"loqa train {ROWS[row]} --seeds {seeds_of(effort)}",
        "knows": sorted(agent.learner.knows),
        "steps": run["env_steps"],
        "seconds": round(run["wall_seconds"], 1),
        "self_play_by_seed": run["self_play"],
        "lines": card["lines"],
    }


def league(game: str, rows: list[str], folder: Path, effort: Effort) -> dict[str, Any]:
    """Everyone's mean rewards against everyone, by team, over all seeds."""
    out = folder / game / "league"
    known = SCRIPTED if game == "ipd" else SCRIPTED[:2]
    loqa(
        "league", *(str(folder / row) for row in rows), *known, "--game", PRESETS[game],
        "--episodes", str(effort.meetings), "--out", str(out),
        *(["--overwrite"] if out.exists() else []),
    )  # fmt: skip
    data = json.loads((out / "league.json").read_text())
    return {"teams": [Path(team).name for team in data["teams"]]} | {
        name: data["by_team"]["reward"][name] for name in ("mean", "low", "high")
    }


def ship(row: str, folder: Path) -> None:
    """Put the agents of a row into the package."""
    out = SHIPPED / row
    shutil.rmtree(out, ignore_errors=True)  # agents of one folder are of one training
    out.mkdir(parents=True)
    size = 0
    for file in sorted((folder / row / "agents").glob("*.safetensors")):
        size += file.stat().st_size
        if size <= ROW_BYTES or not any(out.iterdir()):
            shutil.copy(file, out / file.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--budget", choices=("full", "quick"), default="full")
    parser.add_argument("--folder", type=Path, help="runs/dilemmas, or runs/dilemmas-quick")
    parser.add_argument("--ship", action="store_true", help="put agents into the package")
    arguments = parser.parse_args()
    quick = arguments.budget == "quick"
    effort = QUICK if quick else FULL
    rows = arguments.rows or list(ROWS)
    folder = arguments.folder or Path("runs/dilemmas-quick" if quick else "runs/dilemmas")
    if unknown := set(rows) - ROWS.keys():
        parser.error(f"ROW must be one of {', '.join(ROWS)}; got {', '.join(sorted(unknown))}.")
    report: dict[str, Any] = {"rows": {}, "leagues": {}} if quick else stored(SUITE)
    report["machine"] = describe()
    started = time.perf_counter()
    for game in dict.fromkeys(row.partition("/")[0] for row in rows):
        for row in rows:
            if row.startswith(f"{game}/"):
                train(row, folder, effort)
                if arguments.ship and not quick and row not in KEPT:
                    ship(row, folder)
        done = [
            row for row in ROWS if row.startswith(f"{game}/") and (folder / f"{row}.json").exists()
        ]
        report["rows"] |= {row: result(row, folder, effort) for row in done}
        report["leagues"][game] = league(game, done, folder, effort)
        report["rows"] = {row: report["rows"][row] for row in ROWS if row in report["rows"]}
        print(markdown(rows_of(game, report["rows"]).items()))
        if not quick:
            RESULTS.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
            PAGE.write_text(page(SUITE, report))
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
