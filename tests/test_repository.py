"""Nothing lies in the repository that does not belong there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RULES = (
    r"(README|CHANGELOG|CONTRIBUTING)\.md",
    r"LICENSE|\.gitignore|pyproject\.toml|check|\.ci/run",
    r"loqa_(envs|agents)/([a-z_]+/)*([a-z0-9_]+\.py|py\.typed)",
    r"loqa_agents/shipped/([a-z0-9_]+/)+\d+\.safetensors",
    r"loqa_agents/suite/[a-z]+-v\d+\.json",
    r"tests/([a-z]+/)*[a-z0-9_]+\.py|tests/([a-z]+/)+data/[a-z]+\.json",
    r"examples/[a-z0-9_]+\.py",
    r"benchmarks/([a-z0-9_]+\.py|LABBOOK\.md|results/[a-z0-9_]+\.json)",
    r"docs/[a-z0-9_]+\.(gif|png)|docs/[a-z]+-v\d+\.md",
)
"""Every file matches one of these as a whole; a new kind of file needs a rule of its own."""


@pytest.fixture(scope="module")
def files() -> list[str]:
    """What git keeps of this repository."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git and a clone of the repository")
    if not listed.stdout:  # a copy without a history, inside of another repository
        pytest.skip("needs a clone of the repository")
    return listed.stdout.strip("\0").split("\0")


def test_every_file_is_of_a_kind_that_belongs_here(files: list[str]) -> None:
    assert [file for file in files if not any(re.fullmatch(rule, file) for rule in RULES)] == []


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_needed(files: list[str], rule: str) -> None:
    assert any(re.fullmatch(rule, file) for file in files)
