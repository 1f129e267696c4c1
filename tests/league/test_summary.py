"""What is made of a league's numbers."""

import csv
import io

import numpy as np
import pytest
from markdown_it import MarkdownIt
from PIL import Image

from loqa_agents.league import Entrant, League
from loqa_agents.league.summary import rows, summary
from loqa_agents.reports import league as report
from loqa_agents.reports.pictures import draw_league, heat_map, scatter
from loqa_envs import CoinGame

from .conftest import DILEMMA


def test_the_references_are_one_and_zero(dilemma):
    data = summary(dilemma)
    normalised = data["by_team"]["normalised"]["mean"]
    assert normalised[0][0] == 1
    assert normalised[1][1] == 0
    # (-3 + 2) / (-1 + 2) and (0 + 2) / (-1 + 2): the sucker is below, the tempter above.
    assert (normalised[0][1], normalised[1][0]) == (-1, 2)


def test_normalised_intervals_keep_their_order(dilemma):
    data = summary(dilemma)
    low, high = (np.array(data["by_entrant"]["normalised"][bound]) for bound in ("low", "high"))
    assert (low <= high).all()
    assert (low < high)[3].all()


def test_players_without_seeds_have_intervals_over_episodes_only(dilemma, coins):
    data = summary(dilemma)
    assert all(value is None for row in data["by_team"]["reward"]["low"] for value in row)
    assert all(value is not None for row in data["by_entrant"]["reward"]["low"] for value in row)
    # Scripted players against each other, and against the two seeds of an agent.
    low = summary(coins)["by_team"]["reward"]["low"]
    assert [value is None for value in low[0]] == [True, True, False]


def test_welfare_is_the_sum_of_both(dilemma):
    data = summary(dilemma)["by_team"]
    reward, welfare = (np.array(data[what]["mean"]) for what in ("reward", "welfare"))
    np.testing.assert_allclose(welfare, reward + reward.T, atol=1e-5)
    assert welfare[0, 1] == -3


def test_a_team_is_shown_with_itself_by_same_and_by_different_seeds(coins):
    data = summary(coins)
    assert data["teams"] == ["always_cooperate", "always_defect", "a"]
    means = coins.rewards.mean(-1)
    assert data["same_seed"]["reward"]["mean"][2] == pytest.approx(
        (means[2, 2] + means[3, 3]) / 2, abs=1e-5
    )
    assert data["cross_seed"]["reward"]["mean"] == [
        None, None, pytest.approx((means[2, 3] + means[3, 2]) / 2, abs=1e-5)
    ]  # fmt: skip
    assert data["by_team"]["reward"]["mean"][2][2] == data["cross_seed"]["reward"]["mean"][2]


def test_the_share_of_own_coins_is_of_all_that_were_taken():
    entrants = tuple(Entrant(name, name) for name in "ab")
    own, other = np.array([[2, 3], [1, 0]]), np.array([[2, 1], [1, 0]])
    info = {
        name: np.repeat(values[:, :, None], 4, 2).astype(np.float32)
        for name, values in (("took_own", own), ("took_other", other))
    }
    league = League(CoinGame(), entrants, np.zeros((2, 2, 4), np.float32), info, {})
    data = summary(league)
    # 2 of 4, 3 of 4, 1 of 2, and of none nothing is known.
    assert data["by_team"]["own_colour"] == [[0.5, 0.75], [0.5, None]]
    assert data["by_team"]["normalised"] is None  # without references


def test_cooperators_take_their_own_coins_and_defectors_any(coins):
    share = summary(coins)["by_team"]["own_colour"]
    assert share[0][0] > 0.99
    assert share[1][1] == pytest.approx(0.5, abs=0.03)


@pytest.fixture
def odd() -> dict:
    """A league with a player that failed, and names that mean something in Markdown and to rich."""
    rewards = np.zeros((3, 3, 4), np.float32)
    rewards[0, 1], rewards[1, 0], rewards[1, 1] = -0.4, 0.75, 0.25
    rewards[2] = rewards[:, 2] = np.nan
    names = ("runs/[bold]a|b", "c", "gone")
    entrants = tuple(Entrant(name, name) for name in names)
    return summary(
        League(DILEMMA, entrants, rewards, {}, {}, failed={"gone": "player gone must play on"})
    )


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.replace("\\|", "/").strip("|").split("|")]


