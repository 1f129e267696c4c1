"""The folder of a run: held by one process at a time, never overwritten unasked."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from loqa_agents.files import write_atomically
from loqa_agents.settings import differences

IDENTITY = ("game", "learner", "training", "seeds")
"""The parts of a configuration that must be the same for a run to be resumed."""

_MARKS = {"learner", "entrants"}
"""Parts that the configurations of a training and of a league have, and the other has not."""


@contextmanager
def claim(
    out: Path | None,
    default: str,
    config: dict[str, Any],
    resume: bool,
    overwrite: bool,
    identity: tuple[str, ...] = IDENTITY,
) -> Iterator[Path]:
    """The folder for a run, with ``config.json`` in it, held until the context ends.

    ``identity`` names the parts of ``config`` that a resumed run must share with its beginning.

    Without ``out``, the first of runs/DEFAULT, runs/DEFAULT-2, ... that is free.

    Raises:
        ValueError: if the folder exists and neither ``resume`` nor ``overwrite`` is asked for, if
            ``resume`` finds no run or another configuration, ``overwrite`` finds no run, or
            another process holds the folder.
        OSError: if the folder cannot be made or written.
    """
    if resume and overwrite:
        raise ValueError("--resume and --overwrite exclude each other; both were given.")
    if out is None:
        if resume or overwrite:
            raise ValueError("--resume and --overwrite need --out, the folder that they act on.")
        out = _make_numbered(Path("runs") / default)
    elif resume:
        _require_same_run(out, config, identity)
    elif overwrite and out.exists():
        _require_kind(out, "--overwrite", _read_config(out, "--overwrite"), identity)
    else:
        _make_new(out)
    with _held(out):
        if not resume:
            _empty(out)
            write_atomically(out / "config.json", json.dumps(config, indent=1).encode() + b"\n")
        yield out


def _make_numbered(first: Path) -> Path:
    for number in count(1):
        out = first if number == 1 else first.with_name(f"{first.name}-{number}")
        try:
            _make(out)
        except FileExistsError:
            continue
        return out
    raise AssertionError("count never ends")


def _make_new(out: Path) -> None:
    try:
        _make(out)
    except FileExistsError:
        raise ValueError(
            f"--out must be a new folder, so that no run is lost; {out} exists. Go on with "
            "--resume, replace it with --overwrite, or choose another."
        ) from None


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True)
    except FileExistsError:
        raise
    except OSError as error:
        raise ValueError(
            f"--out must be a folder that can be made; {out} cannot: {error.strerror}."
        ) from None


def _read_config(out: Path, option: str) -> dict[str, Any]:
    path = out / "config.json"
    try:
        config = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(
            f"{option} needs the folder of a run; there is no file {path}, so all is left alone."
        ) from None
    except ValueError:
        config = None
    if not isinstance(config, dict):
        raise ValueError(f"{option} needs a whole config.json; {path} is damaged.")
    return config


def _require_kind(
    out: Path, option: str, config: dict[str, Any], identity: tuple[str, ...]
) -> None:
    """Refuse the folder of a training where a league is meant, and the other way round."""
    if (_MARKS & config.keys()) - set(identity):
        raise ValueError(
            f"{option} needs a folder that the same command made; {out} is of another one, so all "
            "is left alone."
        )
    if not set(identity) <= config.keys():
        raise ValueError(f"{option} needs a whole config.json; {out / 'config.json'} is damaged.")


def _require_same_run(out: Path, config: dict[str, Any], identity: tuple[str, ...]) -> None:
    old = _read_config(out, "--resume")
    _require_kind(out, "--resume", old, identity)
    began = {part: old[part] for part in identity}
    changed = differences(began, {part: config[part] for part in identity})
    if changed:
        raise ValueError(
            f"--resume needs the configuration that the run began with; in {out} "
            f"{'; '.join(changed)}."
        )


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Keeps other processes out of a folder, as far as the file system can."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"--out must be a folder that no other process works in; {out} is in use."
            ) from None
        except OSError:
            pass  # some network file systems cannot lock a folder
        yield
    finally:
        os.close(descriptor)


def _empty(out: Path) -> None:
    # What marks the folder as a run goes last, so that a cut --overwrite can be repeated.
    for path in sorted(out.iterdir(), key=lambda path: path.name == "config.json"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
