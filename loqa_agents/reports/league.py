"""What a person reads of a league: a table in the terminal, Markdown, CSV."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console

from loqa_agents.common.terminal import print_table, say
from loqa_agents.common.text import markdown_text, spreadsheet_text
from loqa_agents.league.summary import rows

_FEW = 6
"""Teams whose table against each other fits into 80 columns."""


def markdown(data: dict[str, Any]) -> str:
    """The league's teams as a Markdown document."""
    lines = [
        f"# League: {markdown_text(where(data['game']))}",
        "",
        f"Mean reward per step of {_row_and_column(data)} over {data['episodes']} episodes per "
        f"pair of players, {_turns(data)}; in brackets is the interval of 95 %, by Student's t, "
        "over the seeds of those teams that have several. There is no interval over seeds where "
        "neither team has, nor for two seeds against each other. A team meets itself with "
        "different seeds if it has several.",
    ]
    head = _head(data["teams"])
    tables = {"": data["by_team"]["reward"]}
    tables |= {seat: part["by_team"] for seat, part in data.get("by_seat", {}).items()}
    for seat, reward in tables.items():
        lines += ["", f"## The same while the row sits in seat {seat}"] * bool(seat)
        lines += ["", *matrix(data["teams"], reward)]
    everyone = "all" if "focal" in data else "both"
    others = {"welfare": f"Social welfare (the rewards of {everyone})"}
    others |= {
        "normalised": "Normalised: 0 is what defectors, 1 what cooperators get among themselves",
        "own_colour": "Share of own-colour coins of all taken",
        "cooperated": "Share of cooperation",
    }
    for what, title in others.items():
        table = data["by_team"].get(what)
        if table is None:
            continue
        means = table["mean"] if isinstance(table, dict) else table
        lines += ["", f"## {title}", "", *head]
        for name, numbers in zip(data["teams"], means, strict=True):
            shown = " | ".join(number(value) for value in numbers)
            lines.append(f"| {markdown_text(name)} | {shown} |")
    lines += ["", "## Among themselves", "", "| | same seed | different seeds |", "|---|---|---|"]
    for i, name in enumerate(data["teams"]):
        pair = [cell(data[of]["reward"], i) for of in ("same_seed", "cross_seed")]
        lines.append(f"| {markdown_text(name)} | {' | '.join(pair)} |")
    if "alpha_rank" in data:
        lines += ["", "## Alpha-rank", "", "| | mass |", "|---|---|"]
        lines += [
            f"| {markdown_text(n)} | {number(mass)} |" for n, mass in data["alpha_rank"].items()
        ]
    for name, reason in data["failed"].items():
        lines += ["", markdown_text(could_not(name, reason))]
    return "\n".join(lines) + "\n"


def matrix(teams: Sequence[str], table: dict[str, Any]) -> list[str]:
    """The lines of a table of every team against every team, with intervals."""
    lines = _head(teams)
    for i, name in enumerate(teams):
        cells = [cell(table, i, j) for j in range(len(teams))]
        lines.append(f"| {markdown_text(name)} | {' | '.join(cells)} |")
    return lines


def _head(teams: Sequence[str]) -> list[str]:
    return [f"| | {' | '.join(map(markdown_text, teams))} |", "|---|" + "---|" * len(teams)]


def comma_separated(data: dict[str, Any]) -> str:
    """A line for each ordered pair of entrants."""
    lines = rows(data)
    for line in lines:
        line |= {who: spreadsheet_text(line[who]) for who in ("player", "opponent")}
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def where(game: dict[str, Any]) -> str:
    """A game, its board and the length of an episode in a few words."""
    board = game.get("size")
    size = f" {board[0]}x{board[1]}" if board else ""
    return f"{game['name']}{size}, episodes of {game['episode_length']} steps"


def print_league(console: Console, data: dict[str, Any]) -> None:
    """The teams' rewards as a table: against each other if they are few, else in sum."""
    few = len(data["teams"]) <= _FEW
    what = f"of {_row_and_column(data)}" if few else "against all others; pair by pair in league.md"
    numbers = [str(i + 1) for i in range(len(data["teams"]))]
    heads = ["", *numbers] if few else ["", "itself", "gets", "leaves"]
    tables = {"": data["by_team"]["reward"]}
    tables |= {f", in seat {s}": part["by_team"] for s, part in data.get("by_seat", {}).items()}
    # What others get while a row sits in one seat, they get in the other one, of two.
    opposite = ["", *list(tables)[:0:-1]] if len(tables) == 3 else list(tables)
    for seat, across in zip(tables, opposite, strict=True):
        means, theirs = (np.array(tables[name]["mean"], float) for name in (seat, across))
        rows = []
        for i, name in enumerate(data["teams"]):
            others = np.arange(len(means)) != i
            sums = (means[i, i], _known(means[i, others]), _known(theirs[others, i]))
            rows.append((f"{numbers[i]} {name}", *map(number, means[i] if few else sums)))
        print_table(console, f"Mean reward per step {what}{seat}", heads, rows, short=numbers)
    for name, mass in data.get("alpha_rank", {}).items():
        say(console, f"alpha-rank {number(mass)} {name}")
    for name, reason in data["failed"].items():
        say(console, could_not(name, reason))


def _row_and_column(data: dict[str, Any]) -> str:
    """Whose rewards tables have, with how many of them there are among more than two players."""
    if "focal" not in data:
        return "the row against the column"
    focal, players = data["focal"], data["players"]
    return f"the row ({focal} of {players}) among copies of the column ({players - focal})"


def _turns(data: dict[str, Any]) -> str:
    return "in all choices of seats in turn" if "focal" in data else "half in each seat"


def could_not(name: str, reason: str) -> str:
    return f"Player {name} could not go on: {reason}"


def cell(table: dict[str, Any], *place: int) -> str:
    """A mean and its interval, where it has one: ``0.318 (0.310 to 0.326)``."""
    mean, low, high = (table[name] for name in ("mean", "low", "high"))
    for index in place:
        mean, low, high = mean[index], low[index], high[index]
    if mean is None or low is None:
        return number(mean)
    return f"{number(mean)} ({number(low)} to {number(high)})"


def number(value: float | None) -> str:
    """Three digits, and nothing where nothing is known."""
    return "" if value is None or math.isnan(value) else f"{round(value, 3) + 0.0:.3f}"


def _known(values: Any) -> float:
    """The mean of what is known."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
