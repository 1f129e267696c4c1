"""A person at the keyboard against a player."""

import os
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from loqa_agents.cli import main as cli
from loqa_agents.cli.human import keys_of
from loqa_envs import IPD

HEARS_CTRL_C = """
import os, sys
os.close(os.open(os.ttyname(0), os.O_RDWR))
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Becomes another program, whose terminal is what standard input is."""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What is printed in a game in which keys are typed into a pipe, and the exit code."""

    def play(keys: str, *words: str) -> tuple[str, str, int]:
        reader, writer = os.pipe()
        os.write(writer, keys.encode())
        os.close(writer)
        code = 0
        with os.fdopen(reader) as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            try:
                cli.main(["play", *words, "--human"])
            except SystemExit as end:
                code = end.code
        captured = capsys.readouterr()
        return captured.out, captured.err, code

    return play


def test_each_key_is_a_step_after_which_board_and_rewards_are_shown(said) -> None:
    out, err, code = said("cD\nx1q", "ipd", "--against", "tit_for_tat")
    assert (err, code) == ("", 0)
    lines = out.splitlines()
    assert lines[0] == "In ipd you are player 0, player 1 is tit_for_tat."
    assert lines.count("Keys: C (0, c), D (1, d), quit (q).") == 2  # again after x
    steps = [line for line in lines if line.startswith("step")]
    assert steps == [
        "step 1 of 50: you -1 (-1), tit_for_tat -1 (-1)",
        "step 2 of 50: you +0 (-1), tit_for_tat -3 (-4)",
        "step 3 of 50: you -2 (-3), tit_for_tat -2 (-6)",
    ]
    assert lines[-1].split() == ["D", "0,", "-3", "[-2,", "-2]"]


def test_a_whole_episode_ends_as_others_do(said, tmp_path: Path) -> None:
    film = tmp_path / "film.gif"
    out, err, code = said("d" * 50, "ipd", "--against", "always_cooperate", "--gif", str(film))
    assert (err, code) == ("", 0)
    assert out.splitlines()[-1] == "Mean reward per step: you 0.000, always_cooperate -3.000"
    assert film.stat().st_size > 0


def test_standard_input_that_ends_early_is_an_error_of_one_line(said) -> None:
    out, err, code = said("cc", "ipd")
    assert "step 2 of 50" in out
    assert err == (
        "loqa: error: standard input must hold a key for each step; it ended before the episode.\n"
    )
    assert code == 2


@pytest.mark.slow
def test_arrows_and_letters_move_against_a_trained_agent(said) -> None:
    out, _, code = said("w\x1b[Aa\x1bOB3q", "coin3x3/loqa/42")
    assert code == 0
    assert "player 1 is coin3x3/loqa/42." in out
    assert "step 5 of 50: " in out
    assert "left (0, arrow, a), right (1, arrow, d), up (2, arrow, w), down (3, arrow, s)" in out


def test_letters_that_two_actions_share_or_that_quit_are_no_keys() -> None:
    assert keys_of(IPD()) == {"0": 0, "1": 1, "c": 0, "d": 1}
    for names in (("quit", "stay"), ("stay", "stop")):
        game = type("Named", (IPD,), {"action_names": names})()
        assert set(keys_of(game)) == {"0", "1"}


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "code"), [(b"cq", 0), (b"c\x03", 130)])
def test_the_terminal_is_afterwards_as_it_was(
    typed: bytes, code: int, environment: dict[str, str]
) -> None:
    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    command = [
        sys.executable,
        "-c",
        HEARS_CTRL_C,
        sys.executable,
        *["-m", "loqa_agents", "play", "ipd", "--human"],
    ]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
        start_new_session=True,
    )  # fmt: skip
    seen = b""
    while b"[-" not in seen and b"-3, 0" not in seen:  # the board
        seen += os.read(ours, 1000)
    assert not termios.tcgetattr(theirs)[3] & termios.ICANON
    os.write(ours, typed[:1])
    while b"step 1 of 50" not in seen:
        seen += os.read(ours, 1000)
    os.write(ours, typed[1:])
    assert process.wait(60) == code
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
