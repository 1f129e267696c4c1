"""The scorecard: its lines against arithmetic, and its page in a browser."""

import io
import json
import os
import shutil
import subprocess

import jax
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from loqa_agents.league import Entrant
from loqa_agents.reports.card import page, print_card
from loqa_agents.responses.best_response import Budget
from loqa_agents.scorecard.card import scorecard
from loqa_agents.scorecard.published_values import PUBLISHED
from loqa_envs import IPD, CoinGame, MatrixGame

pytestmark = pytest.mark.slow

ALMOST_NOTHING = Budget(updates=1, episodes=2, restarts=1)


@pytest.fixture(scope="module")
def card():
    """Of tit-for-tat in the prisoner's dilemma."""
    return scorecard(
        jax.random.key(0), IPD(), [Entrant("mine", "tit_for_tat")], 64, ALMOST_NOTHING,
        devices=jax.devices()[:1],
    )  # fmt: skip


def lines(card):
    return {line["name"]: line for line in card["lines"]}


def test_its_lines_are_what_arithmetic_says(card):
    found = lines(card)
    assert list(found) == [
        "self_play", "always_cooperate", "always_defect", "random", "tit_for_tat",
        "best_response", "exact_best_response",
    ]  # fmt: skip
    for name in ("self_play", "always_cooperate", "tit_for_tat"):
        assert found[name]["agent"] == {"mean": -1, "low": None, "high": None}  # of one seed
    # -3 once, then -2; the defector gets 0 once.
    assert found["always_defect"]["agent"]["mean"] == pytest.approx(-(3 + 49 * 2) / 50, abs=1e-5)
    assert found["always_defect"]["opponent"]["mean"] == pytest.approx(-49 * 2 / 50, abs=1e-5)
    # It gets -1 from itself, and the best response -49/50 from it.
    assert found["exact_best_response"]["opponent"]["mean"] == pytest.approx(-0.98, abs=1e-5)
    assert found["exact_best_response"]["exploitability"]["mean"] == pytest.approx(0.02, abs=1e-5)
    # It cooperates first, then does as chance did.
    assert found["random"]["agent"]["mean"] == pytest.approx((-2 - 49 * 1.5) / 50, abs=0.1)
    assert card["references"] == {"always_cooperate": -1, "always_defect": -2}
    assert card["protocol"] == "loqa-scorecard-v2"
    assert card["agents"] == ["mine"]
    assert card["budget"] == {"updates": 1, "episodes": 2, "restarts": 1}
    assert card["changed"] == [
        "64 episodes instead of 1024",
        "1 updates for a best response instead of 300",
        "2 episodes for a best response instead of 128",
        "1 restarts for a best response instead of 2",
    ]
    json.dumps(card)


def test_published_numbers_stand_beside_loqas_rules_only():
    def of(game):
        return scorecard(
            jax.random.key(0), game, [Entrant("mine", "random")], 2, None, devices=jax.devices()[:1]
        )

    same, other = of(CoinGame(episode_length=2)), of(CoinGame(size=(2, 3), episode_length=2))
    published = lines(same)["always_defect"]["published"]
    assert published["LOQA"] == {"agent": -0.054, "opponent": 0.123}
    assert set(published) == set(PUBLISHED)
    assert "published" not in lines(other)["always_defect"]
    assert "best_response" not in lines(same)
    assert same["budget"] is None
    assert same["changed"] == ["2 episodes instead of 1024", "no trained best response"]


@pytest.mark.slow
def test_each_seed_is_met_by_the_best_of_its_own_responders():
    """To do as the other does is all that pays: to the defector as to the cooperator."""
    game = MatrixGame((1, 0, 0, 1), episode_length=6)
    team = [Entrant("one", "always_cooperate"), Entrant("other", "always_defect")]
    budget = Budget(updates=60, episodes=16, restarts=2)
    card = scorecard(jax.random.key(0), game, team, 32, budget, devices=jax.devices()[:1])
    found = lines(card)["best_response"]
    assert found["opponent"]["mean"] > 0.9
    assert found["agent"]["mean"] == pytest.approx(found["opponent"]["mean"], abs=1e-5)
    # Each gets 1 from itself, and nobody can get more.
    assert -0.1 < found["exploitability"]["mean"] <= 1e-5
    assert lines(card)["cross_play"]["agent"]["mean"] == 0


def test_seeds_of_one_team_are_played_across():
    team = [Entrant("one", "always_cooperate"), Entrant("other", "always_defect")]
    card = scorecard(jax.random.key(0), IPD(), team, 2, None, devices=jax.devices()[:1])
    found = lines(card)
    # -1 and -2: an interval of two seeds reaches 12.7 standard errors.
    assert list(found["self_play"]["agent"].values()) == pytest.approx([-1.5, -7.853, 4.853], 1e-3)
    assert found["cross_play"]["agent"] == {"mean": -1.5, "low": None, "high": None}  # -3 and 0
    # The defector gets 0 of the one and -2 of the other.
    assert found["always_defect"]["opponent"]["mean"] == -1
    assert found["always_defect"]["opponent"]["high"] == pytest.approx(-1 + 12.706, abs=1e-3)


def test_a_card_needs_an_agent():
    with pytest.raises(
        ValueError, match="agents must be a list or tuple of at least 1 entries, each an E"
    ):
        scorecard(jax.random.key(0), IPD(), [], 2, None)


def test_names_are_shown_as_they_are():
    card = scorecard(
        jax.random.key(0), IPD(), [Entrant("<b>&", "tit_for_tat")], 2, None,
        devices=jax.devices()[:1],
    )  # fmt: skip
    assert "&lt;b&gt;&amp;" in page(card)
    assert "<b>&" not in page(card)


def shown(card):
    console = Console(file=io.StringIO(), width=80)
    print_card(console, card)
    return console.file.getvalue()


def test_a_card_of_one_seed_says_that_it_has_no_interval(card):
    for text in (page(card), shown(card)):
        assert "There is no interval over seeds, since the card is of one seed." in text
        assert " to " not in text.split("Protocol")[0]
    several = card | {"agents": ["1", "2", "3"]}
    for text in (page(several), shown(several)):
        assert "interval of 95 % over seeds" in text


def test_the_page_needs_nothing_beside_it(card):
    text = page(card)
    assert 'src="data:image/png;base64,' in text
    assert not any(word in text for word in ("http:", "https:", "<script", "<link", "url("))


CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


def in_chromium(folder, *arguments):
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", f"--user-data-dir={folder / 'profile'}", *arguments,
            (folder / "card.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
        env=os.environ | {"HOME": str(folder)},
    )  # fmt: skip
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
def test_a_browser_shows_the_page_and_its_picture(card, tmp_path):
    (tmp_path / "card.html").write_text(page(card))
    shown = in_chromium(tmp_path, "--dump-dom")
    for words in ("itself, same seed", "-2.020", "-0.980", "loqa-scorecard-v2", "always_defect"):
        assert words in shown
    shot = tmp_path / "card.png"
    in_chromium(tmp_path, "--window-size=1000,2000", f"--screenshot={shot}")
    pixels = np.asarray(Image.open(shot).convert("RGB")).reshape(-1, 3)
    # The agent's points are of this green, which is nowhere but in the picture.
    assert (np.abs(pixels.astype(int) - (0x1B, 0x78, 0x37)).max(1) < 12).sum() > 100
