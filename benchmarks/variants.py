"""Variants of the Coin Game's recipe, seed by seed, a process on each core.

    python benchmarks/variants.py VARIANT ... [--seeds 42-44] [--cores 2] [--folder runs/variants]
    python benchmarks/variants.py VARIANT ... --strangers FOLDER ...

A variant is a name of `VARIANTS`: words that are added to ``loqa train coin``. Every run lies in
``--folder``, as VARIANT/SEED with its numbers in VARIANT/SEED.json, and goes on where it was cut;
one whose numbers are there is not repeated. ``--strangers`` names agents that nothing was trained
against, such as folders of published ones. Each look at them is one that a choice may rest on: a
line of the lab book, with what was expected before.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from loqa_agents.common.seeds import parse_seeds

VARIANTS = {
    "default": "",
    "no-scripts": "--scripted",
    "two-dawdlers": "--scripted always_defect dawdler:0.3,1 dawdler:0.6,2",
    "three-dawdlers": "--scripted always_defect dawdler:0.3,1 dawdler:0.6,2 dawdler:0.9,3",
    "dawdlers-and-tft": "--scripted always_defect tit_for_tat dawdler:0.3,1 dawdler:0.6,2",
}
EPISODES = 512
"""Of each pair."""


def loqa(words: Iterable[str], log: Path) -> None:
    """A command in a process of its own, what it says in a file.

    Raises:
        RuntimeError: unless it ends well; the message has its last lines.
    """
    with log.open("a") as file:
        command = [sys.executable, "-m", "loqa_agents", *words]
        code = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT).returncode
    if code:
        last = "\n".join(log.read_text().splitlines()[-3:])
        raise RuntimeError(f"{' '.join(words)}\nended with {code}:\n{last}")


def measure(variant: str, seed: int, folder: Path) -> dict[str, Any]:
    """Train one seed unless that is done, and what it gets of itself and of scripted players.

    Raises:
        ValueError: if the variant has changed since.
    """
    out = folder / variant / str(seed)
    result, card = out.with_suffix(".json"), out.with_suffix(".card.json")
    if not result.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        goes_on = ["--resume"] if (out / "config.json").exists() else []
        words = ["coin", *VARIANTS[variant].split(), "--seeds", str(seed), "--devices", "1"]
        loqa(["train", *words, "--out", str(out), *goes_on], out.with_suffix(".log"))
        card.unlink(missing_ok=True)
        loqa(
            ["evaluate", str(out), "--response-updates", "0", "--episodes", str(EPISODES),
             "--devices", "1", "--out", str(card)],
            out.with_suffix(".log"),
        )  # fmt: skip
        lines = {line["name"]: line for line in json.loads(card.read_text())["lines"]}
        run = json.loads((out / "results.json").read_text())
        numbers = {
            "self_play": lines["self_play"]["agent"]["mean"],
            "always_defect": lines["always_defect"]["agent"]["mean"],
            "cooperator_keeps": lines["always_cooperate"]["opponent"]["mean"],
            "seconds": run["wall_seconds"],
        }
        result.write_text(json.dumps({"words": VARIANTS[variant]} | numbers, indent=1) + "\n")
    found: dict[str, Any] = json.loads(result.read_text())
    if found["words"] != VARIANTS[variant]:
        raise ValueError(
            f"{result} must be of {VARIANTS[variant]!r}, as {variant} is; it is of "
            f"{found['words']!r}."
        )
    return found


def strangers(variant: str, seeds: Iterable[int], folder: Path, others: list[str]) -> None:
    """Print the welfare of all seeds with each of the others, and keep the league."""
    out = folder / variant / "strangers"
    agents = [str(folder / variant / str(seed)) for seed in seeds]
    again = ["--overwrite"] if out.exists() else []
    loqa(
        ["league", *agents, *others, "--episodes", str(EPISODES), "--out", str(out), *again],
        folder / variant / "strangers.log",
    )
    data = json.loads((out / "league.json").read_text())
    welfare, number = np.array(data["by_team"]["welfare"]["mean"], float), len(agents)

    for place, team in enumerate(data["teams"][number:], number):
        print(team, np.round(welfare[:number, place], 3), round(welfare[:number, place].mean(), 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="+", choices=VARIANTS, metavar="VARIANT")
    parser.add_argument("--seeds", default="42-44")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("runs/variants"))
    parser.add_argument("--strangers", nargs="+", default=[], metavar="FOLDER")
    arguments = parser.parse_args()
    seeds, folder = parse_seeds(arguments.seeds), arguments.folder
    runs = [(variant, seed) for seed in seeds for variant in arguments.variants]
    with ThreadPoolExecutor(arguments.cores) as pool:
        found = list(pool.map(lambda run: measure(*run, folder), runs))
    for (variant, seed), numbers in sorted(zip(runs, found, strict=True), key=lambda pair: pair[0]):
        shown = (f"{name} {numbers[name]:.3f}" for name in numbers if name != "words")
        print(variant, seed, *shown)
    for variant in arguments.variants if arguments.strangers else ():
        strangers(variant, seeds, folder, arguments.strangers)


if __name__ == "__main__":
    main()
