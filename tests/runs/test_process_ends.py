"""How a process of the command line ends where its surroundings fail it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
LOQA = f"{sys.executable} -m loqa_agents"


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=120,
        env=os.environ | {"LOQA": LOQA} | environment, check=False,
    )  # fmt: skip


def test_a_platform_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    done = shell("$LOQA train ipd --updates 1", tmp_path, JAX_PLATFORMS="nonsense")
    assert done.returncode == 2
    assert done.stderr.startswith("loqa: error: JAX_PLATFORMS must name platforms that JAX finds")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_gpu_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    check = "import jax; jax.devices()"
    if not shell(f"{sys.executable} -c '{check}'", tmp_path, JAX_PLATFORMS="gpu").returncode:
        pytest.skip("there is a GPU")
    done = shell("$LOQA train ipd --updates 1", tmp_path, JAX_PLATFORMS="gpu")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "got 'gpu'" in done.stderr


@pytest.mark.parametrize("words", ["--help", "train --help", "play ipd"])
def test_a_reader_that_has_seen_enough_hears_of_no_error(words: str, tmp_path: Path) -> None:
    done = shell(f"set -o pipefail; $LOQA {words} | true", tmp_path)
    assert done.returncode in (0, 1)
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has such a device")
@pytest.mark.parametrize("words", ["--help", "--version", "play ipd"])
def test_output_that_cannot_be_written_is_said_in_one_line(words: str, tmp_path: Path) -> None:
    done = shell(f"$LOQA {words} > /dev/full", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("loqa: error: ")
    assert "No space left on device" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_output_that_is_closed_is_no_error(tmp_path: Path) -> None:
    done = shell("$LOQA --help >&-", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
