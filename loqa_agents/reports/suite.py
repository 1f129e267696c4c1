"""Rows of a suite for people: a table for each game, in Markdown and in a terminal."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from loqa_agents.common.terminal import print_table
from loqa_agents.common.text import markdown_text
from loqa_agents.reports.league import cell, matrix, number
from loqa_agents.suite.suites import rows_of

Row = Mapping[str, Any]
HEADS = (
    "", "knows", "self-play", "cross-play", "versus AC", "AC keeps", "versus AD",
    "exploitability", "steps", "seconds",
)  # fmt: skip
"""What each column has: means per step, in brackets the interval of 95 % over seeds."""


def cells(name: str, row: Row) -> list[str]:
    """A row of the table, the name first; what was not measured is empty.

    Among more than two players the scripted player holds one seat. Exploitability is by the exact
    best response where it is known; by the one that was found it is a lower bound, after ≥.
    """
    lines = {line["name"].removesuffix(" x1"): line for line in row["lines"]}

    def of(line: str, what: str = "agent") -> str:
        value = lines.get(line, {}).get(what)
        return cell(value) if value else ""

    exploitability = of("exact_best_response", "exploitability")
    if not exploitability and (found := of("best_response", "exploitability")):
        exploitability = f"≥ {found}"
    knows = "" if row["knows"] is None else ", ".join(row["knows"]) or "nothing"
    steps, seconds = row.get("steps"), row.get("seconds")
    return [
        name, knows, of("self_play"), of("cross_play"), of("always_cooperate"),
        of("always_cooperate", "opponent"), of("always_defect"),
        exploitability,
        "" if steps is None else f"{steps:,}", "" if seconds is None else number(seconds),
    ]  # fmt: skip


def markdown(rows: Iterable[tuple[str, Row]]) -> str:
    """A table of named rows; the name of one without a command, a newcomer's, is bold."""
    lines = [f"| {' | '.join(HEADS)} |", f"|{'---|' * len(HEADS)}"]
    for name, row in rows:
        first, *others = map(markdown_text, cells(name, row))
        first = first if "command" in row else f"**{first}**{_quick(row)}"
        lines.append(f"| {' | '.join([first, *others])} |")
    return "\n".join(lines) + "\n"


_PAGE = """
Mean rewards per step over the seeds of each row, and the interval of 95 % over seeds, by Student's
t. AC is `always_cooperate`, AD `always_defect`; where more than two play, one of them holds one
seat. Exploitability is by the exact best response where that is known, and else, after ≥, by the
best that one learner found in 100 updates. Steps are those of one seed; seconds are of all ten
together, on one or two cores beside other work. Below each game are the commands that trained its
rows; `python benchmarks/dilemmas.py` does all of it, and writes this page. Agents of `coin3x3/loqa`
are those that come with loqa, which `benchmarks/coin_game.py` trained, a seed at a time.
"""
_LEAGUE = (
    "What the row gets from the column; where more than two play, from copies of the column among "
    "which it is alone:"
)


def page(suite: str, report: Mapping[str, Any]) -> str:
    """The whole of what `stored` has of a suite: rows, and the league among them, game by game."""
    parts = [f"# The suite {suite}\n", _PAGE]
    for game in dict.fromkeys(name.partition("/")[0] for name in report["rows"]):
        rows = rows_of(game, report["rows"])
        parts += [f"\n## {game}\n\n", markdown(rows.items())]
        if game in report["leagues"]:
            league = report["leagues"][game]
            table = "\n".join(matrix(league["teams"], league))
            parts.append(f"\n{_LEAGUE}\n\n{table}\n")
        parts += ["\n```bash\n", *(f"{row['command']}\n" for row in rows.values()), "```\n"]
    return "".join(parts)


def meetings(row: Row) -> str:
    """What a newcomer gets against the stored agents, and what these get, as a table."""
    lines = ["| against | gets | leaves |", "|---|---|---|"]
    for name, met in row["met"].items():
        lines.append(f"| {markdown_text(name)} | {cell(met['gets'])} | {cell(met['leaves'])} |")
    return "\n".join(lines) + "\n"


def print_rows(console: Console, game: str, rows: Iterable[tuple[str, Row]]) -> None:
    """The table in a terminal, and whom the newcomers met."""
    rows = list(rows)
    table = [
        cells(name if "command" in row else f"→ {name}{_quick(row)}", row) for name, row in rows
    ]
    print_table(console, f"Mean reward per step, {game}", HEADS, table, words=(0, 1))
    for name, row in rows:
        if row.get("met"):
            met = [[who, cell(m["gets"]), cell(m["leaves"])] for who, m in row["met"].items()]
            print_table(console, f"{name}, {game}", ("against", "gets", "leaves"), met)


def _quick(row: Row) -> str:
    """What is added to the name of a row that is not by the suite's protocol."""
    return " (quick)" if "effort" in row else ""
