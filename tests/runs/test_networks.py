"""The command line chooses the kind of network, and all that follows from it."""

from pathlib import Path

import pytest

from loqa_agents import CNN, PRESETS, load_agent
from loqa_agents.cli import main as cli
from loqa_agents.cli.parser import parse


def networks(words: str) -> list:
    learner = parse(words.split()).preset.learner  # type: ignore[attr-defined]
    return [learner.actor, learner.critic]


def test_a_network_by_name_is_as_wide_as_that_of_the_preset_and_has_options_of_its_own() -> None:
    learner = PRESETS["coin"].learner
    assert networks("train coin") == [learner.actor, learner.critic]
    assert networks("train coin --network dense_gru") == [learner.actor, learner.critic]
    actor, critic = networks(
        "train coin --network cnn --actor.channels 4 8 --actor.circular --critic.hidden 5"
    )
    assert actor == CNN((64, 64), 32, channels=(4, 8), circular=True)
    assert critic == CNN((5,), 32)


@pytest.mark.parametrize("algorithm", ["ippo", "lola_dice", "pola_dice"])
def test_algorithms_with_an_actor_take_any_network(algorithm: str) -> None:
    words = f"train coin --algorithm {algorithm} --network cnn --actor.channels 4"
    learner = parse(words.split()).preset.learner  # type: ignore[attr-defined]
    assert type(learner.actor) is CNN
    assert learner.actor.channels == (4,)
    assert not hasattr(learner, "critic") or type(learner.critic) is CNN


@pytest.mark.slow
def test_a_cnn_is_trained_saved_and_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "train coin --network=cnn --observation planes --channels-last --episode-length 4 "
        "--actor.hidden 4 --actor.memory 0 --critic.hidden 4 --critic.memory 0 "
        "--actor.channels 2 --critic.channels 2 --actor.circular --pool 0 --scripted --seeds 3 "
        f"--updates 1 --evaluate-every 1 --episodes 8 --out {tmp_path / 'run'}"
    )
    cli.main(words.split())
    agent = load_agent(tmp_path / "run" / "agents" / "3.safetensors")
    assert type(agent.learner.actor) is CNN  # type: ignore[attr-defined]
    assert agent.learner.critic == CNN((4,), channels=(2,))  # type: ignore[attr-defined]
    cli.main(["play", str(tmp_path / "run" / "agents" / "3.safetensors"), "--against", "random"])
    assert "random" in capsys.readouterr().out
