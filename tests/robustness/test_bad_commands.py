"""Every bad command line of the table ends in one line and exit code 2, and touches nothing."""

from pathlib import Path

import pytest

from loqa_agents.cli.main import main

from .bad_commands import NUMBERS, OTHERS


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Runs a command line that must be refused; returns the one line that is said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "mine.txt").write_text("mine")

    def run(words: list[str]) -> str:
        with pytest.raises(SystemExit) as end:
            main(words)
        out, err = capsys.readouterr()
        assert end.value.code == 2
        assert not out
        assert err.startswith("loqa: error: ")
        assert err.endswith("\n")
        assert len(err.splitlines()) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
        return err

    return run


@pytest.mark.parametrize("words", NUMBERS, ids=lambda words: ascii(" ".join(words)))
def test_an_option_out_of_its_range_is_named(refused, words):
    said = refused(list(words))
    name = words[-1].split("=")[0].removeprefix("--").split(".")[-1]
    assert name in said or name.replace("-", "_") in said


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: ascii(" ".join(row[:2]))[:80])
def test_a_bad_command_is_answered_by_what_must_hold(refused, row):
    command, rest, words = row
    assert words in refused([*command.split(), *rest.split()])


def test_the_table_is_large():
    assert len(NUMBERS) + len(OTHERS) >= 300
