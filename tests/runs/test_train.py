"""What a training run leaves behind."""

import json
import math
import shutil
from importlib.util import find_spec
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

from loqa_agents import PRESETS, Trainer, Training, load_agent, run, save_agent
from loqa_agents.common.settings import from_dict, game_from_dict
from loqa_agents.runs.loggers import Logger
from loqa_envs import SITUATIONS

from .folders import TINY, Loqa, contents, lines, results, same_but_for_times

pytestmark = pytest.mark.slow

PLAYERS = list(PRESETS["ipd"].game.scripted_players(1))


def test_a_run_leaves_what_it_promises(trained: Path) -> None:
    files = {path for path in contents(trained) if not path.startswith("checkpoints")}
    assert files == {
        "config.json",
        "metrics.jsonl",
        "results.json",
        "agents",
        "agents/0.safetensors",
        "agents/1.safetensors",
        "learning_curves.png",
        "cooperation.png",
    }


def test_results_have_the_documented_fields_and_lengths(trained: Path) -> None:
    found = results(trained)
    assert list(found) == [
        "game", "algorithm", "seeds", "updates", "env_steps", "wall_seconds", "compile_seconds",
        "self_play", "cross_play", "versus", "cooperation",
    ]  # fmt: skip
    assert (found["game"], found["algorithm"], found["seeds"]) == ("ipd", "loqa", [0, 1])
    assert found["updates"] == 20
    assert found["env_steps"] == 20 * 4 * 50  # updates, episodes, steps
    assert 0 < found["compile_seconds"] < found["wall_seconds"]
    assert len(found["self_play"]) == 2
    assert len(found["cross_play"]) == 1
    assert list(found["versus"]) == PLAYERS
    assert all(list(met) == ["agent", "opponent"] for met in found["versus"].values())
    assert list(found["cooperation"]) == list(SITUATIONS)
    assert all(0 <= rate <= 1 for rates in found["cooperation"].values() for rate in rates)
    rewards = [found["self_play"], found["cross_play"]]
    rewards += [numbers for met in found["versus"].values() for numbers in met.values()]
    assert all(-3 <= reward <= 0 for numbers in rewards for reward in numbers)
    per_seed = [*found["cooperation"].values()]
    per_seed += [numbers for met in found["versus"].values() for numbers in met.values()]
    assert all(len(numbers) == 2 for numbers in per_seed)


def test_there_is_one_line_of_metrics_an_evaluation(trained: Path) -> None:
    found = lines(trained)
    assert [line["update"] for line in found] == [0, 10, 20]
    assert [line["env_steps"] for line in found] == [0, 2000, 4000]
    times = [line["wall_seconds"] for line in found]
    assert times == sorted(times)
    for line in found:
        assert len(line["self_play"]) == 2
        assert list(line["versus"]) == PLAYERS
    for line in found[1:]:
        for name in ("actor_loss", "critic_loss", "entropy"):
            assert len(line[name]) == 2
            assert all(map(math.isfinite, line[name]))


def test_the_configuration_makes_the_run_again(trained: Path) -> None:
    config = json.loads((trained / "config.json").read_text())
    preset = PRESETS["ipd"]
    assert game_from_dict(config["game"]) == preset.game
    assert from_dict(type(preset.learner), config["learner"]) == preset.learner
    assert from_dict(Training, config["training"]) == Training(
        updates=20, evaluate_every=10, episodes=4
    )
    assert config["seeds"] == [0, 1]
    (session,) = config["sessions"]
    assert session["versions"]["jax"] == jax.__version__
    assert {"python", "loqa", "jaxlib", "flax", "optax", "numpy"} <= set(session["versions"])
    assert session["devices"] == config["devices"]
    assert config["devices"]["platform"] == "cpu"


@pytest.mark.parametrize("seed", [0, 1])
def test_an_agent_is_read_as_it_was_written(trained: Path, tmp_path: Path, seed: int) -> None:
    path = trained / "agents" / f"{seed}.safetensors"
    agent = load_agent(path)
    assert agent.seed == seed
    assert agent.game == PRESETS["ipd"].game
    assert agent.learner == PRESETS["ipd"].learner
    save_agent(tmp_path / "copy.safetensors", agent)
    assert (tmp_path / "copy.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_agents_hold_what_training_ended_with(trained: Path) -> None:
    preset = PRESETS["ipd"]
    trainer = Trainer(
        preset.game, preset.learner, Training(updates=20, evaluate_every=10, episodes=4), (0, 1),
        jax.devices()[:1],
    )  # fmt: skip
    state, _ = trainer.advance(trainer.init(), 0, 20)
    for i, seed in enumerate((0, 1)):
        params = load_agent(trained / "agents" / f"{seed}.safetensors").actor_critic
        expected = jax.tree.map(lambda leaf, i=i: leaf[i], state.learners[0].params)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), params, expected)


