"""Files that appear whole or not at all, and JSON that is checked against a schema when read."""

import os
import re
import secrets
import stat
from itertools import count
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from loqa_agents.common.text import printable
from loqa_envs.wording import shown

T = TypeVar("T")

MOST_JSON = 2**26
"""Bytes of a file of JSON, or of one line of JSON lines, above which it is none of ours."""
_MOST_LINES = 2**30
_PARTIAL = re.compile(r"\.loqa-[0-9a-f]{16}\.partial")


def as_path(path: str | os.PathLike[str]) -> Path:
    """A path as a user gives it: ``~`` at its beginning is a home folder.

    Raises:
        ValueError: if it is no path, or there is no such home folder.
    """
    try:
        found = Path(path).expanduser()
        if "\0" in str(found):
            raise ValueError("a path has no null character")
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"a path must be text or a pathlib.Path, got {path!r}: {str(error).rstrip('.')}."
        ) from None
    return found


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it appears whole or not at all, with the mode that the umask leaves.

    It is written under a name that nobody has (`is_partial` tells it) and then moved.

    Raises:
        ValueError: if ``path`` is a symbolic link, which would be replaced.
        OSError: if the file cannot be written; what was there stays.
    """
    if path.is_symlink():
        raise ValueError(
            f"{path} must be a file, or not be there, so that it can be written; it is a symbolic "
            "link."
        )
    partial = path.with_name(f".loqa-{secrets.token_hex(8)}.partial")
    # Exclusive: fails where the name is taken, by a link too, so that nothing is written through.
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def is_partial(name: str) -> bool:
    """Whether a file of that name is what a `write_atomically` that was killed left behind."""
    return _PARTIAL.fullmatch(name) is not None


def read_json(path: Path, schema: TypeAdapter[T]) -> T:
    """The content of a file of JSON.

    Typed dicts drop the keys that they do not name, unless they are configured to allow them.

    Raises:
        ValueError: one line that names the file and the field, if the file is no JSON, does not
            follow the schema, is larger than `MOST_JSON` or nested more than 200 deep.
        OSError: if the file cannot be read.
    """
    return parse_json(_read(path, MOST_JSON), schema, str(path))


def read_json_lines(path: Path, schema: TypeAdapter[T]) -> list[T]:
    """The records of a file of JSON lines, as for `read_json`; errors name the line too.

    A last line without its end is left out: so a process that is killed leaves one.
    """
    *lines, _ = _read(path, _MOST_LINES).split(b"\n")
    return [
        parse_json(line, schema, f"{path}, line {number}") for number, line in enumerate(lines, 1)
    ]


def parse_json(text: bytes | str, schema: TypeAdapter[T], source: str) -> T:
    """The content of JSON text, as for `read_json`; ``source`` says in errors where it is from."""
    if len(text) > MOST_JSON:
        raise ValueError(f"{source} must have at most {MOST_JSON:,} bytes, has {len(text):,}.")
    try:
        return schema.validate_json(text, strict=True)
    except ValidationError as error:
        raise ValueError(printable(f"{source} is damaged: {_first(error)}.")) from None


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, without its full stop."""
    first = error.errors(include_url=False, include_context=False)[0]
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    if first["type"] == "value_error":  # by a schema's own check, which names the field
        return message
    if first["type"] == "json_invalid":
        return message.replace("Invalid JSON:", "it must be JSON;", 1)
    field = ".".join(map(str, first["loc"])) or "it"
    if first["type"] == "missing":
        return f"{field} must be there"
    return f"{field} {message.replace('Input should', 'must', 1)}, got {shown(first['input'])}"


def _read(path: Path, most: int) -> bytes:
    # Opened so that a named pipe, which may never get a writer, does not block.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(f"{path} must be a file, so that it can be read; it is none.")
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise ValueError(f"{path} must have at most {most:,} bytes; it has more.")
    return content


def make_numbered(first: Path) -> Path:
    """Make the first of FOLDER, FOLDER-2, ... that is free."""
    for number in count(1):
        out = first if number == 1 else first.with_name(f"{first.name}-{number}")
        try:
            make_folder(out)
        except FileExistsError:
            continue
        return out
    raise AssertionError("count never ends")


def make_folder(out: Path) -> None:
    """Make a folder, and those that it is in.

    Raises:
        FileExistsError: if it is there.
        ValueError: if it cannot be made.
    """
    try:
        out.mkdir(parents=True)
    except FileExistsError:
        raise
    except OSError as error:
        raise ValueError(
            f"--out must be a folder that can be made; {out} cannot: {error.strerror}."
        ) from None
