"""Runs that are stopped, killed or damaged end as if nothing had happened."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import safe_open

from .folders import Loqa, contents, lines, results, same_but_for_times

pytestmark = pytest.mark.slow

# So many evaluations that a signal after an early one comes in the middle.
RUN = ("--updates", "60", "--evaluate-every", "2", "--episodes", "2", "--seeds", "0-1")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, loqa: Loqa) -> Path:
    home = tmp_path_factory.mktemp("uninterrupted")
    loqa("train", "ipd", *RUN, "--out", "run", cwd=home)
    return home / "run"


@pytest.fixture
def shell(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Variables of a shell that knows the command ``loqa``."""
    script = tmp_path / "bin" / "loqa"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m loqa_agents "$@"\n')
    script.chmod(0o755)
    return environment | {"PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}


def signalled(
    number: signal.Signals, at: str, variables: dict[str, str], home: Path, *arguments: str
) -> tuple[int, str]:
    """Train, send a signal at the evaluation ``at``; exit code and all that was printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "loqa_agents", "train", "ipd", *RUN, *arguments],
        cwd=home, env=variables | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith(f"update {at}/"):
            process.send_signal(number)
    process.stdout.close()
    return process.wait(300), said


def assert_equal_runs(one: Path, other: Path) -> None:
    assert contents(one / "agents") == contents(other / "agents")
    assert same_but_for_times(results(one), results(other))
    assert [line["update"] for line in lines(one)] == [line["update"] for line in lines(other)]
    assert all(map(same_but_for_times, lines(one), lines(other)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_says_how_to_go_on(
    uninterrupted: Path, shell: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    code, said = signalled(number, "4", shell, tmp_path, "--checkpoint-seconds", "1000")
    assert code == 128 + number
    out = tmp_path / "runs" / "ipd-loqa"
    assert not (out / "results.json").exists()
    before = lines(out)
    assert 4 <= before[-1]["update"] < 60
    (newest,) = (out / "checkpoints").iterdir()
    assert f"Stopped before update {newest.stem};" in said
    with safe_open(newest, framework="numpy") as file:
        spent = json.loads(file.metadata()["loqa"])["progress"]

    command = said.splitlines()[-1].strip()
    assert command.startswith("loqa train ipd")
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=shell, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert_equal_runs(out, uninterrupted)
    assert lines(out)[: len(before)] == before
    times = [line["wall_seconds"] for line in lines(out)]
    assert times == sorted(times)
    found = results(out)
    assert found["wall_seconds"] > max(times[-1], spent["wall_seconds"])
    assert found["compile_seconds"] > spent["compile_seconds"] > 0


@pytest.mark.parametrize(("seconds", "kept"), [("0", True), ("1000", False)])
def test_a_killed_run_is_resumed_from_what_it_kept(
    uninterrupted: Path, shell: dict[str, str], loqa: Loqa, tmp_path: Path, seconds: str, kept: bool
) -> None:
    options = ("--out", "run", "--checkpoint-seconds", seconds)
    code, _ = signalled(signal.SIGKILL, "8", shell, tmp_path, *options)
    assert code == -signal.SIGKILL
    out = tmp_path / "run"
    assert not (out / "results.json").exists()
    assert (out / "checkpoints").exists() == kept
    if kept:  # one was lost with the machine
        updates = [int(path.stem) for path in (out / "checkpoints").glob("*.safetensors")]
        (out / "checkpoints" / f"{max(updates)}.safetensors").write_bytes(b"")
    before = lines(out)[-1]["wall_seconds"]
    with (out / "metrics.jsonl").open("a") as file:
        file.write('{"update": 10, "env_st')  # a line that was cut
    loqa("train", "ipd", *RUN, *options, "--resume", cwd=tmp_path)
    assert_equal_runs(out, uninterrupted)
    times = [line["wall_seconds"] for line in lines(out)]
    assert times == sorted(times)
    assert results(out)["wall_seconds"] > times[-1] > before  # what was lost took time, too


def test_a_full_disk_ends_in_one_line_and_costs_nothing(
    uninterrupted: Path, loqa: Loqa, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", disk],
            check=True, capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a small disk")
    try:
        options = ("--out", disk / "run", "--checkpoint-seconds", "0")
        said = loqa("train", "ipd", *RUN, *options, cwd=tmp_path, code=2).stderr
        assert said.startswith("loqa: error: the folder of a run must stay writable; ")
        assert "No space left on device" in said
        assert len(said.splitlines()) == 1
        subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
        loqa("train", "ipd", *RUN, *options, "--resume", cwd=tmp_path)
        assert_equal_runs(disk / "run", uninterrupted)
    finally:
        subprocess.run(["umount", disk], check=True)
