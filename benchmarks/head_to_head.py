"""The scorecard of the agents that come with loqa, and a league of them with published agents.

    python benchmarks/head_to_head.py FOLDER

Runs the README's commands, ``loqa evaluate coin3x3/loqa`` and ``loqa league``, with the published
agents that lie in FOLDER. Writes ``benchmarks/results/scorecard.json``,
``benchmarks/results/published_league.json`` and ``docs/league.png``, and prints the README's
tables; without a FOLDER only these, from the results that are there. Takes minutes.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from loqa_agents.reports.league import cell, number
from loqa_agents.reports.pictures import title

ROOT = Path(__file__).parent.parent
CARD = ROOT / "benchmarks" / "results" / "scorecard.json"
LEAGUE = ROOT / "benchmarks" / "results" / "published_league.json"
HEAT_MAP = ROOT / "docs" / "league.png"
PUBLISHED = ("loqa", "advantage_alignment", "pola", "mfos_3x3")
SCRIPTED = ("always_cooperate", "always_defect", "tit_for_tat", "k_strikes", "random")


def loqa(where: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "loqa_agents", *words], cwd=where, check=True)


def play(published: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        loqa(out, "evaluate", "coin3x3/loqa", "--out", str(out / "card.json"))
        shutil.copy(out / "card.json", CARD)
        # From beside the folder, so that teams are called as they are in the README.
        words = [f"{published.name}/{name}" for name in PUBLISHED]
        loqa(
            published.parent, "league", "coin3x3/loqa", *words, *SCRIPTED,
            "--out", str(out / "league"),
        )  # fmt: skip
        shutil.copy(out / "league" / "league.json", LEAGUE)
        shutil.copy(out / "league" / "heat_map.png", HEAT_MAP)


def card_rows(card: dict[str, Any]) -> list[list[str]]:
    rows = [["against", "agent", "opponent"]]
    for line in card["lines"]:
        cells = ("" if line[who] is None else cell(line[who]) for who in ("agent", "opponent"))
        rows.append([title(line), *cells])
    return rows


def league_rows(league: dict[str, Any]) -> list[list[str]]:
    rows = [["", *(str(i + 1) for i in range(len(league["teams"])))]]
    for team, means in zip(league["teams"], league["by_team"]["reward"]["mean"], strict=True):
        rows.append([team, *map(number, means)])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("published", nargs="?", type=Path, help="folder of published agents")
    arguments = parser.parse_args()
    if arguments.published is not None:
        play(arguments.published.resolve())
    for file, rows in ((CARD, card_rows), (LEAGUE, league_rows)):
        head, *body = (f"| {' | '.join(cells)} |" for cells in rows(json.loads(file.read_text())))
        print(head, "|" + (head.count("|") - 1) * "---|", *body, "", sep="\n")


if __name__ == "__main__":
    main()
