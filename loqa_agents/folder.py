"""The folder of a run: claimed once, never overwritten unasked."""

import json
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from loqa_agents.checkpoint import write_atomically
from loqa_agents.settings import differences

IDENTITY = ("game", "learner", "training", "seeds")
"""The parts of a configuration that must be the same for a run to be resumed."""


def claim(
    out: Path | None, default: str, config: dict[str, Any], resume: bool, overwrite: bool
) -> Path:
    """The folder for a run, made if need be, with ``config.json`` in it.

    Without ``out``, the first of runs/DEFAULT, runs/DEFAULT-2, ... that is free.

    Raises:
        ValueError: if the folder exists and neither ``resume`` nor ``overwrite`` is asked for, if
            ``resume`` finds no run or another configuration, or ``overwrite`` finds no run.
        OSError: if the folder cannot be made or written.
    """
    if resume and overwrite:
        raise ValueError("--resume and --overwrite exclude each other.")
    if out is None:
        if resume or overwrite:
            raise ValueError("--resume and --overwrite need --out, the folder that they act on.")
        for folder in _numbered(Path("runs") / default):
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            out = folder
            break
        assert out is not None
    elif resume:
        _check_same_run(out, config)
        return out
    else:
        if out.exists():
            _make_way(out, overwrite)
        out.mkdir(parents=True)
    write_atomically(out / "config.json", json.dumps(config, indent=1).encode() + b"\n")
    return out


def _numbered(first: Path) -> Iterator[Path]:
    yield first
    for number in count(2):
        yield first.with_name(f"{first.name}-{number}")


def _make_way(out: Path, overwrite: bool) -> None:
    if not overwrite:
        raise ValueError(
            f"--out must be a new folder, so that no run is lost; {out} exists. Go on with "
            "--resume, replace it with --overwrite, or choose another."
        )
    if not (out / "config.json").is_file():
        raise ValueError(
            f"--overwrite must name the folder of a run; {out} has no config.json, so it is left "
            "alone."
        )
    shutil.rmtree(out)


def _check_same_run(out: Path, config: dict[str, Any]) -> None:
    path = out / "config.json"
    try:
        old = json.loads(path.read_text())
    except FileNotFoundError:
        raise ValueError(f"--resume needs the folder of a run; there is no file {path}.") from None
    except json.JSONDecodeError:
        raise ValueError(f"--resume needs a whole config.json; {path} is damaged.") from None
    began, now = ({part: c.get(part) for part in IDENTITY} for c in (old, config))
    changed = differences(began, now)
    if changed:
        raise ValueError(
            f"a run must be resumed with the configuration that it began with; in {out} "
            f"{'; '.join(changed)}."
        )
