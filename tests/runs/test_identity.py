"""A run goes on as what it was, or it is refused; from Python as from the command line."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from loqa_agents import Learner, Training, load_agent, run
from loqa_agents.cli import main as cli
from loqa_envs import IPD, MatrixGame

from .folders import TINY, Loqa, contents, lines, results, same_but_for_times

pytestmark = pytest.mark.slow

TRAINING = Training(updates=20, evaluate_every=10, episodes=4)  # as TINY


def train(out: Any, **changed: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "game": "ipd", "learner": Learner(), "training": TRAINING, "seeds": (0, 1),
        "devices": jax.devices()[:1],
    }  # fmt: skip
    return run(out=out, final_episodes=128, **given | changed)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run, made with what a notebook has; tests only read it."""
    home = tmp_path_factory.mktemp("finished")
    (home / "empty").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        train("~/empty", seeds=np.arange(2))
    return home / "empty"


@pytest.fixture
def old(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "old"))


def edit(path: Path, change: Any) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def refuse(out: Path, complaint: str, **changed: Any) -> None:
    before = contents(out)
    with pytest.raises(ValueError, match=complaint) as caught:
        train(out, **changed)
    assert "\n" not in str(caught.value)
    assert contents(out) == before


def test_a_run_from_python_leaves_what_the_command_does(finished: Path) -> None:
    assert set(contents(finished)) == {
        "config.json", "metrics.jsonl", "results.json", "learning_curves.png", "cooperation.png",
        "agents", "agents/0.safetensors", "agents/1.safetensors",
        "checkpoints", "checkpoints/20.safetensors",
    }  # fmt: skip
    assert results(finished)["seeds"] == [0, 1]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"learner": Learner(algorithm="naive")}, r"learner\.algorithm was loqa, is naive\."),
        ({"learner": Learner(actor_learning_rate=1e-5)}, r"learner\.actor_learning_rate was"),
        ({"game": IPD(payoffs="pola")}, r"game\.payoffs was"),
        ({"seeds": [7, 8]}, r"seeds was \[0, 1\], is \[7, 8\]"),
        ({"seeds": 0}, r"seeds was \[0, 1\], is \[0\]"),
        ({"training": Training(updates=40)}, r"training\.updates was 20, is 40"),
    ],
)
def test_what_has_the_same_shapes_is_not_the_same_run(
    old: Path, changed: dict[str, Any], complaint: str
) -> None:
    refuse(old, complaint, **changed)
    refuse(old, complaint, **changed, resume=True)
    refuse(old, "must be a new folder", **changed, resume=False)


def test_the_command_goes_on_where_a_setting_is_newer_than_the_run(old: Path) -> None:
    def forget(config: dict[str, Any]) -> None:
        del config["training"]["both_seats"], config["learner"]["shaping"]["sampled_values"]
        del config["jax"], config["devices"], config["sessions"]

    before = results(old)
    edit(old / "config.json", forget)
    (old / "results.json").unlink()
    cli.main(["train", "ipd", *TINY, "--out", str(old), "--resume"])
    assert results(old)["updates"] == before["updates"]
    assert results(old)["versus"].keys() == before["versus"].keys()
    config = json.loads((old / "config.json").read_text())
    assert config["training"]["both_seats"] is False
    assert [session["update"] for session in config["sessions"]] == [20]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda config: config["learner"].update(novelty=0.5), "novelty"),
        (lambda config: config["game"].update(name="ludo"), "ludo"),
        (lambda config: config.pop("learner"), "learner must be there"),
        (lambda config: config.update(seeds="0-1"), "seeds must be"),
        (lambda config: config["devices"].update(number=0), r"devices\.number must be"),
    ],
)
def test_a_configuration_that_is_not_known_is_named(old: Path, change: Any, complaint: str) -> None:
    edit(old / "config.json", change)
    refuse(old, rf"config\.json .*{complaint}")


def test_other_devices_are_asked_for(old: Path) -> None:
    def more(config: dict[str, Any]) -> None:
        config["devices"]["number"] = 64

    edit(old / "config.json", more)
    for devices in (None, 1, jax.devices()[:1]):
        refuse(old, r"devices\.number was 64, is 1\b.*--devices-changed", devices=devices)
    found = train(old, devices_changed=True)
    assert same_but_for_times(found, results(old))
    config = json.loads((old / "config.json").read_text())
    assert config["devices"]["number"] == 1
    assert [session["devices"]["number"] for session in config["sessions"]] == [1, 1]


