"""The README is run, and its figures are those of the benchmarks."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from loqa_agents.cli import main as cli
from loqa_agents.reports.league import cell, number
from loqa_agents.reports.pictures import title
from loqa_agents.reports.suite import markdown, page
from loqa_agents.suite.suites import SUITES, rows_of, stored

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]


def test_the_readme_has_examples_and_commands():
    assert len(EXAMPLES) >= 5
    assert COMMANDS[:2] == ["pip install . && loqa train ipd", 'pip install ".[test]" && pytest']


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.strip().splitlines()[-1][:40])
def test_every_example_runs(example, tmp_path):
    subprocess.run([sys.executable, "-W", "error", "-c", example], cwd=tmp_path, check=True)


@pytest.mark.parametrize("command", [c for c in COMMANDS if "loqa " in c])
def test_every_command_is_known(command, tmp_path, capsys, monkeypatch):
    """Its words are understood: ``--help`` beside them is refused where one is not."""
    words = shlex.split(command[command.index("loqa ") :], comments=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit) as end:
        cli.main([*words[1:], "--help"])
    said = capsys.readouterr()
    assert end.value.code == 0, said.err
    assert "usage: loqa" in said.out
    flags = [word for word in words if word.startswith("--")]
    assert all(flag in said.out for flag in flags)


@pytest.mark.parametrize("name", re.findall(r"<!-- from (\S+\.json) -->", README))
def test_the_tables_are_what_the_benchmarks_measured(name):
    report = json.loads((ROOT / "benchmarks" / "results" / name).read_text())
    for row in report["targets"]:
        measured = row["measured"] if isinstance(row["measured"], str) else f"{row['measured']:,}"
        assert f"| {row['what']} | {row['target']} | {measured} |" in README


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!http)[^)#]+)\)", README))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("name", re.findall(r"<!-- league from (\S+\.json) -->", README))
def test_the_table_of_a_league_is_what_was_played(name):
    data = json.loads((ROOT / "benchmarks" / "results" / name).read_text())
    rewards = data["by_team"]["reward"]["mean"]
    for team, means in zip(data["teams"], rewards, strict=True):
        assert f"| {team} | {' | '.join(map(number, means))} |" in README


@pytest.mark.parametrize("name", re.findall(r"<!-- card from (\S+\.json) -->", README))
def test_the_card_is_what_was_played(name):
    card = json.loads((ROOT / "benchmarks" / "results" / name).read_text())
    for line in card["lines"]:
        cells = [title(line)]
        cells += ["" if line[who] is None else cell(line[who]) for who in ("agent", "opponent")]
        assert f"| {' | '.join(cells)} |" in README


@pytest.mark.parametrize("game", ["ipd", "coin3x3"])
def test_rows_of_the_suite_are_those_that_are_stored(game):
    own = rows_of(game, stored("dilemmas-v1")["rows"])
    assert own
    assert f"<!-- rows of {game} in dilemmas-v1 -->\n{markdown(own.items())}" in README


@pytest.mark.parametrize("suite", sorted(SUITES))
def test_the_page_of_a_suite_has_all_that_is_stored(suite):
    assert (ROOT / "docs" / f"{suite}.md").read_text() == page(suite, stored(suite))
