"""Algorithms that are not LOQA, from the command line to a scorecard of their agents."""

from pathlib import Path

import pytest

from loqa_agents import load_agent
from loqa_agents.common.settings import KINDS

from .folders import TINY, Loqa, results

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("advantage_alignment", ("--shaping.past", "mean")),
        ("ippo", ("--epochs", "2", "--actor.hidden", "8")),
        ("lola_dice_om", ("--inner-steps", "1", "--model-steps", "2")),
        ("pola_dice", ("--inner-steps", "1", "--steps", "2")),
    ],
)
def test_it_trains_and_its_agents_are_evaluated(
    name: str, options: tuple[str, ...], tmp_path: Path, loqa: Loqa
) -> None:
    loqa("train", "ipd", "--algorithm", name, *options, *TINY, cwd=tmp_path)
    folder = tmp_path / "runs" / f"ipd-{name}"
    assert results(folder)["algorithm"] == name
    learner = load_agent(folder / "agents" / "1.safetensors").learner
    assert learner.label == name
    assert type(learner) is KINDS.get(name, type(learner))
    said = loqa(
        "evaluate", folder, "--episodes", "128", "--response-updates", "0", cwd=tmp_path
    ).stdout
    assert "always_defect" in said


def test_lola_meets_a_naive_learner(tmp_path: Path, loqa: Loqa) -> None:
    loqa("train", "ipd", "--algorithm", "lola_dice", "--rival", "naive", *TINY, cwd=tmp_path)
    folder = tmp_path / "runs" / "ipd-lola_dice"
    assert load_agent(folder / "rivals" / "0.safetensors").learner.label == "naive"
