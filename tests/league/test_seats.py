"""Leagues and cards where seats differ: what each player gets in each seat, against arithmetic."""

import io
from dataclasses import replace

import jax
import numpy as np
import pytest
from rich.console import Console

from loqa_agents import ActorCritic, Agent, Learner
from loqa_agents.league import Entrant, play_league
from loqa_agents.league.entrants import seat
from loqa_agents.league.pairs.tables import by_seat
from loqa_agents.league.summary import rows, summary
from loqa_agents.reports.card import page, print_card
from loqa_agents.reports.league import comma_separated, markdown, print_league
from loqa_agents.responses.best_response import Budget, memory_one
from loqa_agents.scorecard.answers import respond
from loqa_agents.scorecard.card import scorecard
from loqa_envs import MatrixGame

from .players import ThreeTimes

pytestmark = pytest.mark.slow

# The first seat gets what its own action is worth, 1 or 0; the second what it does to the other.
GAME = MatrixGame(((1, 1, 0, 0), (3, 0, 3, 0)), episode_length=6)
DEVICE = jax.devices()[:1]


def knowing() -> Agent:
    """Cooperates in the first seat and defects in the second."""
    learner = Learner()
    params = learner.init(jax.random.key(0), GAME).params
    actor = jax.tree.map(
        lambda leaf: np.repeat(np.array([[20, -20], [-20, 20]], np.float32), 5, axis=0),
        params.actor,
    )
    return Agent(GAME, learner, ActorCritic(actor, jax.device_get(params.critic)), 7)


@pytest.fixture(scope="module")
def league():
    """Names are not in the order of the alphabet, which says who sits first."""
    entrants = [
        Entrant("knows", knowing()),
        Entrant("defects", "always_defect"),
        Entrant("counts", ThreeTimes()),
        Entrant("cooperates", "always_cooperate"),
    ]
    return play_league(jax.random.key(0), GAME, entrants, 5, devices=DEVICE)


# Rewards of each in the first seat, and what it leaves to the second seat, which gets 3 if it does
# cooperate: shares of cooperation of each in the first seat and in the second.
FIRST = {"knows": 1, "defects": 0, "counts": 0.5, "cooperates": 1}


def test_each_player_has_a_reward_in_each_seat(league):
    names = [entrant.name for entrant in league.entrants]
    assert league.in_seat.shape == (2, 4, 4, 2)
    for i, row in enumerate(names):
        for j, column in enumerate(names):
            first, second = league.in_seat[:, i, j]
            np.testing.assert_allclose(first, FIRST[row], atol=1e-6)
            np.testing.assert_allclose(second, 3 * FIRST[column], atol=1e-6)


def test_the_data_of_a_league_say_what_is_got_in_each_seat(league):
    data = summary(league)
    for seat_number, expected in (("0", np.array([1, 0, 0.5, 1])[:, None]), ("1", None)):
        means = np.array(data["by_seat"][seat_number]["by_entrant"]["mean"])
        if expected is None:
            expected = 3 * np.array([[1, 0, 0.5, 1]])
        np.testing.assert_allclose(means, np.broadcast_to(expected, (4, 4)), atol=1e-6)
    line = rows(data)[1]
    assert (line["player"], line["opponent"]) == ("knows", "defects")
    assert (line["reward"], line["reward_seat_0"], line["reward_seat_1"]) == (0.4, 1, 0)
    assert "reward_seat_1" in comma_separated(data).splitlines()[0]
    assert "## The same while the row sits in seat 1" in markdown(data)
    console = Console(file=io.StringIO(), width=120)
    print_league(console, data)
    assert "in seat 1" in console.file.getvalue()


def test_where_seats_are_alike_they_are_not_told_apart():
    entrants = [Entrant(name, name) for name in ("always_cooperate", "always_defect")]
    alike = replace(GAME, payoffs=GAME.payoffs[0])
    league = play_league(jax.random.key(0), alike, entrants, 2, devices=DEVICE)
    assert league.in_seat is None
    assert "by_seat" not in summary(league)


def test_episodes_are_of_the_seat_in_which_a_player_sat():
    # Of a pair, the first sits in seat 0 in every other episode from the first on.
    episodes = np.array([[0, 10], [11, 1], [2, 12], [13, 3], [99, 99]])
    first, second = by_seat(episodes)
    assert first.tolist() == [[0, 1], [2, 3]]
    assert second.tolist() == [[11, 10], [13, 12]]


def test_a_player_without_memory_has_a_table_in_each_seat():
    seated = seat(Entrant("knows", knowing()), GAME)
    tables = [memory_one(GAME, seated, place) for place in (0, 1)]
    np.testing.assert_allclose(tables, [[1] * 5, [0] * 5], atol=1e-6)


@pytest.mark.slow
def test_a_card_has_the_lines_of_each_seat():
    card = scorecard(
        jax.random.key(0), GAME, [Entrant("knows", knowing())], 4, Budget(1, 2, 2), devices=DEVICE
    )
    lines = [{line["name"]: line for line in card["by_seat"][seat]} for seat in "01"]
    got = [(each["self_play"]["agent"]["mean"]) for each in lines]
    assert got == [1, 3]
    defector = [each["always_defect"] for each in lines]
    assert [line["agent"]["mean"] for line in defector] == [1, 0]
    # While the agent sits in the first seat, the other gets what the agent leaves to the second.
    assert [line["opponent"]["mean"] for line in defector] == [3, 0]
    # It defects in the second seat, cooperates in the first: nobody gets more from it than it does.
    exact = [each["exact_best_response"] for each in lines]
    assert [line["opponent"]["mean"] for line in exact] == [3, 1]
    assert [line["exploitability"]["mean"] for line in exact] == [0, 0]
    console = Console(file=io.StringIO(), width=120)
    print_card(console, card)
    assert "agents in seat 1" in console.file.getvalue()
    assert "always_defect, agents in seat 1" in page(card)


@pytest.mark.slow
def test_the_best_restart_is_that_of_each_seat():
    seated = [seat(Entrant("knows", knowing()), GAME)]
    found = respond(
        jax.random.key(0), GAME, seated, 64, Budget(40, 16, 2), DEVICE, lambda done, whole: None
    )
    first, second = found.by_seat
    assert second.gets.mean() > 0.95  # in the first seat, whatever the agent does in the second
    np.testing.assert_allclose(first.gets, 3)  # in the second, from an agent that cooperates
