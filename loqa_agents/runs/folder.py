"""The folder of a run or a league: held by one process at a time, and nothing in it is lost."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from loqa_agents.common.files import (
    as_path,
    is_partial,
    make_folder,
    make_numbered,
    read_json,
    write_atomically,
)
from loqa_agents.common.settings import differences
from loqa_agents.common.text import printable
from loqa_agents.runs.lock import held_alone

_CONFIG = "config.json"
_MARKS = {"learner": "training", "entrants": "league", "suite": "benchmark"}
"""Parts of a configuration that tell what it is of."""
_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True)
class Kind:
    """What a command makes folders of."""

    noun: str
    """One of the values of `_MARKS`."""
    identity: tuple[str, ...]
    """The parts of its configuration that must be the same for it to go on."""
    read: Callable[[Path], dict[str, Any]]
    """Reads and checks its ``config.json``; what an older version did not write has its default."""
    files: Callable[[dict[str, Any]], str] | None
    """Given its configuration, a pattern of all paths that it writes, folders with a final slash,
    as seen from its folder; None for what is never overwritten."""

    def not_new(self, out: Path) -> ValueError:
        """That a folder is taken, and what can be done."""
        replace = "" if self.files is None else "replace it with --overwrite, "
        return ValueError(
            f"--out must be a new folder or an empty one, so that no run is lost; {out} exists. Go "
            f"on with --resume, {replace}or choose another."
        )


class Claim:
    """A folder that this process works in; nothing on disk changes before `begin`."""

    def __init__(self, out: Path | None, default: str, kind: Kind, held: ExitStack) -> None:
        self._out = out
        self._default = default
        self._kind = kind
        self._held = held
        self._locked = self._overwrite = self._made = False
        self.lasting = True
        """Whether what this process writes into a new folder stays there if the run fails."""
        self.recorded: dict[str, Any] | None = None
        """The configuration of the run that goes on; None where one begins."""

    @property
    def path(self) -> Path:
        if self._out is None:
            raise RuntimeError("a numbered folder has a path once it is made")
        return self._out

    def begin(self, config: dict[str, Any]) -> Path:
        """Make the folder, or remove the run that is overwritten, and write ``config.json``.

        Raises:
            ValueError: if others made the folder meanwhile or work in it, or it cannot be made.
            OSError: if it cannot be written.
        """
        if self._out is None:
            self._out, self._made = make_numbered(Path("runs") / self._default), True
        elif not self._out.exists():
            self._make_new(self._out)
            self._made = True
        self._lock()
        if self._overwrite:
            self._remove()
        elif self.recorded is None and _entries(self._out):
            raise self._kind.not_new(self._out)
        content = json.dumps(config, indent=1, allow_nan=False).encode() + b"\n"
        write_atomically(self._out / _CONFIG, content)
        return self._out

    def leave(self, _: type | None, error: BaseException | None, trace: object) -> None:
        """After an error (no interruption), leave a new folder as it was found unless `lasting`;
        what goes on or replaces another run stays."""
        new = not self._overwrite and self.recorded is None
        if self.lasting or not (new and isinstance(error, Exception)):
            return
        for path in [self.path] if self._made else list(self.path.iterdir()):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _make_new(self, out: Path) -> None:
        try:
            make_folder(out)
        except FileExistsError:  # made by somebody else since it was looked at
            raise self._kind.not_new(out) from None

    def look(self, config: dict[str, Any], resume: bool | None, overwrite: bool) -> None:
        """Find out what is in the folder, and refuse what would lose it or mix two runs."""
        out = self.path
        new = not os.path.lexists(out) or (out.is_dir() and not _entries(out))
        if new and not resume:
            return
        if not new and not out.is_dir():
            raise ValueError(f"--out must be a folder; {out} is none.")
        if not (resume or overwrite) and (resume is not None or _CONFIG not in _entries(out)):
            raise self._kind.not_new(out)
        if not (out / _CONFIG).exists():
            raise ValueError(
                f"{'--overwrite' if overwrite else '--resume'} needs the folder of a "
                f"{self._kind.noun}; there is no file {out / _CONFIG}, so all is left alone."
            )
        self._lock()
        if overwrite:
            self._written()
            self._overwrite = True
        else:
            self.recorded = self._read_config()
            self._require_same_run(config)

    def _read_config(self) -> dict[str, Any]:
        path = self.path / _CONFIG
        found = read_json(path, _OBJECT)
        nouns = {noun for mark, noun in _MARKS.items() if mark in found} - {self._kind.noun}
        if nouns:
            raise ValueError(
                f"--out must be the folder of a {self._kind.noun}; {self.path} is the folder of a "
                f"{nouns.pop()}, so all is left alone."
            )
        return self._kind.read(path)

    def _require_same_run(self, config: dict[str, Any]) -> None:
        assert self.recorded is not None
        before, now = (
            {p: data.get(p) for p in self._kind.identity} for data in (self.recorded, config)
        )
        if changed := differences(before, now):
            raise ValueError(
                f"a {self._kind.noun} must go on with the configuration that it began with; in "
                f"{self.path} {'; '.join(changed)}."
            )

    def _written(self) -> list[Path]:
        """All that is in the folder, a folder before what is in it.

        Raises:
            ValueError: if something there was not written by a run of this kind.
        """
        files = self._kind.files
        assert files is not None
        pattern = re.compile(files(self._read_config()), re.ASCII)
        found, foreign, folders = [], [], [self.path]
        while folders:
            for path in folders.pop().iterdir():
                folder = path.is_dir() and not path.is_symlink()
                name = path.relative_to(self.path).as_posix() + "/" * folder
                if name == _CONFIG or is_partial(path.name) or pattern.fullmatch(name):
                    found.append(path)
                    folders += [path] * folder
                else:
                    foreign.append(name)
        if foreign:
            more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
            raise ValueError(
                f"--overwrite needs a folder in which all was written by a {self._kind.noun}, so "
                f"that nothing else is lost; {self.path} also has "
                f"{printable(', '.join(sorted(foreign)[:3]))}{more}. All is left alone."
            )
        return found

    def _remove(self) -> None:
        for path in reversed(self._written()):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif path != self.path / _CONFIG:  # is replaced last, so that this can be repeated
                path.unlink()

    def _lock(self) -> None:
        if not self._locked:
            self._held.enter_context(held_alone(self.path))
            self._locked = True


def require_options(
    out: str | os.PathLike[str] | None, resume: bool | None, overwrite: bool
) -> None:
    """Raise ``ValueError`` unless the options of `claim` go together; nothing is looked at."""
    if resume and overwrite:
        raise ValueError("--resume and --overwrite exclude each other; both were given.")
    if out is None and (resume or overwrite):
        raise ValueError("--resume and --overwrite need --out, the folder that they act on.")


@contextmanager
def claim(
    out: str | os.PathLike[str] | None,
    default: str,
    kind: Kind,
    config: dict[str, Any],
    resume: bool | None,
    overwrite: bool,
) -> Iterator[Claim]:
    """The folder for a run or league of ``config``, until the context ends.

    With ``resume``, the run in the folder goes on; without it, a run begins in a new or an empty
    folder; with None, whichever there is. ``overwrite`` begins one in place of the one there.
    Without ``out``, a run begins in the first of runs/DEFAULT, runs/DEFAULT-2, ... that is free.

    Raises:
        ValueError: if the folder has something else than that, a run of another configuration, or
            with ``overwrite`` what no run wrote, or if another process holds it.
        OSError: if the folder cannot be read.
    """
    require_options(out, resume, overwrite)
    with ExitStack() as held:
        claimed = Claim(None if out is None else as_path(out), default, kind, held)
        if out is not None:
            claimed.look(config, resume, overwrite)
        yield claimed


def _entries(out: Path) -> list[str]:
    """What is in a folder, without what killed writes left."""
    return [name for name in os.listdir(out) if not is_partial(name)]
