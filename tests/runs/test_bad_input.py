"""Mistakes on the command line end in one line and exit code 2, with nothing touched."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from loqa_agents.players.agent import load_agent

from .folders import TINY

Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", ("train", "evaluate", "play", "league")),
        ("train", ("ipd", "matrix_game")),
        ("train nonsense", ("nonsense", "ipd", "matrix_game")),
        ("fly", ("fly", "train", "evaluate", "play")),
        ("train ipd --nonsense 3", ("--nonsense",)),
        ("train ipd --updates many", ("--updates", "INT", "'many'")),
        ("train ipd --updates", ("--updates",)),
        ("train ipd --updates 0", ("Training.updates", "from 1", "got 0")),
        ("train ipd --evaluate-every 0", ("evaluate_every", "from 1", "got 0")),
        ("train ipd --episodes -4", ("episodes", "from 1", "got -4")),
        ("train ipd --exploration 1.5", ("exploration", "probability", "got 1.5")),
        ("train ipd --pool -1", ("pool", "from 0", "got -1")),
        ("train ipd --actor-learning-rate -1", ("actor_learning_rate", "from 1e-12", "got -1.0")),
        ("train ipd --actor-learning-rate nan", ("actor_learning_rate", "from 1e-12", "got nan")),
        ("train ipd --critic-learning-rate 0", ("critic_learning_rate", "from 1e-12", "got 0.0")),
        ("train ipd --discount 1.01", ("discount", "from 0 to 1", "got 1.01")),
        ("train ipd --algorithm magic", ("algorithm", "loqa, ", "naive", "'magic'")),
        ("train ipd --rival magic", ("rival", "loqa, ", "naive", "'magic'")),
        ("train ipd --network rnn", ("network must be one of dense_gru, cnn", "'rnn'")),
        ("train ipd --network=", ("network must be one of dense_gru, cnn", "''")),
        ("train coin --network cnn", ("cnn must be given an image", "int32[4]")),
        ("train ipd --network cnn --actor.channels 0", ("CNN.channels", "from 1 to 65,536")),
        ("train ipd --actor.channels 8", ("--actor.channels",)),
        ("train ipd --actor.hidden 0", ("DenseGRU.hidden", "from 1 to 65,536", "(0,)")),
        ("train ipd --episode-length 0", ("episode_length", "from 1 to 1,000,000", "got 0")),
        ("train ipd --payoffs 1 2 3", ("payoffs", "four numbers", "got (1.0, 2.0, 3.0)")),
        ("train ipd --payoffs", ("payoffs", "four numbers", "got ()")),
        ("train ipd --payoffs -1 nan 0 -2", ("payoffs", "four numbers", "nan")),
        ("train ipd --payoffs nonsense", ("payoffs", "lola, pola", "'nonsense'")),
        ("train ipd --seeds nonsense", ("--seeds", "42-51", "'nonsense'")),
        ("train ipd --seeds 5-3", ("--seeds", "rising", "'5-3'")),
        ("train ipd --seeds 5-", ("--seeds", "'5-'")),
        ("train ipd --seeds 1,1-3", ("--seeds", "once", "'1,1-3'")),
        ("train ipd --seeds 4294967296", ("--seeds", "below 2**32", "'4294967296'")),
        ("train ipd --seeds 0-4000000000", ("--seeds", "at most 10000", "'0-4000000000'")),
        ("train ipd --devices 0", ("--devices", "at least 1", "got 0")),
        ("train ipd --devices 4000", ("--devices", "at most the devices that there", "got 4000")),
        ("train ipd --checkpoint-seconds -1", ("checkpoint_seconds", "at least 0", "got -1.0")),
        ("train ipd --minutes 0", ("minutes", "above 0", "got 0.0")),
        ("train ipd --minutes nan", ("minutes", "above 0", "got nan")),
        ("train ipd --minutes inf", ("minutes", "above 0", "got inf")),
        ("train ipd --minutes soon", ("--minutes", "'soon'")),
        ("train coin --size 0", ("CoinGame.size", "from 1 to 1,000", "got 0")),
        pytest.param(
            "train coin --pool 1000000 --updates 1000000000",
            ("pool", "memory", "pool=1000000", "bytes"),
            marks=pytest.mark.slow,
        ),
        ("train ipd --exact --actor.memory 4", ("exact", "without memory", "memory=4")),
        ("train ipd --exact --pool 8", ("exact", "pool", "exclude", "pool=8")),
        ("train coin --scripted nobody", ("a player of coin_game must be one of", "'nobody'")),
        ("train coin --scripted random --opponents 1", ("scripted", "opponents=1")),
        ("train ipd --rival naive --pool 8", ("rival", "pool", "exclude")),
        ("train ipd --pool 8 --episodes 12", ("episodes", "multiple of opponents", "episodes=12")),
        ("train ipd --resume", ("--resume", "--out")),
        ("train ipd --overwrite", ("--overwrite", "--out")),
        ("train ipd --out new --resume", ("--resume", "no file new/config.json")),
        ("train ipd --out new --resume --overwrite", ("--resume", "--overwrite", "exclude")),
        ("evaluate", ("AGENT",)),
        ("evaluate nowhere", ("a file", "the folder of a run", "nowhere")),
        ("evaluate tit_for_tat", ("--game must say", "ipd")),
        ("evaluate tit_for_tat --game ludo", ("--game", "ipd", "ludo")),
        ("evaluate tit_for_tat --game ipd --size 3", ("--size", "ipd has none")),
        ("evaluate nobody:make --game ipd", ("module", "nobody:make", "ModuleNotFoundError")),
        ("play", ("PLAYER",)),
        ("play nobody", ("nobody", ".safetensors", "coin", "ipd")),
        ("play ipd --size 3", ("--size", "ipd")),
        ("play coin --size 1", ("CoinGame.size", "at least 2 cells", "got '1 x 1'")),
        ("play coin --gif no/where.gif", ("--gif", "folder that exists")),
        ("play coin --scripted nobody", ("nobody", "always_defect", "k_strikes")),
        ("play nowhere.safetensors", ("no file nowhere.safetensors",)),
    ],
)
def test_a_mistake_is_named_in_one_line(
    refused: Refused, arguments: str, words: tuple[str, ...]
) -> None:
    line = refused(*arguments.split())
    for word in words:
        assert word in line


@pytest.mark.parametrize(("option", "package"), [("tensorboard", "tensorboardX"), ("wandb",) * 2])
def test_a_missing_extra_is_named_before_a_folder_is_made(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, option: str, package: str
) -> None:
    monkeypatch.setattr("loqa_agents.common.versions.find_spec", lambda name: None)
    line = refused("train", "ipd", f"--{option}")
    assert f"--{option}" in line
    assert package in line
    assert f'pip install "loqa[{option}]"' in line


def test_an_existing_folder_is_refused(refused: Refused, trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "old")
    line = refused("train", "ipd", *TINY, "--out", "old")
    for word in ("--out", "new folder", "old", "--resume", "--overwrite"):
        assert word in line


def test_overwrite_spares_a_folder_that_is_no_run(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    line = refused("train", "ipd", "--out", "thesis", "--overwrite")
    assert "--overwrite" in line
    assert "config.json" in line


@pytest.mark.parametrize(
    "mistake",
    ["--updates 0", "--exact --actor.memory 4", "--seeds x", "--devices 0", "--resume"],
)
def test_a_mistake_beside_overwrite_leaves_the_old_run_whole(
    refused: Refused, trained: Path, tmp_path: Path, mistake: str
) -> None:
    shutil.copytree(trained, tmp_path / "old")
    refused("train", "ipd", "--out", "old", "--overwrite", *mistake.split())


def test_a_run_is_not_resumed_with_other_settings(
    refused: Refused, trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "old")
    changed = ("--updates", "40", "--discount", "0.5", "--seeds", "0-2", "--payoffs", "pola")
    line = refused("train", "ipd", *TINY, *changed, "--out", "old", "--resume")
    for word in (
        "training.updates was 20, is 40",
        "learner.discount was 0.96, is 0.5",
        "seeds was [0, 1], is [0, 1, 2]",
        "game.payoffs was",
    ):
        assert word in line
    assert "shaping" not in line


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"game": {}}', "3"])
def test_a_run_without_a_whole_configuration_is_not_resumed(
    refused: Refused, tmp_path: Path, damaged: str
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "config.json").write_text(damaged)
    line = refused("train", "ipd", "--out", "old", "--resume")
    assert "old/config.json is damaged" in line


@pytest.mark.slow
@pytest.mark.parametrize("out", ["file/run", "file", "/proc/run"])
def test_a_folder_that_cannot_be_made_is_named(refused: Refused, tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("")
    line = refused("train", "ipd", "--out", out)
    assert "--out" in line
    assert out in line


@pytest.mark.slow
def test_a_folder_in_which_no_run_can_be_made_is_named(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder of all runs should be")
    assert "runs/ipd-loqa" in refused("train", "ipd")


def test_an_evaluation_does_not_overwrite_a_file(
    refused: Refused, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "old.json").write_text("{}")
    assert "--out must be a new file" in refused("evaluate", trained, "--out", "old.json")
    assert "folder that exists" in refused("evaluate", trained, "--out", "new/new.json")
    for option in ("--episodes", "--restarts", "--response-episodes"):
        assert option.removeprefix("--response-").removeprefix("--") in refused(
            "evaluate", trained, option, "0"
        )
    assert "--response-updates" in refused("evaluate", trained, "--response-updates", "-1")


def test_a_folder_without_agents_is_named(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty has none" in refused("evaluate", "empty")
    (tmp_path / "empty" / "agents").mkdir()
    assert "empty has none in its folder agents/" in refused("evaluate", "empty")


def test_an_unknown_opponent_is_answered_with_all_names(refused: Refused, trained: Path) -> None:
    agent = trained / "agents" / "0.safetensors"
    line = refused("play", agent, "--against", "nobody")
    assert "'nobody'" in line
    assert all(player in line for player in load_agent(agent).game.scripted_players(1))
    assert "five probabilities" in refused("play", agent, "--against", "memory_one:1,2")
    assert "--seed" in refused("play", agent, "--seed", "-1")


@pytest.mark.slow
def test_what_is_said_of_long_words_is_short(refused: Refused) -> None:
    for words in (["train", "x" * 10_000], ["train", "ipd", *["--nonsense" + "y" * 5_000] * 50]):
        assert len(refused(*words)) < 1_000
