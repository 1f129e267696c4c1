"""Runs in environments of others: everything that a run has."""

import json
from functools import partial
from pathlib import Path

import host_environments
import jax
import numpy as np
import pytest
from host_environments import Dilemma, Leavers

from loqa_agents import Learner, Training, evaluate_agents, load_agent, run
from loqa_agents.cli import main as cli
from loqa_agents.training.host.episodes import EnvironmentFailed
from loqa_envs import environment, make_game
from loqa_envs.catalogue import ENVIRONMENTS

LEARNER = Learner(actor_steps=1, critic_steps=1)
TRAINING = Training(episodes=4, updates=4, evaluate_every=2)
GAME = environment(Dilemma, 6, seats_alike=True)


class Moody(Dilemma):
    """The same game, which may break off."""

    breaks = False
    steps = 0

    def step(self, actions):
        Moody.steps += 1
        if Moody.breaks and Moody.steps > 80:
            raise OSError("the engine\nis gone")
        return super().step(actions)


def trained(out: Path, game=GAME, seeds=(1, 2), **settings):
    training = Training(**{"episodes": 4, "updates": 4, "evaluate_every": 2} | settings)
    return run(game, LEARNER, training, seeds, out, final_episodes=8, checkpoint_seconds=0)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("finished") / "run"
    return out, trained(out)


def test_an_environment_is_known_by_the_function_that_makes_it():
    assert GAME.name == "host_environments:Dilemma"
    assert make_game(GAME.name, episode_length=6, seats_alike=True) == GAME
    assert environment(Dilemma, 7) != GAME
    assert environment(lambda: Dilemma()).name == "dilemma"
    assert environment(partial(Dilemma, 3), name="short:3").name == "short:3"


@pytest.mark.slow
def test_a_run_leaves_all_that_runs_leave(finished):
    out, results = finished
    assert results["game"] == GAME.name
    assert results["updates"] == 4
    assert results["env_steps"] == 4 * 4 * 6
    assert set(results["versus"]) == {"random"}
    records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [record["update"] for record in records] == [0, 2, 4]
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert {"agents/1.safetensors", "agents/2.safetensors", "learning_curves.png"} <= files
    # Two who defect always get -2, two who cooperate -1.
    assert all(-3 <= reward <= 0 for reward in results["self_play"])


@pytest.mark.slow
def test_agents_are_files_for_whoever_knows_the_environment(finished, monkeypatch):
    out, results = finished
    agents = [load_agent(out / "agents" / f"{seed}.safetensors") for seed in (1, 2)]
    assert agents[0].game == GAME
    again = evaluate_agents(agents, 8)
    assert again["cross_play"] == pytest.approx(results["cross_play"], abs=0.8)
    monkeypatch.delitem(ENVIRONMENTS, GAME.name)
    with pytest.raises(ValueError, match="got 'host_environments:Dilemma'"):
        load_agent(out / "agents" / "1.safetensors")


@pytest.mark.slow
def test_a_run_whose_environment_broke_off_goes_on_to_the_same_end(tmp_path, monkeypatch):
    monkeypatch.setattr(host_environments, "Moody", Moody, raising=False)
    game = environment(Moody, 6, seats_alike=True, name="host_environments:Moody")
    trained(tmp_path / "whole", game, (1,))
    monkeypatch.setattr(Moody, "breaks", True)
    monkeypatch.setattr(Moody, "steps", 0)
    said = r"^copy \d of host_environments:Moody raised OSError in step \d: the engine is gone$"
    with pytest.raises(EnvironmentFailed, match=said):
        trained(tmp_path / "cut", game, (1,))
    monkeypatch.setattr(Moody, "breaks", False)
    trained(tmp_path / "cut", game, (1,))
    whole, cut = (
        load_agent(tmp_path / name / "agents" / "1.safetensors") for name in ("whole", "cut")
    )
    jax.tree.map(np.testing.assert_array_equal, whole.actor_critic, cut.actor_critic)


@pytest.mark.slow
def test_the_command_trains_and_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(Path(host_environments.__file__).parent)
    words = "train host_environments:Leavers --algorithm naive --seeds 3 --episodes 4 --updates 2"
    out = tmp_path / "run"
    cli.main([*words.split(), "--evaluate-every", "1", "--out", str(out)])
    assert "random x2" in capsys.readouterr().out
    agent = load_agent(out / "agents" / "3.safetensors")
    assert agent.game == environment(Leavers)
    with pytest.raises(SystemExit) as end:
        cli.main([*words.split(), "--evaluate-every", "1", "--out", str(out), "--resume",
                  "--episode-length", "4"])  # fmt: skip
    assert end.value.code == 2
    assert "game.episode_length was 5, is 4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("nobody:make_env", "ModuleNotFoundError"),
        ("host_environments:nothing", "AttributeError"),
        ("host_environments:np", "make_env must be"),
        ("pettingzoo:nothing-v0", "nothing"),
    ],
)
def test_what_makes_no_environment_is_refused_in_one_line(word, said, monkeypatch, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["train", word])
    assert end.value.code == 2
    line = capsys.readouterr().err
    assert line.startswith("loqa: error: ")
    assert said in line
    assert line.count("\n") == 1
