"""A scorecard for people: in the terminal, and as one page that needs nothing beside it."""

import base64
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from loqa_agents.common.terminal import print_table, say, say_in_words
from loqa_agents.common.text import html_text
from loqa_agents.reports.league import cell, number, where
from loqa_agents.reports.pictures import card_picture, title

_HEADS = ("against", "agent", "opponent", "exploitability", "published: agent / opponent")


def print_card(console: Console, card: dict[str, Any]) -> None:
    """Each line's mean and interval of 95 %, for the agent and for its opponent."""
    heads = ("against", "agent", "opponent")
    for seat, lines in _parts(card).items():
        rows = [(title(line), *(_cell(line[who]) for who in heads[1:])) for line in lines]
        print_table(console, f"Mean reward per step{seat}, {heading(card)}", heads, rows)
        for line in lines:
            if "exploitability" in line:
                said = f"Exploitability{seat}, {title(line)}: {_cell(line['exploitability'])}"
                say(console, said)
    for said in (intervals(card), protocol(card), f"Best response: {_budget(card)}."):
        say_in_words(console, said)
    if "sources" in card:
        _print_published(console, card)


def _parts(card: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The card's lines, and where seats differ, those of each seat of the agents, by where."""
    by_seat = card.get("by_seat", {}).items()
    return {"": card["lines"]} | {f", agents in seat {seat}": lines for seat, lines in by_seat}


def heading(card: dict[str, Any]) -> str:
    seeds = len(card["agents"])
    return f"{where(card['game'])}, {seeds} seed{'s' * (seeds > 1)}"


def intervals(card: dict[str, Any]) -> str:
    """What stands in brackets, or why nothing does."""
    seeds = len(card["agents"])
    if seeds == 1:
        return "There is no interval over seeds, since the card is of one seed."
    said = "In brackets is the interval of 95 % over seeds, by Student's t."
    if seeds == 2:
        said += " Other seeds have no interval over seeds, since two are one pair."
    return said


def protocol(card: dict[str, Any]) -> str:
    """The protocol, and what was not as it says."""
    changed = "; ".join(card["changed"])
    return f"Protocol: {card['protocol']}" + (f", but with {changed}." if changed else ".")


def page(card: dict[str, Any]) -> str:
    """One HTML page with all of the card and its picture."""
    rows = []
    every = [(seat, line) for seat, lines in _parts(card).items() for line in lines]
    for seat, line in every:
        published = "; ".join(
            f"{method} {_both(value)}" for method, value in line.get("published", {}).items()
        )
        exploit = _cell(line.get("exploitability"))
        cells = [
            title(line) + seat,
            _cell(line["agent"]),
            _cell(line["opponent"]),
            exploit,
            published,
        ]
        rows.append(_row(cells))
    sources = "".join(
        f"<dt>{html_text(method)}</dt><dd>{html_text(source)}</dd>"
        for method, source in card.get("sources", {}).items()
    )
    facts = {
        "Protocol": protocol(card).removeprefix("Protocol: "),
        "Game": ", ".join(f"{name} {value}" for name, value in card["game"].items()),
        "Agents": ", ".join(card["agents"]),
        "Episodes per pair": f"{card['episodes']}, as many in each choice of seats",
        "Best response": _budget(card),
        "Versions": ", ".join(f"{name} {value}" for name, value in card["versions"].items()),
        "Among themselves": ", ".join(
            f"{name} {number(value)}" for name, value in card["references"].items()
        ),
    }
    listed = "".join(
        f"<dt>{html_text(name)}</dt><dd>{html_text(str(value))}</dd>"
        for name, value in facts.items()
    )
    image = base64.b64encode(card_picture(card)).decode()
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html_text(heading(card))}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.15rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }}
th, td {{ border-bottom: 1px solid #ccc; padding: .35rem .6rem; text-align: left;
  font-variant-numeric: tabular-nums; vertical-align: top; }}
td:nth-child(-n+4) {{ white-space: nowrap; }}
td:nth-child(5) {{ font-size: .85rem; }}
dt {{ font-weight: 600; }} dd {{ margin: 0 0 .5rem 0; overflow-wrap: anywhere; }}
img {{ max-width: 100%; height: auto; }}
@media (max-width: 48rem) {{
  thead {{ display: none; }} tr, td {{ display: block; }}
  td {{ border: 0; padding: .1rem 0; }} td:empty {{ display: none; }}
  tr {{ border-bottom: 1px solid #ccc; padding: .35rem 0; }}
  td:first-child {{ font-weight: 600; }}
  td:not(:first-child)::before {{ content: attr(data-head) ": "; color: #555; }}
}}
</style></head><body>
<h1>{html_text(heading(card))}</h1>
<p>Mean reward per step. {html_text(intervals(card))}
Exploitability is how much more a best response gets from the agent than the agent gets from
itself; from a trained response, a lower bound.</p>
<table><thead><tr>{"".join(f"<th>{head}</th>" for head in _HEADS)}</tr></thead>
<tbody>{"".join(rows)}</tbody></table>
<img alt="The lines of the card as points with intervals" src="data:image/png;base64,{image}">
<h2>How it was measured</h2><dl>{listed}</dl>
{f"<h2>Published numbers</h2><dl>{sources}</dl>" if sources else ""}
</body></html>
"""


def _print_published(console: Console, card: dict[str, Any]) -> None:
    rows = [
        (
            title(line),
            *(number(line["published"].get(method, {}).get("agent")) for method in card["sources"]),
        )
        for line in card["lines"]
        if line["published"]
    ]
    heads = ("against", *card["sources"])
    print_table(console, "Published, agent (--html has opponents, too)", heads, rows)


def _row(cells: Sequence[str]) -> str:
    """A row of the page's table; a narrow page shows each cell under its head."""
    tagged = (
        f'<td data-head="{head}">{html_text(text)}</td>'
        for head, text in zip(_HEADS, cells, strict=True)
    )
    return f"<tr>{''.join(tagged)}</tr>"


def _both(value: dict[str, float | None]) -> str:
    other = value["opponent"]
    return number(value["agent"]) + ("" if other is None else f" / {number(other)}")


def _cell(value: dict[str, Any] | None) -> str:
    if value is None:
        return ""
    return cell(value)


def _budget(card: dict[str, Any]) -> str:
    budget = card["budget"]
    if budget is None:
        return "none was trained"
    return (
        f"the best of {budget['restarts']} policy-gradient learners per seed, of "
        f"{budget['updates']} updates of {budget['episodes']} episodes"
    )
