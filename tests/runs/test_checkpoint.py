"""The state of a run, kept and read back."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from loqa_agents.runs.checkpoint import Checkpoints


def state(update: int) -> Any:
    return {"weights": np.arange(4, dtype=np.float32) * update, "count": np.int32(update)}


def kept_in(folder: Path) -> Path:
    """The folder with checkpoints of updates 1, 2 and 3, as far as they are kept."""
    checkpoints = Checkpoints(folder)
    for update in (1, 2, 3):
        checkpoints.save(update, state(update), {"wall_seconds": update / 2, "compile_seconds": 0})
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return kept_in(tmp_path / "kept")


def assert_restored(folder: Path, update: int) -> None:
    found = Checkpoints(folder).restore(state(0))
    assert found is not None
    assert found[0] == update
    for name, array in state(update).items():
        np.testing.assert_array_equal(found[1][name], array, strict=True)
    assert found[2] == {"wall_seconds": update / 2, "compile_seconds": 0}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_newest_two_are_kept_and_the_newest_is_read(kept: Path) -> None:
    assert names(kept) == {"2.safetensors", "3.safetensors"}
    assert_restored(kept, 3)


def test_nothing_is_read_where_nothing_was_kept(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "new").restore(state(0)) is None
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "name", ["[16,16]", "runs [old]", r"back\slash", "a b", "*?{x}", "\n", "ü"]
)
def test_any_name_of_a_folder_will_do(tmp_path: Path, name: str) -> None:
    assert_restored(kept_in(tmp_path / name), 3)
    assert names(tmp_path) == {name}


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def rename_older(path: Path) -> None:
    shutil.copy(path.with_name("2.safetensors"), path)


def rewrite(path: Path, header: dict[str, Any], arrays: dict[str, Any]) -> None:
    with safe_open(path, framework="numpy") as file:
        metadata = json.loads(file.metadata()["loqa"])
        old = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(old | arrays, path, {"loqa": json.dumps(metadata | header)})


def forget_progress(path: Path) -> None:
    rewrite(path, {"progress": {}}, {})


def change_time(path: Path) -> None:
    rewrite(path, {"progress": {"wall_seconds": 9, "compile_seconds": 0}}, {})


def change_rank(path: Path) -> None:
    rewrite(path, {}, {"weights": np.zeros((4, 1), np.float32)})


def change_type(path: Path) -> None:
    rewrite(path, {}, {"weights": np.zeros(4, np.float64)})


def promise_much(path: Path) -> None:
    arrays = {"weights": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}
    header = json.dumps(arrays).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)


DAMAGE = [
    cut, empty, flip, rename_older, forget_progress, change_time, change_rank, change_type,
    promise_much,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_behind_a_damaged_checkpoint_the_one_before_is_read(kept: Path, damage: Any) -> None:
    damage(kept / "3.safetensors")
    assert_restored(kept, 2)
    # The update that was damaged can be kept again.
    checkpoints = Checkpoints(kept)
    checkpoints.restore(state(0))
    checkpoints.save(3, state(3), {"wall_seconds": 1.5, "compile_seconds": 0})
    assert_restored(kept, 3)
    assert names(kept) == {"2.safetensors", "3.safetensors"}


@pytest.mark.parametrize("damage", DAMAGE)
def test_where_all_are_damaged_the_newest_is_named_in_one_line(kept: Path, damage: Any) -> None:
    damage(kept / "3.safetensors")
    (kept / "2.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match=r"must be whole.*3\.safetensors cannot be read") as caught:
        Checkpoints(kept).restore(state(0))
    assert "\n" not in str(caught.value)
    assert names(kept) == {"2.safetensors", "3.safetensors"}


def test_checkpoints_of_an_older_version_are_not_passed_over(kept: Path) -> None:
    shutil.rmtree(kept)
    (kept / "12" / "state").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"older version.*12"):
        Checkpoints(kept).restore(state(0))


def test_a_full_disk_is_one_error_and_keeps_what_there_was(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("loqa_agents.runs.checkpoint.write_atomically", full)
    with pytest.raises(OSError, match=r"update 4 could not be kept in .*: No space left on device"):
        Checkpoints(kept).save(4, state(4), {"wall_seconds": 0, "compile_seconds": 0})
    assert_restored(kept, 3)
