"""Agents' files whose header says something else at any one place are refused in one line."""

import json
import struct
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loqa_agents import load_agent

SHIPPED = resources.files("loqa_agents") / "shipped" / "coin3x3" / "loqa" / "42.safetensors"
RAW = SHIPPED.read_bytes()
LENGTH = 8 + struct.unpack("<Q", RAW[:8])[0]
ARRAYS = json.loads(RAW[8:LENGTH])
HEADER = json.loads(ARRAYS["__metadata__"]["loqa"])

WRONG = ({"a": 1}, "\n[bold]x", 10**40, [[[]]], float("nan"))
"""What no field can be."""


def leaves(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every value of the header, and of every part of it."""
    if path:
        yield path
    if isinstance(data, dict):
        for name, value in data.items():
            yield from leaves(value, (*path, name))


def with_header(header: Any) -> bytes:
    """The shipped agent's file under another header."""
    text = header if isinstance(header, str) else json.dumps(header)
    words = json.dumps(ARRAYS | {"__metadata__": {"loqa": text}}).encode()
    words += b" " * (-len(words) % 8)
    return struct.pack("<Q", len(words)) + words + RAW[LENGTH:]


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(ValueError, match=path.name) as refusal:
        load_agent(path)
    said = str(refusal.value)
    assert len(said.splitlines()) == 1
    assert len(said) < 2000
    assert path.read_bytes() == content
    return said


def one_line_or_an_agent(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.safetensors"
        path.write_bytes(content)
        said = path.name
        try:
            load_agent(path)
        except ValueError as refusal:
            said = str(refusal)
        assert path.name in said
        assert len(said.splitlines()) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.slow
@given(path=st.sampled_from(list(leaves(HEADER))), value=JSON)
def test_any_value_anywhere_in_the_header_is_refused_or_loads(path, value):
    header = json.loads(json.dumps(HEADER))
    inner = header
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    one_line_or_an_agent(with_header(header))


@given(place=st.integers(0, LENGTH - 1), byte=st.integers(0, 255))
def test_any_byte_anywhere_in_the_header_is_refused_or_loads(place, byte):
    one_line_or_an_agent(RAW[:place] + bytes([byte]) + RAW[place + 1 :])


def test_the_header_as_it_is_loads(tmp_path):
    (tmp_path / "same.safetensors").write_bytes(with_header(HEADER))
    assert load_agent(tmp_path / "same.safetensors").seed == 42


@pytest.mark.parametrize("wrong", WRONG, ids=ascii)
@pytest.mark.parametrize("path", list(leaves(HEADER)), ids=".".join)
def test_a_wrong_value_is_refused(tmp_path, path, wrong):
    header = json.loads(json.dumps(HEADER))
    inner = header
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = wrong
    refused(tmp_path / "hostile.safetensors", with_header(header))


@pytest.mark.parametrize("path", ["game", "learner", "learner.shaping", "learner.actor"])
def test_an_unknown_setting_is_refused(tmp_path, path):
    header = json.loads(json.dumps(HEADER))
    inner = header
    for name in path.split("."):
        inner = inner[name]
    inner["unheard_of"] = 1
    assert "unheard_of" in refused(tmp_path / "hostile.safetensors", with_header(header))


@pytest.mark.parametrize(
    "header",
    ["", "x", "null", "[]", "{}", "3", "[" * 100_000, '{"format": ' * 50_000, "{" + '"a":1,' * 10],
    ids=lambda text: ascii(text[:12]),
)
def test_a_header_that_is_none_is_refused(tmp_path, header):
    refused(tmp_path / "hostile.safetensors", with_header(header))


@pytest.mark.parametrize(
    "length", [0, 1, 7, 8, 9, 100, LENGTH - 1, LENGTH, LENGTH + 1, len(RAW) - 1]
)
def test_a_cut_file_is_refused(tmp_path, length):
    refused(tmp_path / "cut.safetensors", RAW[:length])


@pytest.mark.parametrize("size", [0, 2**20, 2**40, 2**63, 2**64 - 1])
def test_a_header_that_promises_another_length_is_refused(tmp_path, size):
    refused(tmp_path / "long.safetensors", struct.pack("<Q", size) + RAW[8:])