@pytest.mark.parametrize("name", ["learning_curves.png", "cooperation.png"])
def test_pictures_open_and_show_something(trained: Path, name: str) -> None:
    with Image.open(trained / name) as picture:
        assert picture.format == "PNG"
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape[0] >= 400
    assert pixels.shape[1] >= 600
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20
    assert 0.005 < (pixels.min(-1) < 250).mean() < 0.6


@pytest.mark.slow
def test_the_same_command_twice_makes_two_equal_runs(loqa: Loqa, tmp_path: Path) -> None:
    said = [loqa("train", "ipd", *TINY, cwd=tmp_path).stdout for _ in range(2)]
    first, second = (tmp_path / "runs" / name for name in ("ipd-loqa", "ipd-loqa-2"))
    assert "runs/ipd-loqa." in said[0]
    assert "runs/ipd-loqa-2." in said[1]
    assert contents(first / "agents") == contents(second / "agents")
    assert same_but_for_times(results(first), results(second))
    for one, other in zip(lines(first), lines(second), strict=True):
        assert same_but_for_times(one, other)


@pytest.mark.slow
def test_overwrite_replaces_a_run(loqa: Loqa, trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "old")
    other = ("--seeds", "5", "--algorithm", "naive")
    loqa("train", "ipd", *TINY, *other, "--out", "old", "--overwrite", cwd=tmp_path)
    assert results(tmp_path / "old")["algorithm"] == "naive"
    assert results(tmp_path / "old")["cross_play"] == []
    assert set(contents(tmp_path / "old" / "agents")) == {"5.safetensors"}


@pytest.mark.slow
def test_two_learners_leave_agents_and_rivals(loqa: Loqa, tmp_path: Path) -> None:
    log = ["--tensorboard"] if find_spec("tensorboardX") else []
    options = ("--rival", "naive", "--out", "two", *log)
    assert "rival" in loqa("train", "ipd", *TINY, *options, cwd=tmp_path).stdout
    assert len(list((tmp_path / "two").glob("tensorboard/events*"))) == len(log)
    found = results(tmp_path / "two")
    assert list(found["versus"]) == [*PLAYERS, "rival"]
    assert list(found["versus"]["rival"]) == ["agent", "opponent"]
    assert all(len(numbers) == 2 for numbers in found["versus"]["rival"].values())
    agents, rivals = (contents(tmp_path / "two" / name) for name in ("agents", "rivals"))
    assert set(agents) == set(rivals) == {"0.safetensors", "1.safetensors"}
    assert agents["0.safetensors"] != rivals["0.safetensors"]
    assert load_agent(tmp_path / "two/agents/0.safetensors").learner.algorithm == "loqa"
    assert load_agent(tmp_path / "two/rivals/0.safetensors").learner.algorithm == "naive"
    said = loqa(
        "play", "two/agents/1.safetensors", "--against", "two/rivals/1.safetensors", cwd=tmp_path
    ).stdout
    assert "Mean reward per step" in said


@pytest.mark.slow
def test_a_run_that_breaks_says_so_and_keeps_its_checkpoints(tmp_path: Path) -> None:
    class Breaks(Logger):
        closed = False

        def log(self, record: dict) -> None:
            if record["update"] == 4:
                raise OSError("the logger broke")

        def close(self) -> None:
            self.closed = True

    preset, logger = PRESETS["ipd"], Breaks()
    training = Training(updates=8, evaluate_every=2, episodes=2)
    with pytest.raises(OSError, match="the logger broke"):
        run(preset.game, preset.learner, training, (0,), tmp_path, [logger], 0.0)
    assert logger.closed
    assert (tmp_path / "checkpoints" / "2.safetensors").exists()
    assert not (tmp_path / "results.json").exists()
    found = run(preset.game, preset.learner, training, (0,), tmp_path, final_episodes=128)
    assert found["updates"] == 8
    assert [line["update"] for line in lines(tmp_path)] == [0, 2, 4, 6, 8]
