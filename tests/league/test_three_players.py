"""Leagues of more than two players: k copies of one among copies of the other."""

from pathlib import Path

import jax
import numpy as np
import pytest
from public_good import GAME, PAID, PublicGood, pays
from rich.console import Console

from loqa_agents.league import Entrant, PlayerError, play_league
from loqa_agents.league.entrants import seat
from loqa_agents.league.pairs.python_pairs import watch_python_players
from loqa_agents.league.store import PairStore
from loqa_agents.league.summary import rows, summary
from loqa_agents.reports import league as report
from loqa_agents.responses.best_response import Budget
from loqa_agents.runs.report import Episode
from loqa_agents.scorecard.card import scorecard
from loqa_envs import CoinGame

from .players import Answers

GIVERS = {"always_cooperate": 1, "always_defect": 0, "keeper": 0}


class Keeper:
    """Keeps, as a plain Python object."""

    def reset(self) -> None:
        pass

    def act(self, observation: np.ndarray) -> int:
        assert observation.shape == (2,)
        return 1


@pytest.fixture
def entrants() -> list[Entrant]:
    names = ("always_defect", "always_cooperate")
    return [*(Entrant(name, name) for name in names), Entrant("keeper", Keeper())]


def expected(players: int, focal: int, entrants: list[Entrant]) -> tuple[np.ndarray, np.ndarray]:
    """What a copy of the row gets, and one of the column in the row's games."""
    gives = [GIVERS[entrant.name] for entrant in entrants]
    shape = (len(gives), len(gives))
    row, column = np.zeros(shape), np.zeros(shape)
    for i, j in np.ndindex(shape):
        givers = focal * gives[i] + (players - focal) * gives[j]
        row[i, j], column[i, j] = (pays(1 - gives[who], givers) for who in (i, j))
    return row, column


@pytest.mark.parametrize(("players", "focal"), [(3, 1), (3, 2), (4, 2), (2, 1)])
def test_a_copy_of_the_row_gets_what_it_earns_among_copies_of_the_column(
    entrants: list[Entrant], players: int, focal: int
) -> None:
    league = play_league(jax.random.key(0), PublicGood(players), entrants, 5, focal=focal)
    row, column = expected(players, focal, entrants)
    np.testing.assert_allclose(league.rewards, np.repeat(row[..., None], 5, -1))
    np.testing.assert_allclose(league.theirs, np.repeat(column[..., None], 5, -1))
    assert (league.background is None) == (players == 2)
    gave = [[GIVERS[entrant.name]] * len(entrants) for entrant in entrants]
    np.testing.assert_allclose(league.info["gave"].mean(-1), gave)
    assert {name: values.mean() for name, values in league.references.items()} == {
        "always_cooperate": pays(0, players),
        "always_defect": 0,
    }


def test_where_seats_differ_the_focal_player_sits_in_each(entrants: list[Entrant]) -> None:
    league = play_league(jax.random.key(0), PAID, entrants, 7)
    row, column = expected(3, 1, entrants)
    assert league.in_seat is not None
    assert league.in_seat.shape == (3, 3, 3, 2)
    for wage, rewards in enumerate(league.in_seat):
        np.testing.assert_allclose(rewards, np.repeat(row[..., None] + wage, 2, -1))
    # Seats 0 and 1 were the focal one once more often, in 7 episodes.
    np.testing.assert_allclose(league.rewards[0, 1].mean(), row[0, 1] + 6 / 7, rtol=1e-6)
    np.testing.assert_allclose(league.rewards[2, 1].mean(), row[2, 1] + 6 / 7, rtol=1e-6)
    np.testing.assert_allclose(league.theirs[0, 1].mean(), column[0, 1] + 7.5 / 7, rtol=1e-6)
    assert play_league(jax.random.key(0), PAID, entrants, 3, focal=2).in_seat is None


def test_only_rows_that_are_asked_for_are_played(entrants: list[Entrant]) -> None:
    league = play_league(jax.random.key(0), GAME, entrants, 3, rows=["always_defect"])
    known = np.isfinite(league.rewards).all(-1)
    assert known.tolist() == [[True] * 3, [False] * 3, [False] * 3]


