"""What the tests of runs share: a quick run, and how two folders compare."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

TINY = ("--updates", "20", "--evaluate-every", "10", "--episodes", "4", "--seeds", "0-1")
Loqa = Callable[..., "subprocess.CompletedProcess[str]"]


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder, and what is in the files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def results(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text())


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def same_but_for_times(one: dict, other: dict) -> bool:
    times = ("wall_seconds", "compile_seconds")
    one, other = ({k: v for k, v in data.items() if k not in times} for data in (one, other))
    return one == other
