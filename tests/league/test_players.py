"""Python players and policies of anyone's own, and what becomes of those that fail."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.league import Entrant, PlayerError, play_league
from loqa_agents.league.entrants import seat, table_of
from loqa_agents.league.pairs.python_pairs import play_python_pair
from loqa_agents.league.summary import summary
from loqa_agents.players.python.player import anew
from loqa_envs import CoinGame
from loqa_envs.coin_game.translation import translated

from .conftest import DILEMMA, KEY
from .players import Answers, Counts, OnHost, TitForTat


@pytest.mark.parametrize("name", ["mine", "tit_for_tat"])
def test_a_python_player_gets_what_the_scripted_one_does(by_hand, mean, name):
    # CD, then DD nine times.
    assert mean(by_hand, name, "always_defect") == pytest.approx(-2.1)
    assert mean(by_hand, "always_defect", name) == pytest.approx(-1.8)
    assert mean(by_hand, name, "mine") == mean(by_hand, name, "tit_for_tat") == -1


def test_a_python_player_measures_as_the_scripted_one_does(by_hand):
    share = by_hand.info["cooperated"]
    np.testing.assert_array_equal(share[0, 2], share[3, 2])
    assert share[0, 2] == pytest.approx([0.1] * 4)


def test_a_memory_begins_anew_with_every_episode(by_hand, mean):
    # C three times, then D: CD three times and DD seven times, in all of the four episodes.
    assert mean(by_hand, "counts", "always_defect") == pytest.approx(-2.3)
    assert len(set(by_hand.rewards[1, 2].tolist())) == 1


def test_a_player_that_meets_itself_has_two_memories(by_hand, mean):
    # CC three times and DD seven times; with one memory for both it would count twice as fast.
    assert mean(by_hand, "counts", "counts") == pytest.approx((3 * -1 + 7 * -2) / 10)


@pytest.mark.slow
@pytest.mark.parametrize("opponent", ["always_cooperate", "a/0"])
def test_a_python_player_sees_the_coin_game_as_environments_show_it(coins, mean, opponent):
    # always_defect as a Python player, which sees planes.
    mine = Entrant("mine", OnHost(CoinGame().scripted_players(0)["always_defect"]))
    (other,) = (entrant for entrant in coins.entrants if entrant.name == opponent)
    pair = seat(mine, CoinGame()), seat(other, CoinGame())
    met = play_python_pair(0, table_of(CoinGame()), ("mine", opponent), pair, 64)
    expected = mean(coins, "always_defect", opponent), mean(coins, opponent, "always_defect")
    assert met.rewards.mean(0) == pytest.approx(expected, abs=0.07)  # s.e. 0.02


@pytest.mark.parametrize("answer", [1, np.int64(1), np.array([1]), np.array(1, np.uint8)])
def test_any_integer_is_an_answer(answer):
    (policy, _) = anew(seat(Entrant("mine", Answers(answer)), DILEMMA).seats, seed=0)
    assert policy.act(None, (), policy.initial_carry(), np.zeros(5))[0] == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (2, "it raised ValueError: act must return 0 to 1, it returned 2"),
        (-1, "it raised ValueError: act must return 0 to 1, it returned -1"),
        (0.0, "it raised ValueError: act must return an integer, it returned 0.0"),
        (None, "it raised ValueError: act must return an integer, it returned None"),
        ([0, 1], r"it raised ValueError: act must return an integer, it returned \[0, 1\]"),
        ("C", "it raised ValueError: act must return an integer, it returned 'C'"),
        (RuntimeError("too\n  tired."), "it raised RuntimeError: too tired"),
        (KeyError(), "it raised KeyError"),
    ],
)
def test_a_player_that_fails_is_named_with_episode_and_step(answer, message):
    entrants = [Entrant("always_defect", "always_defect"), Entrant("bad", Answers(answer, 2, 3))]
    pair = tuple(seat(entrant, DILEMMA) for entrant in entrants)
    with pytest.raises(
        PlayerError, match=f"^player bad must play on; in episode 2, step 3 {message}.$"
    ) as caught:
        play_python_pair(0, DILEMMA, ("always_defect", "bad"), pair, 4)
    assert caught.value.player == "bad"


def test_a_player_that_cannot_begin_is_named():
    class NoBeginning(TitForTat):
        def reset(self):
            raise OSError("no weights")

    entrants = [Entrant("bad", NoBeginning()), Entrant("always_defect", "always_defect")]
    with pytest.raises(
        PlayerError, match=r"bad .* episode 1, step 1 it raised OSError: no weights"
    ):
        play_league(KEY, DILEMMA, entrants, 4)


def test_a_policy_that_answers_with_no_action_is_named_with_episode_and_step(scripted):
    entrants = [*scripted[:2], Entrant("bad", Counts(3, 5))]
    message = "player bad must play on; in episode 1, step 3 its action was none of 0 to 1."
    with pytest.raises(PlayerError, match=message):
        play_league(KEY, DILEMMA, entrants, 4)


def test_a_policy_that_answers_a_python_player_with_no_action_is_named_too():
    pair = seat(Entrant("mine", TitForTat()), DILEMMA), seat(Entrant("bad", Counts(3, 5)), DILEMMA)
    with pytest.raises(
        PlayerError, match=r"player bad .* episode 1, step 3 its action was none of"
    ):
        play_python_pair(0, DILEMMA, ("mine", "bad"), pair, 1)


@pytest.mark.parametrize("bad", [Answers(RuntimeError("tired"), 1, 3), Counts(3, 5)])
def test_the_others_go_on_where_that_is_asked_for(bad):
    if isinstance(bad, Answers):
        bad.__init__(bad.answer, *bad.at)
    entrants = [Entrant(name, name) for name in ("always_cooperate", "always_defect")]
    entrants[1:1] = [Entrant("bad", bad)]
    entrants.append(Entrant("mine", TitForTat()))
    league = play_league(KEY, DILEMMA, entrants, 4, keep_going=True)
    assert list(league.failed) == ["bad"]
    assert "episode 1, step 3" in league.failed["bad"]
    gone = np.zeros((4, 4), bool)
    gone[1] = gone[:, 1] = True
    np.testing.assert_array_equal(np.isnan(league.rewards).all(-1), gone)
    np.testing.assert_array_equal(np.isnan(league.rewards).any(-1), gone)
    data = summary(league)
    assert data["by_entrant"]["reward"]["mean"][1] == [None] * 4
    assert data["by_entrant"]["reward"]["low"][0][0] == -1
    assert data["failed"] == league.failed


def test_a_league_in_which_all_fail_is_empty():
    entrants = [Entrant("bad", Answers(9, 2)), Entrant("worse", Counts(1, 5))]
    league = play_league(KEY, DILEMMA, entrants, 4, keep_going=True)
    assert league.failed.keys() == {"bad", "worse"}
    assert np.isnan(league.rewards).all()
    assert summary(league)["by_team"]["reward"]["mean"] == [[None] * 2] * 2


class Neither:
    """No player."""


class NoCopy(TitForTat):
    def __reduce_ex__(self, version):
        raise TypeError("it is one of a kind")


class NoCount:
    def initial_carry(self):
        return ()

    def act(self, key, params, carry, observation):
        return np.int32(0), carry, {}


class Untraceable(NoCount):
    num_actions = 2

    def act(self, key, params, carry, observation):
        return (1 if observation[0] > 0 else 0), carry, {}


class Real(NoCount):
    num_actions = 2

    def act(self, key, params, carry, observation):
        return observation[0], carry, {}


class Forgets(Untraceable):
    def initial_carry(self):
        return np.zeros(3, np.float32)

    def act(self, key, params, carry, observation):
        return jnp.int32(0), carry[:1], {}


@pytest.mark.parametrize(
    ("player", "message"),
    [
        (Neither(), r"must be a Policy, or have methods reset\(\) and act\(observation\)"),
        (NoCopy(), "can be copied, or a function .* failed with TypeError: it is one of a kind"),
        (NoCount(), "a Policy must have num_actions"),
        (Counts(1, num_actions=3), "must have 2 actions"),
        (Untraceable(), "a Policy that JAX can trace; its act raised TracerBoolConversion"),
        (Real(), r"act returns an integer scalar, it returns float32\[\]"),
        (Forgets(), "carry keeps its shape and type"),
    ],
)
def test_what_is_no_player_is_refused_by_name(player, message):
    with pytest.raises(ValueError, match=f"entrant odd.*{message}"):
        seat(Entrant("odd", player), DILEMMA)


def test_a_player_shares_with_its_copy_what_cannot_be_copied_and_nothing_else():
    class Locked(TitForTat):
        def __init__(self):
            self.lock, self.seen = threading.Lock(), []

    player = Locked()
    twin = seat(Entrant("mine", player), DILEMMA).seats[0].source.new(0)
    assert twin is not player
    assert twin.lock is player.lock
    twin.seen.append(1)
    assert player.seen == []


@pytest.mark.slow
def test_a_policy_may_have_parameters_of_its_own(mean):
    class Parametrised(Counts):
        params = jnp.float32(0)

        def act(self, key, params, carry, observation):
            return (params + 1).astype(jnp.int32), carry, {}

    league = play_league(
        KEY,
        DILEMMA,
        [Entrant("mine", Parametrised(1)), Entrant("always_defect", "always_defect")],
        4,
    )
    assert mean(league, "mine", "always_defect") == -2


def test_an_agent_of_another_board_is_refused(agents):
    with pytest.raises(ValueError, match=r"entrant a: .* size must be \(4, 4\), is \(3, 3\)"):
        seat(Entrant("a", agents[0]), CoinGame(size=4))


@pytest.mark.parametrize("space", [np, jnp])
@pytest.mark.parametrize("action", [-1, 4, 7])
def test_what_is_no_move_of_a_players_own_game_is_none_of_the_table(space, action):
    class Stray(Counts):
        def act(self, key, params, carry, observation):
            return space.asarray(action, np.int32), carry, {}

    table = CoinGame(observation="index")
    player = translated(Stray(1, num_actions=4), CoinGame(), table, 0)
    seen = table.observe(table.reset(jax.random.key(0)))[0]
    assert player.act(None, (), (), space.asarray(seen))[0] == -1