def test_markdown_shows_what_the_data_says(odd):
    text = report.markdown(odd)
    (line,) = (line for line in text.splitlines() if line.startswith("| c | 0.750"))
    assert cells(line) == ["c", "0.750", "0.250", ""]
    assert "| runs/\\[bold\\]a\\|b |" in text
    assert "gone could not go on: player gone must play on" in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("| |")]
    assert len(tables) == 3  # rewards, welfare, among themselves
    for table in tables:
        assert len({len(cells(line)) for line in table}) == 1
        assert len(table) == 2 + 3


def test_a_terminal_shows_names_as_they_are(odd):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=80)
    report.print_league(console, odd)
    text = console.file.getvalue()
    assert "1 runs/[bold]a|b" in text
    assert "-0.400" in text
    assert "gone could not go on" in text


def test_there_is_a_row_for_each_ordered_pair(odd):
    lines = rows(odd)
    assert [(line["player"][-1], line["opponent"][-1]) for line in lines] == [
        (one, other) for one in ("b", "c", "e") for other in ("b", "c", "e")
    ]
    assert (lines[1]["reward"], lines[3]["reward"], lines[2]["reward"]) == (-0.4, 0.75, None)
    assert lines[1]["welfare"] == 0.35


HOSTILE = ("=1+1", "two\nlines|`x`", "_$a$ $b$_", "\u6a21<b>\u202e")


@pytest.fixture
def hostile() -> dict:
    """A league of players whose names could do harm."""
    entrants = tuple(Entrant(name, name) for name in HOSTILE)
    rewards = np.random.default_rng(0).uniform(-1, 1, (4, 4, 4)).astype(np.float32)
    return summary(League(DILEMMA, entrants, rewards, {}, {}, failed={HOSTILE[1]: "# it\nraised"}))


def test_a_spreadsheet_gets_names_as_text(hostile):
    lines = list(csv.DictReader(io.StringIO(report.comma_separated(hostile), newline="")))
    shown = ["'=1+1", "two\\nlines|`x`", "_$a$ $b$_", "\u6a21<b>\\u202e"]
    assert [line["opponent"] for line in lines[:4]] == shown
    assert [line["player"] for line in lines[::4]] == shown
    assert report.comma_separated(hostile).encode()


def test_markdown_gets_names_as_text(hostile):
    text = report.markdown(hostile)
    assert text.encode()
    assert "| two\\\\nlines\\|\\`x\\` |" in text
    assert text.endswith("could not go on: \\# it\\\\nraised\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    assert sum(token.type == "td_open" for token in tokens) == 2 * 4 * 5 + 4 * 3


def test_figures_show_names_as_text(hostile):
    for figure in (heat_map(hostile), scatter(hostile)):
        figure.canvas.draw()  # which warns of what its font does not have
    ticks = [tick.get_text() for tick in heat_map(hostile).axes[0].get_yticklabels()]
    assert ticks == [
        "=1+1", "two\\nlines|`x`", " _$a$ $b$_", "\\u6a21<b>\\u202e"
    ]  # fmt: skip
    legend = [text.get_text() for text in scatter(hostile).legends[0].get_texts()]
    assert legend == ticks


def colours(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)


def test_pictures_show_gains_green_losses_pink_and_a_mark_for_each_team(odd, tmp_path):
    draw_league(tmp_path, odd)
    red, green, blue = colours(tmp_path / "heat_map.png").T
    assert ((green > red + 40) & (green > blue + 40)).mean() > 0.01  # 0.75
    assert ((red > green + 40) & (blue > green + 20)).mean() > 0.01  # -0.40
    red, green, blue = colours(tmp_path / "scatter.png").T
    assert ((blue > 150) & (red < 80)).any()  # the first two of tab20
    assert ((red > 140) & (blue > 200) & (green < 220)).any()


def test_a_league_of_nothing_can_be_drawn(odd, tmp_path):
    odd["by_team"]["reward"]["mean"] = [[None] * 3] * 3
    draw_league(tmp_path, odd)
    assert (tmp_path / "scatter.png").is_file()
