import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import pytest

import loqa_agents
from loqa_agents import cli

from .folders import TINY, Loqa, contents


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compilation cache that all runs of the tests share, which makes all but the first quick."""
    return tmp_path_factory.mktemp("compiled")


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
    """The folder of a finished tiny run; tests only read it."""
    home = tmp_path_factory.mktemp("trained")
    loqa("train", "ipd", *TINY, cwd=home)
    return home / "runs" / "ipd-loqa"


@pytest.fixture
def refused(
    tmp_path: Path,
    compiled: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., str]]:
    """Runs a command, in this process, that must be refused; gives the line that it says why in.

    The command must leave the folder that it runs in as it was.
    """
    monkeypatch.chdir(tmp_path)
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(compiled))

    def run(*arguments: object) -> str:
        files = contents(tmp_path)
        with pytest.raises(SystemExit) as end:
            cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert end.value.code == 2
        assert said.out == ""
        assert said.err.startswith("loqa: error: ")
        assert said.err.endswith("\n")
        assert len(said.err.splitlines()) == 1
        assert contents(tmp_path) == files
        return said.err

    yield run
    jax.config.update("jax_compilation_cache_dir", before)