@pytest.mark.slow
def test_a_run_goes_on_with_as_many_devices_on_fewer_cores(loqa: Loqa, tmp_path: Path) -> None:
    options = ("train", "ipd", *TINY, "--seeds", "0", "--out")
    loqa(*options, "whole", "--devices", "2", cwd=tmp_path)
    loqa(*options, "cut", "--devices", "2", "--minutes", "1e-6", cwd=tmp_path)
    assert results(tmp_path / "cut")["updates"] == 0
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # the child's, too
    try:
        loqa(*options, "cut", "--resume", cwd=tmp_path)
    finally:
        os.sched_setaffinity(0, cores)
    assert same_but_for_times(results(tmp_path / "cut"), results(tmp_path / "whole"))
    assert contents(tmp_path / "cut" / "agents") == contents(tmp_path / "whole" / "agents")


def test_time_that_was_lost_before_the_first_checkpoint_counts(old: Path) -> None:
    before = results(old)
    shutil.rmtree(old / "checkpoints")
    late = [line | {"wall_seconds": line["wall_seconds"] + 1000} for line in lines(old)]
    text = "".join(json.dumps(line) + "\n" for line in late)
    (old / "metrics.jsonl").write_text(text + '{"update": 15, "env')
    found = train(old)
    assert same_but_for_times(found, before)
    assert [line["update"] for line in lines(old)] == [0, 10, 20]
    times = [late[-1]["wall_seconds"], *(line["wall_seconds"] for line in lines(old))]
    assert times == sorted(times)
    assert found["wall_seconds"] >= times[-1]


def test_evaluations_that_are_gone_are_missed(old: Path) -> None:
    path = old / "metrics.jsonl"
    first, second, third = path.read_text().splitlines(keepends=True)
    path.write_text(first + third)
    refuse(old, r"metrics\.jsonl must have all evaluations .* update 10 is not there")
    path.write_text(first + "{}\n" + third)
    refuse(old, r"metrics\.jsonl, line 2 is damaged: update must be there")
    path.unlink()
    refuse(old, r"metrics\.jsonl must have all evaluations .* update 0 is not there")
    path.write_text(first + second + third)
    (old / "checkpoints" / "20.safetensors").rename(old / "checkpoints" / "90.safetensors")
    refuse(old, r"90\.safetensors cannot be read: it is of update 20")


def nested(path: Path) -> None:
    path.write_text("[" * 10**5 + "\n")


def torn(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size) + b"\n")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def own_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize("damage", [nested, torn, zeros, folder, pipe, own_link])
@pytest.mark.parametrize("name", ["config.json", "metrics.jsonl", "checkpoints/20.safetensors"])
def test_damage_is_one_line_that_names_the_file(old: Path, damage: Any, name: str) -> None:
    damage(old / name)
    before = sorted(old.rglob("*"))
    with pytest.raises((ValueError, OSError)) as caught:
        train(old, resume=True)
    assert name in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert sorted(old.rglob("*")) == before


def test_overwriting_replaces_the_run_and_nothing_else(old: Path) -> None:
    (old / "agents" / "notes.txt").write_text("years of work")
    refuse(old, r"also has agents/notes\.txt\.", overwrite=True)
    (old / "agents" / "notes.txt").unlink()
    refuse(old, "training must be", overwrite=True, training=3)
    train(old, overwrite=True, seeds=range(2, 4))
    assert {path.stem for path in (old / "agents").iterdir()} == {"2", "3"}
    assert load_agent(old / "agents" / "3.safetensors").seed == 3


@dataclass(frozen=True)
class Unknown(MatrixGame):
    payoffs: Any = (3, 0, 5, 1)
    extra: Any = None

    @property
    def name(self) -> str:
        return "unknown"


@pytest.mark.parametrize("game", [Unknown(), Unknown(extra=b"bytes"), Unknown(extra={1, 2})])
def test_what_cannot_be_saved_is_refused_before_anything_is_made(tmp_path: Path, game: Any) -> None:
    with pytest.raises(ValueError, match="a game must be made anew from its name"):
        train(tmp_path / "out", game=game)
    assert not (tmp_path / "out").exists()
