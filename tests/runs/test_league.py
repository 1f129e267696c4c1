"""``loqa league``: what it writes, how it goes on, and what it refuses."""

import csv
import json
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

from loqa_agents import Agent, Learner, save_agent
from loqa_agents.cli import main as cli
from loqa_agents.cli.resolve import find_entrants
from loqa_agents.league import Entrant, play_league
from loqa_envs import make_game

from .folders import Loqa, contents

Refused = Callable[..., str]
PLAYERS = '''
import os, signal

class TitForTat:
    def reset(self):
        pass

    def act(self, observation):
        return int(observation[2] + observation[4] > 0)

class Tired(TitForTat):
    def act(self, observation):
        raise RuntimeError("so\\ntired")

class Late(TitForTat):
    def act(self, observation):
        return int(len("LATE") == 4)

class Interrupts(TitForTat):
    """Once, as from the keyboard, when it meets a defector."""
    def act(self, observation):
        if observation[2] and not os.path.exists("interrupted"):
            open("interrupted", "w").close()
            os.kill(os.getpid(), signal.SIGINT)
        return 0

def make_tit_for_tat(game):
    assert game.num_actions == 2
    return TitForTat()

def fails():
    raise RuntimeError("no weights\\nfound")

def nothing():
    return None

number = 3
'''


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two agents that learned nothing, as a run leaves them."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    (folder / "agents").mkdir(parents=True)
    game, learner = make_game("ipd"), Learner()
    for seed in (2, 10):
        params = learner.init(jax.random.key(seed), game).params
        save_agent(folder / "agents" / f"{seed}.safetensors", Agent(game, learner, params, seed))
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with players in it."""
    (tmp_path / "league_players.py").write_text(PLAYERS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "path", sys.path[:])
    sys.modules.pop("league_players", None)
    yield tmp_path
    sys.modules.pop("league_players", None)


def league(*arguments: object) -> None:
    cli.main(["league", *map(str, arguments)])


MINE = ("--agent", "league_players:make_tit_for_tat")
SMALL = ("always_cooperate", "always_defect", "--game", "ipd", "--episodes", 4)


@pytest.mark.slow
def test_a_league_writes_what_it_prints(
    run_folder: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tired = ("--agent", "league_players:Tired", "--keep-going")
    with pytest.raises(SystemExit) as end:
        league(run_folder, *SMALL, *MINE, *tired, "--out", "out")
    assert end.value.code == 1  # a player failed
    printed = capsys.readouterr().out
    data = json.loads((home / "out" / "league.json").read_text())
    team = f"{run_folder.parent.name}/run"
    assert [entrant["name"] for entrant in data["entrants"]] == [
        f"{team}/2",
        f"{team}/10",
        "always_cooperate",
        "always_defect",
        "league_players:make_tit_for_tat",
        "league_players:Tired",
    ]
    assert data["teams"][0] == team
    assert len(data["teams"]) == 5
    means = data["by_entrant"]["reward"]["mean"]
    assert (means[2][3], means[3][2]) == (-3, 0)
    # 50 steps: CD once, then DD.
    assert means[4][3] == pytest.approx((-3 + 49 * -2) / 50)
    assert means[5] == [None] * 6
    assert "so tired" in data["failed"]["league_players:Tired"]
    assert data["cross_seed"]["reward"]["mean"][0] is not None

    with (home / "out" / "league.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 36
    for number, line in enumerate(lines):
        i, j = divmod(number, 6)
        for what in ("reward", "normalised", "welfare"):
            for bound, column in (("mean", what), ("low", f"{what}_low"), ("high", f"{what}_high")):
                value = data["by_entrant"][what][bound][i][j]
                assert line[column] == ("" if value is None else str(value))
        share = data["by_entrant"]["cooperated"][i][j]
        assert line["cooperated"] == ("" if share is None else str(share))

    text = (home / "out" / "league.md").read_text()
    reward = data["by_team"]["reward"]
    for i, name in enumerate(data["teams"]):
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {name} |")][:1]
        for j, cell in enumerate(line.strip("|").split("|")[1:]):
            low, mean, high = (reward[bound][i][j] for bound in ("low", "mean", "high"))
            expected = "" if mean is None else f"{mean:.3f}"
            expected += "" if low is None else f" ({low:.3f} to {high:.3f})"
            assert cell.strip() == expected.replace("-0.000", "0.000")
    # Over the two seeds of the team; between players without seeds there is none.
    assert (reward["low"][0][1] is None, reward["low"][1][2] is None) == (False, True)
    assert "## Share of cooperation" in text
    assert f"{reward['mean'][1][2]:.3f}" in printed
    assert "league_players:Tired could not go on" in printed
    for name in ("heat_map.png", "scatter.png"):
        with Image.open(home / "out" / name) as picture:
            assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50


@pytest.mark.slow
def test_the_command_and_python_play_the_same_league(home: Path) -> None:
    league(*SMALL, "--seed", 3, "--out", "out")
    data = json.loads((home / "out" / "league.json").read_text())
    entrants = [Entrant(name, name) for name in SMALL[:2]]
    again = play_league(jax.random.key(3), make_game("ipd"), entrants, 4)
    np.testing.assert_allclose(
        data["by_entrant"]["reward"]["mean"], again.rewards.mean(-1), atol=1e-6
    )


@pytest.mark.slow
def test_the_numbers_do_not_depend_on_the_devices(loqa: Loqa, home: Path) -> None:
    words = ["always_defect", "random", "--game", "ipd", "--episodes", "5", "--out"]
    league(*words, "one", "--devices", 1)
    loqa("league", *words, "all", cwd=home)  # in a process of its own, a device for every core
    assert (home / "one" / "league.csv").read_text() == (home / "all" / "league.csv").read_text()


@pytest.mark.slow
def test_a_league_that_is_interrupted_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(SystemExit) as end:
            league(*SMALL, "--agent", "league_players:Interrupts", "--out", "out")
    finally:
        signal.signal(signal.SIGINT, before)
    assert end.value.code == 128 + signal.SIGINT
    said = capsys.readouterr().out
    # Three pairs under JAX, two of them the references' as well, with the cooperator, and the one
    # with the defector, in which it is interrupted, is not kept.
    assert "Stopped after 6 pairs; all until then is saved." in said
    command = shlex.split(said.splitlines()[-1])
    assert command[0] == "loqa"
    kept = contents(home / "out" / "pairs")
    assert not (home / "out" / "league.json").exists()
    cli.main(command[1:])
    assert kept.items() < contents(home / "out" / "pairs").items()
    league(*SMALL, "--agent", "league_players:Interrupts", "--out", "whole")
    for name in ("league.json", "league.csv", "league.md"):
        assert (home / "out" / name).read_bytes() == (home / "whole" / name).read_bytes()

    # It is finished: going on changes nothing. Another league is refused.
    capsys.readouterr()
    files = contents(home / "out")
    cli.main(command[1:])
    assert contents(home / "out") == files
    capsys.readouterr()
    for changed, words in {
        ("--episodes", 6): "episodes was 4, is 6",
        ("--common",): "common was False, is True",
        ("--seed", 1): "seed was 0, is 1",
        ("--agent", "league_players:TitForTat"): "entrants was [",
    }.items():
        with pytest.raises(SystemExit):
            cli.main([*command[1:], *map(str, changed)])
        line = capsys.readouterr().err
        assert "must go on with the configuration" in line
        assert words in line
    assert contents(home / "out") == files


def test_a_league_does_not_replace_a_training(home: Path) -> None:
    (home / "trained").mkdir()
    config = {"game": {}, "learner": {}, "training": {}, "seeds": []}
    (home / "trained" / "config.json").write_text(json.dumps(config))
    before = contents(home / "trained")
    for option in ("--overwrite", "--resume"):
        with pytest.raises(SystemExit):
            league(*SMALL, "--out", "trained", option)
        assert contents(home / "trained") == before


def test_what_a_user_has_goes_before_what_comes_with_loqa(home: Path, run_folder: Path) -> None:
    shutil.copytree(run_folder, home / "coin3x3")
    names = [entrant.name.rpartition("/")[2] for entrant in find_entrants(["coin3x3"])]
    assert names == ["2", "10"]


def test_names_are_as_long_as_tells_them_apart(home: Path, run_folder: Path) -> None:
    for place in ("a", "b"):
        shutil.copytree(run_folder, home / place / "runs" / "ipd")
    one, other = (f"{place}/runs/ipd/agents/2.safetensors" for place in ("a", "b"))
    assert [entrant.name for entrant in find_entrants([one])] == ["ipd/2"]
    assert [entrant.name for entrant in find_entrants([one, other])] == [
        "a/runs/ipd/2", "b/runs/ipd/2",
    ]  # fmt: skip


def test_a_player_that_fails_ends_the_league_in_one_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        league(*SMALL, "--agent", "league_players:Tired", "--out", "out")
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said == (
        "loqa: error: player league_players:Tired must play on; in episode 1, step 1 it raised "
        "RuntimeError: so tired. What was played is kept in out: go on with --resume, once the "
        "player is mended or with --keep-going.\n"
    )


@pytest.mark.slow
def test_a_player_that_was_mended_plays_its_pairs_when_the_league_goes_on(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = (*SMALL, "--agent", "league_players:Tired", "--agent", "league_players:Late")
    with pytest.raises(SystemExit):
        league(*mine, "--out", "out")
    kept = contents(home / "out" / "pairs")
    text = PLAYERS.replace('raise RuntimeError("so\\ntired")', "return 1").replace("LATE", "1")
    assert "tired" not in text
    (home / "league_players.py").write_text(text)
    del sys.modules["league_players"]
    capsys.readouterr()
    league(*mine, "--out", "out", "--resume")
    said = " ".join(capsys.readouterr().out.split())
    assert "league_players:Late has changed, so its pairs are played again." in said
    assert "league_players:Tired has" not in said  # it had none
    assert kept.items() < contents(home / "out" / "pairs").items()
    league(*mine, "--out", "whole")
    for name in ("league.json", "league.csv", "league.md"):
        assert (home / "out" / name).read_bytes() == (home / "whole" / name).read_bytes()


@pytest.mark.slow
def test_a_player_is_found_from_the_repositorys_root_too(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    word = "examples.league_numpy_player:make_player"
    league(
        "always_cooperate", "always_defect", "--game", "coin", "--agent", word,
        "--episodes", 4, "--out", home / "out",
    )  # fmt: skip
    assert json.loads((home / "out" / "league.json").read_text())["teams"][2] == word


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", ("--game", "which game", "ipd", "coin")),
        ("--game ipd", ("at least two entrants", "got none")),
        ("tit_for_tat --game ipd", ("at least two entrants", "got tit_for_tat")),
        ("tit_for_tat grim tit_for_tat --game ipd", ("a name of its own", "twice: tit_for_tat")),
        ("coin3x3/loqa/42 coin3x3/loqa/42", ("a name of its own", "twice: coin3x3/loqa/42")),
        ("nobody tit_for_tat --game ipd", ("nothing called 'nobody'", "always_defect", "grim")),
        ("tit_for_tat grim --game chess", ("--game", "ipd", "coin", "'chess'")),
        ("tit_for_tat grim --game ipd --size 3", ("--size", "ipd has none")),
        ("tit_for_tat coin3x3/loqa/42 --size 3", ("--size goes with --game",)),
        ("coin3x3/loqa/42 coin4x4/loqa/42", ("entrant coin4x4/loqa/42", "size", "(4, 4)")),
        ("coin3x3/loqa/42 tit_for_tat --game ipd", ("entrant coin3x3/loqa/42", "player of IPD")),
        ("coin3x3/loqa/42 always_defect --game coin --size 5", ("coin3x3/loqa/42", "(5, 5)")),
        ("coin3x3/loqa/42 grim", ("entrant grim", "coin_game", "k_strikes")),
        ("tit_for_tat grim --game ipd --episodes 0", ("--episodes", "from 1", "got 0")),
        ("tit_for_tat grim --game ipd --episodes many", ("--episodes", "'many'")),
        ("tit_for_tat grim --game ipd --seed -1", ("--seed", "got -1")),
        ("tit_for_tat grim --game ipd --devices 0", ("--devices", "from 1", "got 0")),
        ("tit_for_tat grim --game ipd --resume", ("--resume", "--out")),
        ("tit_for_tat grim --game ipd --out new --resume", ("no file new/config.json",)),
        ("tit_for_tat grim --game ipd --out file", ("--out", "file")),
        ("no/where tit_for_tat --game ipd", ("nothing called 'no/where'",)),
        ("nowhere.safetensors tit_for_tat", ("no file nowhere.safetensors",)),
        ("empty tit_for_tat --game ipd", ("folder must have agents", "empty has none")),
        ("begun tit_for_tat --game ipd", ("run must have agents", "begun has none")),
        ("file tit_for_tat --game ipd", ("LOQA, Advantage Alignment", "file")),
        ("grim --game ipd --agent nonsense", ("--agent", "module:function", "'nonsense'")),
        ("grim --game ipd --agent no_such:make", ("no_such:make", "ModuleNotFoundError")),
        ("grim --game ipd --agent league_players:gone", ("AttributeError", "gone")),
        ("grim --game ipd --agent league_players:number", ("a Policy, or have methods", "got 3")),
        ("grim --game ipd --agent league_players:fails", ("RuntimeError: no weights found",)),
        ("grim --game ipd --agent league_players:nothing", ("reset() and act(obs", "got None")),
    ],
)
def test_a_mistake_is_named_in_one_line(
    refused: Refused,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: str,
    words: tuple[str, ...],
) -> None:
    (home / "empty").mkdir()
    (home / "begun" / "agents").mkdir(parents=True)
    (home / "file").write_text("no agent")
    monkeypatch.setattr(
        sys, "dont_write_bytecode", True
    )  # a refused command leaves nothing behind, not even that
    line = refused("league", *arguments.split())
    for word in words:
        assert word in line


def test_an_existing_folder_is_left_alone(refused: Refused, home: Path, run_folder: Path) -> None:
    shutil.copytree(run_folder, home / "old")
    arguments = ("league", *SMALL, "--out", "old")
    assert "--overwrite" in refused(*arguments)
    assert "config.json" in refused(*arguments, "--overwrite")


def test_a_rank_without_openspiel_is_refused_before_a_folder_is_made(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loqa_agents.common.versions.find_spec", lambda name: None)
    line = refused("league", *SMALL, "--alpha-rank")
    for word in ("--alpha-rank", "open_spiel", 'pip install "loqa[alpharank]"'):
        assert word in line


def test_ranks_are_written_and_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("open_spiel", reason="needs the extra 'alpharank'")
    league(*SMALL, "--alpha-rank", "--out", "out")
    mass = json.loads((home / "out" / "league.json").read_text())["alpha_rank"]
    assert mass["always_defect"] > 0.95
    shown = f"{mass['always_defect']:.3f}"
    assert f"| always_defect | {shown} |" in (home / "out" / "league.md").read_text()
    assert f"alpha-rank {shown} always_defect" in capsys.readouterr().out
