import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

import loqa_agents

from .folders import TINY, Loqa


@pytest.fixture(scope="session")
def environment(compiled: Path) -> dict[str, str]:
    source = str(Path(loqa_agents.__file__).parents[1])
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([source, os.environ.get("PYTHONPATH", "")]),
        "PYTHONWARNINGS": "error",
        "JAX_COMPILATION_CACHE_DIR": str(compiled),
        "JAX_PLATFORMS": "cpu",
        "COLUMNS": "80",
    }


@pytest.fixture(scope="session")
def loqa(environment: dict[str, str]) -> Loqa:
    """The command line in a process of its own, from the folder ``cwd``."""

    def run(
        *arguments: object, cwd: Path, code: int = 0, **variables: str | None
    ) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "-m", "loqa_agents", *map(str, arguments)],
            cwd=cwd,
            env={k: v for k, v in (environment | variables).items() if v is not None},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, loqa: Loqa) -> Path:
    """The folder of a finished tiny run, one for all processes of the tests, which only read it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home = shared / "trained"
    with (shared / "trained.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "runs").exists():
            home.mkdir()
            loqa("train", "ipd", *TINY, cwd=home)
    return home / "runs" / "ipd-loqa"
