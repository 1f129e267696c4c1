"""Files appear whole or not at all, and JSON is checked as it is read."""

import json
import os
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from loqa_agents.common import files
from loqa_agents.common.files import (
    is_partial,
    parse_json,
    read_json,
    read_json_lines,
    write_atomically,
)


class Record(TypedDict):
    update: Annotated[int, Field(ge=0)]
    seconds: float


RECORD = TypeAdapter(Record)


def test_a_file_that_cannot_be_written_stays_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(tmp_path / "file", b"old")

    def refuse(*arguments: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_file_of_the_user_is_never_taken_for_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = [tmp_path / name for name in ("file.partial", ".file.partial", "file.tmp")]
    for path in theirs:
        path.write_text("mine")
    write_atomically(tmp_path / "file", b"ours")
    assert all(path.read_text() == "mine" for path in theirs)
    monkeypatch.setattr(files.secrets, "token_hex", lambda size: "00" * size)
    taken = tmp_path / f".loqa-{'00' * 8}.partial"
    taken.symlink_to(theirs[0])
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "file", b"more")
    assert theirs[0].read_text() == "mine"
    assert taken.is_symlink()
    assert is_partial(taken.name)
    assert not any(is_partial(path.name) for path in theirs)


def test_nothing_is_written_onto_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    for name, target in {"link": "target", "dangling": "nowhere"}.items():
        (tmp_path / name).symlink_to(tmp_path / target)
        with pytest.raises(ValueError, match=f"{name} must be a file.*symbolic link"):
            write_atomically(tmp_path / name, b"ours")
        assert (tmp_path / name).is_symlink()
    assert (tmp_path / "target").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_the_umask_says_who_may_read(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "it must be JSON"),
        ("{", "it must be JSON"),
        ("[" * 10**5, "it must be JSON; recursion limit"),
        ('{"update": ' + "9" * 10**4, "it must be JSON; number out of range"),
        ("3", "it must be an object, got 3"),
        ("{}", "update must be there"),
        ('{"update": true, "seconds": 0}', "update must be a valid integer, got True"),
        ('{"update": "1", "seconds": 0}', "update must be a valid integer, got '1'"),
        ('{"update": 1.5, "seconds": 0}', "update must be a valid integer, got 1.5"),
        ('{"update": -1, "seconds": 0}', "update must be greater than or equal to 0, got -1"),
        ('{"update": 1, "seconds": "%s"}' % ("x" * 999), "seconds must be a valid number, got 'x"),
    ],
)
def test_what_does_not_follow_the_schema_is_one_line_that_names_file_and_field(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="is damaged") as caught:
        read_json(path, RECORD)
    assert str(caught.value).startswith(f"{path} is damaged: {complaint}")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 200


def test_bytes_that_are_no_text_are_no_json(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(ValueError, match="it must be JSON"):
        read_json(path, RECORD)


def test_what_is_no_file_or_too_large_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody ever writes to it
    with pytest.raises(ValueError, match="pipe must be a file"):
        read_json(tmp_path / "pipe", RECORD)
    with pytest.raises(ValueError, match="must be a file"):
        read_json(tmp_path, RECORD)
    monkeypatch.setattr(files, "MOST_JSON", 10)
    (tmp_path / "large").write_text("1234567890 ")
    with pytest.raises(ValueError, match="large must have at most 10 bytes"):
        read_json(tmp_path / "large", RECORD)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("update"), inner),
)


TEXT = st.binary() | st.text().map(str.encode) | JSON.map(json.dumps).map(str.encode)


@given(TEXT)
def test_whatever_is_read_follows_the_schema_or_is_one_line(text: bytes) -> None:
    found, complaint = read_or_complain(text)
    if found is None:
        assert complaint.startswith("file is damaged: ")
        assert complaint.isprintable()
    else:
        assert type(found["update"]) is int
        assert found["update"] >= 0
        assert type(found["seconds"]) is float


def read_or_complain(text: bytes) -> tuple[Record | None, str]:
    try:
        return parse_json(text, RECORD, "file"), ""
    except ValueError as error:
        return None, str(error)


LINE = '{"update": 1, "seconds": 0.5}\n'


def test_only_the_last_of_json_lines_may_be_torn(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text(LINE * 2 + LINE[:-1])  # all of it is there but its end
    assert read_json_lines(path, RECORD) == [{"update": 1, "seconds": 0.5}] * 2
    for broken in ("\n", "{\n", '{"update": 1}\n'):
        path.write_text(LINE * 2 + broken)
        with pytest.raises(ValueError, match=r"lines, line 3 is damaged: (it|seconds) must be"):
            read_json_lines(path, RECORD)
    path.write_text("")
    assert read_json_lines(path, RECORD) == []
