"""Targets as rows of a table: what must be reached, what was, and whether that is enough."""

from typing import Any

NEVER = "never"


def at_least(what: str, measured: float, floor: float, aim: float) -> dict[str, Any]:
    return {
        "what": what, "target": f"≥ {floor:g}", "measured": round(measured, 3),
        "holds": measured >= floor, "aim": f"≥ {aim:g}", "reached": measured >= aim,
    }  # fmt: skip


def at_most(
    what: str, measured: float | None, floor: float, aim: float, digits: int = 3
) -> dict[str, Any]:
    """None is what never came."""
    return {
        "what": what, "target": f"≤ {floor:g}",
        "measured": NEVER if measured is None else round(measured, digits),
        "holds": measured is not None and measured <= floor, "aim": f"≤ {aim:g}",
        "reached": measured is not None and measured <= aim,
    }  # fmt: skip


def print_rows(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        cells = f"{row['target']:>9s} {row['holds']!s:5s} {row['aim']:>9s} {row['reached']!s:5s}"
        print(f"{row['what']:58s} {row['measured']!s:>9s}   {cells}")
