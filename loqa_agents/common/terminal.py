"""Lines and tables in a terminal: names as they are, and numbers whole in any width."""

import textwrap
from collections.abc import Collection, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from loqa_agents.common.text import printable

_LEAST = 24
"""Characters that a column of words may be folded to."""
_HEAD = 10
"""The same of a head above narrow numbers."""

Row = Sequence[str]


def say(console: Console, text: str) -> None:
    """Print one line, which is neither cut nor broken: a terminal wraps it as it likes."""
    console.print(Text(printable(text)), soft_wrap=True, highlight=False)


def say_in_words(console: Console, text: str) -> None:
    """Print sentences, broken between words where the console ends."""
    console.print(Text(printable(text)), highlight=False)


def print_table(
    console: Console,
    title: str,
    heads: Row,
    rows: Sequence[Row],
    *,
    words: Collection[int] = (0,),
    short: Row = (),
) -> None:
    """Print a table in the widest form that fits the console.

    That is a table with borders, one without them and with folded heads, one with ``short`` names
    in its first column, under a list of the long ones, or else a paragraph for each row. Numbers
    are never cut or broken; columns of ``words`` are flush left and may be folded.
    """
    console.print(Text(printable(title), style="italic"), highlight=False)
    heads = [printable(text) for text in heads]
    rows = [[printable(cell) for cell in row] for row in rows]
    if _fits(console, heads, rows, words):
        return
    if short:
        numbered = [[name, *cells] for name, (_, *cells) in zip(short, rows, strict=True)]
        legend = [row[0] for row in rows]
        if _fits(console, heads, numbered, words, legend):
            return
    width = max(map(cell_len, heads[1:]))
    for name, *cells in rows:
        say(console, f"{heads[0]} {name}".strip())
        for head, cell in zip(heads[1:], cells, strict=True):
            if cell:
                say(console, f"  {head}{' ' * (width - cell_len(head))}  {cell}")


def _fits(
    console: Console,
    heads: Row,
    rows: Sequence[Row],
    words: Collection[int],
    legend: Sequence[str] = (),
) -> bool:
    """Print a table, with borders or without, unless it is too wide in either form."""
    cells = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    folded = [textwrap.fill(h, max(w, _HEAD)) for h, w in zip(heads, cells, strict=True)]
    for shown, bordered in ((heads, True), (folded, False)):
        widths = [
            max(width, *map(cell_len, head.split("\n")))
            for head, width in zip(shown, cells, strict=True)
        ]
        least = sum(min(w, _LEAST) if n in words else w for n, w in enumerate(widths))
        if least + (3 * len(widths) + 1 if bordered else 2 * len(widths) - 2) > console.width:
            continue
        table = Table() if bordered else Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for number, head in enumerate(shown):
            if number in words:
                table.add_column(Text(head), overflow="fold")
            else:
                table.add_column(Text(head), justify="right", no_wrap=True)
        for row in rows:
            table.add_row(*map(Text, row))
        for line in legend:
            say(console, line)
        console.print(table)
        return True
    return False
