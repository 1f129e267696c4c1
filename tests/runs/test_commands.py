"""What the commands print."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from loqa_agents import PRESETS
from loqa_agents.cli import main as cli
from loqa_agents.cli.training.train import parse_seeds
from loqa_agents.runs import report

from .folders import TINY, Loqa, results

PLAYERS = list(PRESETS["ipd"].game.scripted_players(1))


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.slow
def test_evaluate_prints_the_card_that_it_writes(
    capsys: pytest.CaptureFixture[str], trained: Path, tmp_path: Path
) -> None:
    out, html = tmp_path / "card.json", tmp_path / "card.html"
    text = said(
        capsys, "evaluate", trained, "--episodes", 100, "--response-updates", 0,
        "--out", out, "--html", html,
    )  # fmt: skip
    card = json.loads(out.read_text())
    assert card["protocol"] == "loqa-scorecard-v2"
    assert card["agents"] == ["runs/ipd-loqa/0", "runs/ipd-loqa/1"]
    assert [line["name"] for line in card["lines"]] == [
        "self_play", "cross_play", "always_cooperate", "always_defect", "random", "tit_for_tat",
        "exact_best_response",
    ]  # fmt: skip
    for line in card["lines"][:-1]:
        mean, low = line["agent"]["mean"], line["agent"]["low"]
        # Two seeds have only one pair, so nothing is known of how cross-play varies.
        assert (low is None) == (line["name"] == "cross_play")
        words = f"{mean:.3f}" if low is None else f"{mean:.3f} ({low:.3f} to "
        assert words in text
        assert words in html.read_text()
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.slow
def test_options_of_training_reach_it(loqa: Loqa, tmp_path: Path) -> None:
    way = ("--pool", 4, "--opponents", 4, "--newest", 1, "--both-seats", "--devices", 1)
    loqa("train", "ipd", *TINY, *way, "--scripted", "grim", "random", "--out", "run", cwd=tmp_path)
    config = json.loads((tmp_path / "run" / "config.json").read_text())["training"]
    assert config["both_seats"] is True
    assert config["scripted"] == ["grim", "random"]
    assert len(results(tmp_path / "run")["self_play"]) == 2


@pytest.mark.parametrize("against", ["tit_for_tat", "memory_one:1,0,0.5,0,1", "agent"])
def test_play_shows_every_step(
    capsys: pytest.CaptureFixture[str], trained: Path, against: str
) -> None:
    if against == "agent":
        against = str(trained / "agents" / "1.safetensors")
    text = said(capsys, "play", trained / "agents" / "0.safetensors", "--against", against)
    rows = [[c.strip() for c in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    assert [row[0] for row in rows] == [str(step) for step in range(1, 51)]
    pay = {("C", "C"): (-1, -1), ("C", "D"): (-3, 0), ("D", "C"): (0, -3), ("D", "D"): (-2, -2)}
    paid = [tuple(map(float, row[3].split())) for row in rows]
    assert paid == [pay[row[1], row[2]] for row in rows]
    assert [float(total) for total in rows[-1][4].split()] == [sum(p) for p in zip(*paid)]  # noqa: B905
    assert f"0.safetensors {sum(p[0] for p in paid) / 50:.3f}" in text


def test_play_shows_the_same_episode_for_the_same_seed(
    capsys: pytest.CaptureFixture[str], trained: Path
) -> None:
    agent = trained / "agents" / "0.safetensors"
    texts = [said(capsys, "play", agent, "--seed", seed) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def helped(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        cli.main([*arguments, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_help_lists_commands_and_presets(capsys: pytest.CaptureFixture[str]) -> None:
    text = helped(capsys)
    assert all(word in text for word in ("train", "evaluate", "play", "league", "benchmark"))
    text = helped(capsys, "train")
    assert all(name in text for name in PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_help_shows_every_field_with_meaning_and_default(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    text = helped(capsys, "train", name)
    words = " ".join(text.replace("│", " ").split())
    for settings in PRESETS[name][:3]:
        for field in dataclasses.fields(settings):
            value = getattr(settings, field.name)
            if dataclasses.is_dataclass(value):
                options = [f"{field.name}.{inner.name}" for inner in dataclasses.fields(value)]
            else:
                options = [field.name]
            for option in options:
                option = option.replace("_", "-")
                prefix, _, last = option.rpartition(".")
                negated = f"--{prefix}{'.' if prefix else ''}no-{last}"
                start = max(words.find(f" --{option} "), words.find(f" {negated} "))
                assert start >= 0, option
                entry = words[start : words.index("(default:", start) + 9]
                assert entry.count(" --") == 1, option  # its own default, not the next one's
                assert len(entry.split()) > 4, option


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version").startswith("loqa ")


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("7", (7,)), ("42-44", (42, 43, 44)), ("3,1", (3, 1)), ("0-1,5, 9-10", (0, 1, 5, 9, 10))],
)
def test_seeds_are_numbers_and_ranges(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "options",
    ["--out old --seeds 1", "--seeds 1 --out=old --overwrite", "--resume --seeds 1 --out old"],
)
def test_the_command_to_go_on_replaces_what_said_where(options: str) -> None:
    found = cli.resume_command(["train", "ipd", *options.split()], Path("a run"))
    assert found == "loqa train ipd --seeds 1 --out 'a run' --resume"


@pytest.mark.slow
def test_a_run_without_home_is_no_error(loqa: Loqa, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in ("/nowhere", str(tmp_path / "file")):
        done = loqa(
            "play", trained / "agents" / "0.safetensors", cwd=tmp_path,
            HOME=home, XDG_CACHE_HOME=home + "/cache", JAX_COMPILATION_CACHE_DIR=None,
            PYTHONWARNINGS="default",
        )  # fmt: skip
        assert "Mean reward per step" in done.stdout
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_reader_that_stops_early_sees_no_traceback(
    environment: dict[str, str], trained: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "loqa_agents", "play", trained / "agents" / "0.safetensors"],
        env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=300,
    )  # fmt: skip
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_fits_eighty_columns(terminal: bool) -> None:
    with open(os.devnull, "w") as nowhere:
        console = Console(file=nowhere, force_terminal=terminal, width=80, record=True, _environ={})
        display = report.ProgressDisplay(console, "advantage_alignment on ipd", 2000)
        display.begin(Path("run"), {}, 0)
        record = {"update": 1000, "self_play": [-1.0], "versus": {"always_defect": {"agent": [-2]}}}
        display.log(record)
        display.close()
        text = console.export_text()
    assert "1000/2000" in text
    assert "self-play -1.000 (lowest seed -1.000), against always_defect -2.000" in text
    assert "…" not in text


@pytest.mark.parametrize("terminal", [True, False])
def test_thresholds_are_shown_as_they_fall(terminal: bool) -> None:
    with open(os.devnull, "w") as nowhere:
        console = Console(file=nowhere, force_terminal=terminal, width=80, record=True, _environ={})
        display = report.ProgressDisplay(console, "advantage_alignment on coin_game, 10 min", 2000)
        display.begin(Path("run"), {}, 0)
        versus = {"always_defect": {"agent": [-0.25, -0.05]}, "always_cooperate": {}}
        versus["always_cooperate"]["opponent"] = [0.1, 0.3]
        fallen = {"weak": [True, True], "medium": [True, False], "strong": [False, False]}
        display.log(
            {"update": 7, "self_play": [0.2, 0.3], "versus": versus, "thresholds": fallen}
        )  # fmt: skip
        display.close()
        text = " ".join(console.export_text().split())
    assert "self-play 0.250 (lowest seed 0.200), against always_defect -0.150, " in text
    assert "always_cooperate keeps 0.200; weak 2/2, medium 1/2, strong 0/2" in text
    assert "…" not in text


@pytest.mark.slow
@pytest.mark.parametrize("player", ["coin", "ipd"])
def test_play_makes_a_moving_picture_of_scripted_players(
    loqa: Loqa, tmp_path: Path, player: str
) -> None:
    said = loqa("play", player, "--against", "always_defect", "--gif", "out.gif", cwd=tmp_path)
    assert "always_cooperate" in said.stdout
    with Image.open(tmp_path / "out.gif") as picture:
        assert picture.n_frames == 51
        assert min(picture.size) > 200
    line = loqa("play", player, "--gif", "out.gif", cwd=tmp_path, code=2).stderr
    assert "--gif must be a new file" in line


@pytest.mark.slow
def test_play_takes_a_board_of_any_size(loqa: Loqa, tmp_path: Path) -> None:
    said = loqa("play", "coin", "--size", "4", "7", "--scripted", "k_strikes", cwd=tmp_path)
    assert "k_strikes" in said.stdout
