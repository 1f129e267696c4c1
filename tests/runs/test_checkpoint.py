"""The state of a run, kept and read back."""

import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loqa_agents.checkpoint import Checkpoints


def state(update: int) -> Any:
    return {"weights": np.arange(4, dtype=np.float32) * update, "count": np.int32(update)}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder of the checkpoints of updates 1, 2 and 3, as far as they are kept."""
    with closing(Checkpoints(tmp_path / "kept")) as checkpoints:
        for update in (1, 2, 3):
            checkpoints.save(update, state(update), {"wall_seconds": update / 2})
    return tmp_path / "kept"


def restored(folder: Path) -> Any:
    with closing(Checkpoints(folder)) as checkpoints:
        return checkpoints.restore(state(0))


def assert_restored(folder: Path, update: int) -> None:
    found = restored(folder)
    assert found[0] == update
    np.testing.assert_array_equal(found[1]["weights"], state(update)["weights"])
    assert found[1]["count"] == update
    assert found[2] == {"wall_seconds": update / 2}


def test_the_newest_two_are_kept_and_the_newest_is_read(kept: Path) -> None:
    assert {path.name for path in kept.iterdir()} == {"2", "3"}
    assert_restored(kept, 3)


def test_nothing_is_read_where_nothing_was_kept(tmp_path: Path) -> None:
    assert restored(tmp_path / "new") is None


def test_a_checkpoint_that_was_being_written_does_not_count(kept: Path) -> None:
    shutil.copytree(kept / "3", kept / "4.orbax-checkpoint-tmp")
    assert_restored(kept, 3)


@pytest.mark.parametrize("file", ["state/_METADATA", "progress/metadata"])
@pytest.mark.parametrize("size", [0, 10])
def test_behind_a_damaged_checkpoint_the_one_before_is_read(
    kept: Path, file: str, size: int
) -> None:
    os.truncate(kept / "3" / file, size)
    assert_restored(kept, 2)
    # The update that was damaged can be kept again.
    with closing(Checkpoints(kept)) as checkpoints:
        checkpoints.save(3, state(3), {"wall_seconds": 1.5})
    assert_restored(kept, 3)


def test_where_all_are_damaged_the_newest_is_named(kept: Path) -> None:
    for update in "23":
        os.truncate(kept / update / "state" / "_METADATA", 0)
    with pytest.raises(ValueError, match="the checkpoint of update 3 must be whole"):
        restored(kept)
    assert {path.name for path in kept.iterdir()} == {"2", "3"}


def test_a_full_disk_is_one_error_and_keeps_what_there_was(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(kept)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with (
        closing(Checkpoints(kept)) as checkpoints,
        pytest.raises(OSError, match=r"update 4 could not be kept in .*: No space left on device"),
    ):
        checkpoints.save(4, state(4), {})
    assert_restored(kept, 3)
