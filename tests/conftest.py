"""What every test runs under, set before JAX is imported; child processes inherit it."""

import gc
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Windows are drawn unseen.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
# Most of the suite's time is XLA's: equal programs are compiled once, and as quickly as can be,
# unless the environment says otherwise (which pays where programs run for longer).
_cache = tempfile.TemporaryDirectory(prefix="loqa-tests-")
os.environ["JAX_COMPILATION_CACHE_DIR"] = _cache.name
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
QUICK = "--xla_backend_optimization_level=0"
if tuple(map(int, version("jaxlib").split(".")[:2])) >= (0, 8):  # older ones do not know it
    QUICK += " --xla_cpu_use_fusion_emitters=false"
os.environ.setdefault("XLA_FLAGS", QUICK)

# HYPOTHESIS_PROFILE=large looks further, for a night; the same every time by default.
settings.register_profile("small", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("large", max_examples=5_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "small"))

LONGEST = 60
"""Seconds after which a command that should be refused hangs."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise ``TimeoutError`` within, where it takes longer."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder, and what is in the files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="module", autouse=True)
def _forgotten_programs() -> Iterator[None]:
    """A file's programs go with it: a process that keeps those of all files takes gigabytes.

    What another file compiles again it finds in the cache on disk.
    """
    yield
    if "jax" in sys.modules:
        import jax

        from loqa_envs.memory import give_back_memory

        jax.clear_caches()
        gc.collect()
        give_back_memory()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compilation cache that all runs of the tests share, which makes all but the first quick."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def refused(
    tmp_path: Path,
    compiled: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., str]]:
    """Runs a command, in this process, that must be refused; gives the line that it says why in.

    The command must leave the folder that it runs in as it was, and must not hang.
    """
    import jax

    from loqa_agents.cli import main as cli

    monkeypatch.chdir(tmp_path)
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(compiled))

    def run(*arguments: object) -> str:
        files = contents(tmp_path)
        with pytest.raises(SystemExit) as end, time_limit(LONGEST):
            cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert end.value.code == 2, said.err
        assert said.out == ""
        assert said.err.startswith("loqa: error: ")
        assert said.err.endswith("\n")
        assert len(said.err.splitlines()) == 1
        assert contents(tmp_path) == files
        return said.err

    yield run
    jax.config.update("jax_compilation_cache_dir", before)


@pytest.fixture(scope="session")
def mixed_game() -> Any:
    """A game whose seats see a dictionary of all kinds of arrays."""
    from dataclasses import dataclass

    import numpy as np

    from loqa_envs import Leaf, ObservationSpec, Random, Rules, ScriptedPolicy
    from loqa_envs.arrays import array_namespace

    @dataclass(frozen=True)
    class Echo(ScriptedPolicy):
        """Plays what the other played before, as it reads in its own dictionary."""

        num_actions: int = 3

        def choose(self, carry: Any, observation: Any, noise: Any) -> Any:
            return observation["last"][1], carry

    @dataclass(frozen=True)
    class Mixed(Rules):
        """Who plays what the other played before is paid; the state is the last joint action."""

        alike: bool = True
        episode_length: int = 5

        name = "mixed"
        num_players = 2
        num_actions = 3
        action_names = ("a", "b", "c")
        reward_range = (0.0, 1.0)
        observation_spec = ObservationSpec(  # type: ignore[assignment]
            {
                "last": Leaf((2,), "categories", 2),
                "board": Leaf((4, 5, 2), "image"),
                "tilt": Leaf((1,), low=-1),
            }
        )

        @property
        def seats_alike(self) -> bool:
            return self.alike

        def initial_state(self, noise: Any) -> Any:
            return array_namespace(noise).zeros(2, np.int32)

        def transition(self, state: Any, actions: Any, noise: Any) -> Any:
            rewards = (actions == state[::-1]).astype(np.float32)
            return actions.astype(np.int32), rewards, {"matched": rewards}

        def observe(self, state: Any) -> Any:
            xp = array_namespace(state)
            own = xp.stack([state, state[::-1]], 1)  # [P, 2], own last action first
            board = (own[:, None, None] == xp.arange(5, dtype=np.int32)[None, None, :, None]) * 255
            board = board * xp.ones((1, 4, 1, 1), np.int32)
            return {
                "last": own,
                "board": board.astype(np.uint8),
                "tilt": (own[:, :1] - own[:, 1:]).astype(np.float32) / 2,
            }

        def scripted_players(self, seat: int) -> Any:
            return {"random": Random(3), "echo": Echo()}

        def render(self, state: Any) -> str:
            return str(state)

    return Mixed()
