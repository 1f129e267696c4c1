"""The folder of a run belongs to one process, and nothing in it is lost."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loqa_agents.common.files import read_json
from loqa_agents.runs.folder import _OBJECT, Kind, claim

from .folders import contents

CONFIG = {"learner": {"rate": 1}, "seeds": [1, 2], "versions": {}}
KIND = Kind(
    "training",
    identity=("learner", "seeds"),
    read=lambda path: read_json(path, _OBJECT),
    files=lambda config: "result|agents/((1|2)\\.bin)?",
)


def begin(
    out: Path | None, config: Any = CONFIG, resume: Any = False, overwrite: Any = False
) -> Any:
    with claim(out, "ipd-loqa", KIND, config, resume, overwrite) as claimed:
        claimed.begin(config)
        return claimed


def finished(out: Path) -> Path:
    begin(out)
    (out / "result").write_text("1.0")
    (out / "agents").mkdir()
    (out / "agents" / "1.bin").write_text("")
    return out


def test_nothing_changes_before_the_run_begins(tmp_path: Path) -> None:
    old = finished(tmp_path / "old")
    before = contents(tmp_path)
    for out, options in (
        (tmp_path / "new", {}), (old, {"resume": True}), (old, {"overwrite": True}), (None, {})
    ):  # fmt: skip
        given = {"resume": False, "overwrite": False} | options
        with claim(out, "ipd-loqa", KIND, CONFIG, **given):
            assert contents(tmp_path) == before
    assert contents(tmp_path) == before


@pytest.mark.parametrize("choice", [{"resume": True}, {"resume": None}, {"overwrite": True}])
def test_a_folder_in_use_is_refused_until_it_is_free(tmp_path: Path, choice: Any) -> None:
    out = tmp_path / "run"
    with claim(out, "", KIND, CONFIG, resume=False, overwrite=False) as claimed:
        claimed.begin(CONFIG)
        (out / "result").write_text("")
        with pytest.raises(ValueError, match="in use"):
            begin(out, **choice)
        assert (out / "result").exists()
    begin(out, **choice)


@pytest.mark.parametrize("resume", [True, None])
def test_a_run_goes_on_with_what_may_change(tmp_path: Path, resume: bool | None) -> None:
    out = finished(tmp_path / "run")
    newer = CONFIG | {"versions": {"jax": "9"}}
    assert begin(out, newer, resume=resume).recorded == CONFIG
    assert json.loads((out / "config.json").read_text()) == newer
    assert (out / "result").exists()


@pytest.mark.parametrize("resume", [True, None])
def test_another_configuration_is_refused_with_what_differs(
    tmp_path: Path, resume: bool | None
) -> None:
    out = finished(tmp_path / "run")
    before = contents(tmp_path)
    other = CONFIG | {"learner": {"rate": 2}, "seeds": [1, 2, 3]}
    with pytest.raises(
        ValueError, match=r"learner\.rate was 1, is 2; seeds was \[1, 2\], is \[1, 2, 3\]"
    ):
        begin(out, other, resume=resume)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("choice", [{}, {"resume": None}, {"overwrite": True}])
def test_an_empty_folder_is_as_good_as_a_new_one(tmp_path: Path, choice: Any) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / f".loqa-{'0' * 16}.partial").write_text("of a write that was killed")
    begin(tmp_path / "run", **choice)
    assert (tmp_path / "run" / "config.json").exists()


@pytest.mark.parametrize("name", ["new", "empty", "notes"])
def test_there_must_be_a_run_to_go_on(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("")
    with pytest.raises(ValueError, match=r"--resume needs .* no file .*config\.json"):
        begin(tmp_path / name, resume=True)


@pytest.mark.parametrize("choice", [{}, {"resume": None}, {"overwrite": True}])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, choice: Any) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    before = contents(tmp_path)
    with pytest.raises(ValueError, match="thesis"):
        begin(tmp_path / "thesis", **choice)
    assert contents(tmp_path) == before


def test_the_folder_of_a_league_is_not_one_of_a_training(tmp_path: Path) -> None:
    out = finished(tmp_path / "run")
    (out / "config.json").write_text('{"entrants": []}')
    for choice in ({"resume": True}, {"resume": None}, {"overwrite": True}):
        with pytest.raises(ValueError, match="is the folder of a league"):
            begin(out, **choice)


def test_overwriting_removes_what_a_run_wrote(tmp_path: Path) -> None:
    out = finished(tmp_path / "run")
    (out / f".loqa-{'a' * 16}.partial").write_text("of a write that was killed")
    newer = CONFIG | {"seeds": [9]}
    begin(out, newer, overwrite=True)
    assert [path.name for path in out.iterdir()] == ["config.json"]
    assert json.loads((out / "config.json").read_text()) == newer


def test_overwriting_is_refused_beside_anything_else(tmp_path: Path) -> None:
    (tmp_path / "treasure").mkdir()
    (tmp_path / "treasure" / "gold").write_text("")
    foreign = {
        "thesis.tex": lambda path: path.write_text("years of work"),
        "result.partial": lambda path: path.write_text("the user's own"),
        "agents/3.bin": lambda path: path.write_text("an agent of another run"),
        "agents/notes/": lambda path: path.mkdir(),
        "empty/": lambda path: path.mkdir(),
        "link": lambda path: path.symlink_to(tmp_path / "treasure"),
    }
    for name, make in foreign.items():
        out = finished(tmp_path / name.strip("/").replace("/", "-"))
        make(out / name)
        before = contents(tmp_path)
        with pytest.raises(ValueError, match=rf"--overwrite .* also has {name}\."):
            begin(out, overwrite=True)
        assert contents(tmp_path) == before


def test_a_cut_overwrite_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = finished(tmp_path / "run")
    (out / "agents" / "2.bin").write_text("")
    unlink, removed = Path.unlink, []

    def fail(path: Path, missing_ok: bool = False) -> None:
        if removed:
            raise OSError("killed")
        removed.append(path)
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", fail)
        with pytest.raises(OSError, match="killed"):
            begin(out, overwrite=True)
    assert (out / "config.json").exists()
    begin(out, overwrite=True)
    assert [path.name for path in out.iterdir()] == ["config.json"]


OURS = ("result", "agents/1.bin", "agents/2.bin", ".loqa-0123456789abcdef.partial")
NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1)
NEAR = st.sampled_from(["1.bin", "3.bin", "Result", "result ", "agents", "config.json.old", "..."])
PATHS = st.lists(NAMES | NEAR, min_size=1, max_size=3).map("/".join)


@given(ours=st.sets(st.sampled_from(OURS)), paths=st.sets(PATHS, max_size=3))
def test_whatever_else_is_in_a_folder_stays(ours: set[str], paths: set[str]) -> None:
    with TemporaryDirectory() as folder:
        out = finished(Path(folder) / "run")
        shutil.rmtree(out / "agents")
        for path in [*ours, *paths]:
            try:
                (out / path).parent.mkdir(parents=True, exist_ok=True)
                (out / path).touch()
            except OSError:  # too long, no name at all, or below what is a file
                continue
        before = contents(out)
        ours_now = {*OURS, "config.json"} | ({"agents"} if (out / "agents").is_dir() else set())
        kept = before.keys() - ours_now
        if not kept:
            begin(out, overwrite=True)
            assert [path.name for path in out.iterdir()] == ["config.json"]
            return
        with pytest.raises(ValueError, match="All is left alone") as refusal:
            begin(out, overwrite=True)
        assert contents(out) == before
        assert len(str(refusal.value).splitlines()) == 1


def test_numbered_folders_skip_what_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "ipd-loqa-2").mkdir(parents=True)
    names = [str(begin(None).path) for _ in range(3)]
    assert names == ["runs/ipd-loqa", "runs/ipd-loqa-3", "runs/ipd-loqa-4"]
