"""From its first instruction on, a signal ends a process of ours with one line and 128 + number."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import loqa_agents

SOURCE = str(Path(loqa_agents.__file__).parents[1])
ENTRIES = {
    "module": ["-m", "loqa_agents"],
    "console script": ["-c", "import sys; from loqa_agents.cli.main import main; sys.exit(main())"],
}
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
both = pytest.mark.parametrize("number", WORDS)

COMMAND = """
import hashlib, os, signal, sys, types
from pathlib import Path
from loqa_agents.cli import main as cli, process
from loqa_agents.common import signals
signals.GRACE = 0.1
process.use_compilation_cache = lambda: None

def deaf():  # C code that hears of no signal, as a compiler
    print("now", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)

def stubborn():
    print("now", flush=True)
    while True:
        try:
            while True:
                pass
        except KeyboardInterrupt:
            pass

def command(console):
    {body}

sys.modules["loqa_agents.cli.parser"] = types.SimpleNamespace(parse=lambda words: command)
cli.main()
"""


def signalled(
    arguments: list[str], number: int, path: str = SOURCE, signals: int = 1
) -> tuple[int, str, str]:
    """Signal a process whenever it says "now"; its exit code, and what it said beside that."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    for _ in range(signals):
        assert process.stdout.readline() == "now\n"
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def in_command(body: str, number: int, signals: int = 1) -> tuple[int, str, str]:
    code = COMMAND.format(body=body.replace("\n", "\n    "))
    return signalled(["-c", code, "play", "ipd"], number, signals=signals)


@both
@pytest.mark.parametrize("entry", ENTRIES)
def test_while_modules_are_imported(tmp_path: Path, entry: str, number: int) -> None:
    jax = "import time; print('now', flush=True); time.sleep(60)"
    (tmp_path / "jax.py").write_text(jax)
    path = os.pathsep.join([str(tmp_path), SOURCE])
    code, out, err = signalled([*ENTRIES[entry], "play", "ipd"], number, path)
    assert (code, out, err) == (128 + number, "", f"loqa: error: {WORDS[number]}.\n")


@both
@pytest.mark.parametrize(
    "busy", ["deaf()", "stubborn()", "print('now', flush=True); signal.pause()"]
)
def test_in_a_command_whatever_it_is_doing(number: int, busy: str) -> None:
    code, out, err = in_command(busy, number)
    assert (code, out, err) == (128 + number, "", f"loqa: error: {WORDS[number]}.\n")


def test_what_an_interruption_becomes_on_its_way_is_an_interruption() -> None:
    body = """try:
    print("now", flush=True); signal.pause()
except KeyboardInterrupt:
    raise RuntimeError("INTERNAL: CpuCallback error")"""
    code, out, err = in_command(body, signal.SIGINT)
    assert (code, out, err) == (130, "", "loqa: error: interrupted.\n")


def test_what_is_to_be_undone_is_undone() -> None:
    body = """try:
    print("now", flush=True); signal.pause()
finally:
    print("undone")"""
    assert in_command(body, signal.SIGINT)[:2] == (130, "undone\n")


@pytest.mark.parametrize("busy", ["deaf()", "print('now', flush=True); signal.pause()"])
def test_in_a_run_with_nothing_to_save_it_is_said_how_to_go_on(busy: str) -> None:
    body = f"""with signals.stop_signals() as caught:
    caught.at_once(lambda n: signals.InterruptedRun(Path("a run"), n, "while it started"))
    {busy}"""
    code, out, err = in_command(body, signal.SIGTERM)
    assert (code, err) == (143, "")
    assert out == (
        "Stopped while it started; all until then is saved. To go on:\n"
        "  loqa play ipd --out 'a run' --resume\n"
    )


def test_the_second_signal_ends_a_run_that_is_still_saving() -> None:
    body = """with signals.stop_signals() as caught:
    print("now", flush=True)
    while not caught:
        pass
    deaf()"""
    code, out, err = in_command(body, signal.SIGINT, signals=2)
    assert (code, out, err) == (130, "", "loqa: error: interrupted.\n")


def test_a_signal_to_a_child_process_is_not_for_its_parent() -> None:
    body = """child = os.fork()
if child == 0:
    signal.pause()
os.kill(child, signal.SIGTERM)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)"""
    assert in_command(body, signal.SIGINT, signals=0) == (0, "-15\n", "")
