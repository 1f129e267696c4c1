"""What a terminal shows, however wide it is: all numbers, and names as they are on disk."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from loqa_agents.common.terminal import print_table, say
from loqa_agents.reports.card import print_card
from loqa_agents.reports.league import print_league
from loqa_agents.runs.report import Episode, ProgressDisplay, print_results
from loqa_envs import IPD

WIDTHS = (200, 80, 74, 60, 50)
NAME = "sweep[lr=0.1]/[bold]:smile:\u202e"
METHODS = ("LOQA", "Advantage Alignment")
SHOWN = "sweep[lr=0.1]/[bold]:smile:\\u202e"


def shown(width: int, show: Any, *arguments: Any, **options: Any) -> str:
    console = Console(file=io.StringIO(), width=width)
    show(console, *arguments, **options)
    return console.file.getvalue()


class Numbers:
    """Numbers of which no two are alike, and which of them were given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __call__(self) -> float:
        self.given.append(f"-{len(self.given) % 7}.{len(self.given) + 100}")
        return float(self.given[-1])

    def estimate(self) -> dict[str, float]:
        return {name: self() for name in ("mean", "low", "high")}


def card(number: Numbers) -> dict[str, Any]:
    lines = [
        {
            "name": name, "agent": number.estimate(), "opponent": number.estimate(),
            "published": {method: {"agent": number()} for method in METHODS},
        }
        for name in ("self_play", "always_cooperate", "best_response")
    ]  # fmt: skip
    lines[2]["exploitability"] = number.estimate()
    return {
        "game": {"name": "coin_game", "size": [3, 3], "episode_length": 50}, "lines": lines,
        "agents": ["1", "2", "3"], "protocol": "p", "changed": [], "budget": None,
        "sources": dict.fromkeys(METHODS),
    }  # fmt: skip


def league(number: Numbers, teams: int = 6) -> dict[str, Any]:
    means = [[number() for _ in range(teams)] for _ in range(teams)]
    names = [f"{NAME}{i}" for i in range(teams)]
    return {"teams": names, "by_team": {"reward": {"mean": means}}, "failed": {}}


def results(number: Numbers) -> dict[str, Any]:
    def seeds() -> list[float]:
        value = number()
        number.given += number.given[-1:] * 2  # the lowest, the highest and their mean
        return [value]

    versus = {name: {"agent": seeds(), "opponent": [number()]} for name in ("random", NAME)}
    cooperation = {situation: seeds() for situation in ("start", "CC")}
    return {
        "self_play": seeds(), "cross_play": seeds(), "versus": versus, "cooperation": cooperation
    }  # fmt: skip


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("show", "make"), [(print_card, card), (print_league, league), (print_results, results)]
)
def test_every_number_can_be_read(show, make, width):
    number = Numbers()
    text = shown(width, show, make(number))
    assert sorted(re.findall(r"-?\d+\.\d+", text.replace("lr=0.1", ""))) == sorted(number.given)
    assert "…" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_a_league_of_many_shows_what_each_gets_and_leaves(width):
    text = shown(width, print_league, league(Numbers(), 9))
    assert len(re.findall(r"-?\d\.\d{3}(?!\d)", text)) == 3 * 9


@pytest.mark.parametrize("width", WIDTHS)
def test_every_step_of_an_episode_can_be_read(width):
    actions = np.array([[0, 1], [1, 0]])
    rewards = np.array([[-3, 0], [0, -3]], float)
    game = IPD(episode_length=2)
    episode = Episode(game, (f"{NAME}.safetensors", "tit_for_tat"), actions, rewards, None)
    text = shown(width, lambda console: episode.print(console))
    assert len(re.findall(r"\bC\b", text)) == len(re.findall(r"\bD\b", text)) == 2
    assert text.count("-3  0") + text.count("-3  -3") + text.count("0  -3") == 4
    assert f"{SHOWN}.safetensors -1.500, tit_for_tat -1.500" in text


ROWS = [("a name of words", "0.318 (0.310 to 0.326)", "-1.0"), (NAME, "", "2.0")]


def test_a_table_takes_the_widest_form_that_fits():
    def form(width: int) -> str:
        text = shown(width, print_table, "Title", ["", "a long head", "other head"], ROWS)
        assert max(map(cell_len, text.splitlines())) <= width
        return text

    assert "┃" in form(66)
    assert form(65).splitlines()[1] == f"{'':31}{'a long head':>22}  other head"
    assert form(59).splitlines()[1:] == [
        "a name of words",
        "  a long head  0.318 (0.310 to 0.326)",
        "  other head   -1.0",
        SHOWN,
        "  other head   2.0",
    ]


def test_long_names_may_be_listed_above_a_table_of_short_ones():
    rows = [("1 aaaaaaaaa", "1.0", "-1.0"), ("2 bbbbbbbbb", "1.0", "-1.0")]
    wide, narrow = (
        shown(width, print_table, "", ["", "gets", "leaves"], rows, short="12")
        for width in (80, 20)
    )
    assert wide.count("aaaaaaaaa") == 1
    assert "┃" in wide
    assert narrow.splitlines() == [
        "",
        "1 aaaaaaaaa",
        "2 bbbbbbbbb",
        "   gets  leaves",
        "1   1.0    -1.0",
        "2   1.0    -1.0",
    ]


@pytest.mark.parametrize("width", [80, 59, 36])
def test_names_are_shown_as_they_are(width):
    text = shown(width, print_table, NAME, ["", NAME, NAME], [(NAME, NAME, NAME)], words=range(3))
    assert "".join(re.split(r"[\s│┃]", text)).count(SHOWN) >= 1
    assert "\u202e" not in text
    assert shown(width, say, f"{NAME} could not") == f"{SHOWN} could not\n"


def test_progress_shows_names_as_they_are():
    record = {
        "update": 3, "self_play": [1.0], "versus": {"always_cooperate": {"opponent": [2.0]}},
        "thresholds": {NAME: [True, False]},
    }  # fmt: skip
    display = Console(file=io.StringIO(), width=50)
    ProgressDisplay(display, NAME, 4).log(record)
    assert f"{SHOWN} 1/2" in display.file.getvalue()
    terminal = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    progress = ProgressDisplay(terminal, NAME, 4)
    progress.begin(Path("run"), {}, 0)
    progress.log(record)
    progress.close()
    assert f"{SHOWN} 1/2" in terminal.file.getvalue()
    assert f"{SHOWN} ━" in terminal.file.getvalue()