@pytest.mark.slow
def test_pairs_are_kept_for_the_number_of_focal_players(tmp_path: Path) -> None:
    game = CoinGame(num_players=3, episode_length=5)
    coins = [Entrant(name, name) for name in ("random", "tit_for_tat")]
    notes: list[str] = []

    def played(**options: int) -> np.ndarray:
        store = PairStore(tmp_path, notes.append)
        return play_league(jax.random.key(3), game, coins, 6, finished=store, **options).rewards

    first = played()
    assert not np.array_equal(first[0, 1], first[1, 0])
    files = sorted(tmp_path.iterdir())
    np.testing.assert_array_equal(played(), first)
    assert sorted(tmp_path.iterdir()) == files  # nothing was played again
    assert notes == []
    assert not np.array_equal(played(focal=2), first)
    assert all("focal was 1, is 2" in note for note in notes)
    assert notes


def test_a_player_that_fails_is_named_with_its_copy(entrants: list[Entrant]) -> None:
    failing = Entrant("failing", Answers(ValueError("no more"), episode=2))
    with pytest.raises(PlayerError, match=r"player failing must play on.*ValueError: no more"):
        play_league(jax.random.key(0), GAME, [*entrants, failing], 2)


def test_an_episode_with_a_python_player_can_be_watched(entrants: list[Entrant]) -> None:
    names = [entrant.name for entrant in entrants]
    seated = [seat(entrant, PAID) for entrant in entrants]
    actions, rewards, states = watch_python_players(0, PAID, names, seated)
    assert actions.tolist() == [[1, 0, 1]] * 4
    np.testing.assert_allclose(rewards, [[0.5, -0.5 + 1, 0.5 + 2]] * 4)
    assert states.tolist() == [[0.0], *[[1.0]] * 4]  # how many gave, before each step and after all
    episode = Episode(PAID, tuple(names), actions, rewards, states)
    episode.print(Console(quiet=True))
    assert episode.returns[-1].tolist() == [2, 2, 10]


@pytest.mark.parametrize("focal", [0, 3, 7])
def test_a_seat_must_be_left_to_the_others(entrants: list[Entrant], focal: int) -> None:
    with pytest.raises(ValueError, match="focal must be"):
        play_league(jax.random.key(0), GAME, entrants, 2, focal=focal)


@pytest.mark.slow
def test_tables_say_how_many_of_how_many() -> None:
    coins = [Entrant(name, name) for name in ("always_cooperate", "always_defect")]
    game = CoinGame(num_players=3, episode_length=8)
    league = play_league(jax.random.key(0), game, coins, 4, focal=2)
    data = summary(league)
    assert data["focal"] == 2
    text = report.markdown(data)
    assert "the row (2 of 3) among copies of the column (1)" in text
    assert "the rewards of all" in text
    mean = 2 * league.rewards.mean(-1) + league.theirs.mean(-1)
    np.testing.assert_allclose(data["by_entrant"]["welfare"]["mean"], mean, atol=1e-5)
    assert len(rows(data)) == 4


@pytest.mark.slow
def test_a_card_has_a_line_for_each_number_of_scripted_players() -> None:
    game = CoinGame(num_players=3, episode_length=4)
    entrants = [Entrant("one", "always_defect")]
    lines = scorecard(jax.random.key(0), game, entrants, 3, None)["lines"]
    assert [line["name"] for line in lines[:5]] == [
        "self_play", "always_cooperate x1", "always_cooperate x2", "always_defect x1",
        "always_defect x2",
    ]  # fmt: skip
    assert all((line["opponent"] is None) == (line["name"] == "self_play") for line in lines)


def test_a_best_response_where_more_than_two_seats_differ_is_refused() -> None:
    game = CoinGame(num_players=3, tie="first")
    with pytest.raises(ValueError, match="where seats are alike; leave it out"):
        scorecard(jax.random.key(0), game, [Entrant("one", "random")], 3, Budget(1, 1, 1))
