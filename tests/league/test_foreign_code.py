"""Players whose code exits, interrupts, raises where it is looked at, or never answers."""

import os
import signal
import sys
import threading
from typing import ClassVar

import numpy as np
import pytest

from loqa_agents.league import Entrant, PlayerError, play_league
from loqa_agents.league.entrants import seat
from loqa_agents.league.pairs.python_pairs import play_python_pair
from loqa_agents.players.python.foreign_code import Caller, Fault, called

from .conftest import DILEMMA, KEY
from .players import Counts, TitForTat


class Does(TitForTat):
    """Does what it is given in its first act."""

    def __init__(self, what):
        self.what = what

    def act(self, observation):
        self.what()
        return 0


def interrupts():
    raise KeyboardInterrupt


def waits():
    threading.Event().wait()


def played(player, act_timeout=None):
    defector = seat(Entrant("defector", "always_defect"), DILEMMA)
    pair = seat(Entrant("mine", player), DILEMMA, act_timeout), defector
    return play_python_pair(0, DILEMMA, ("mine", "defector"), pair, 2)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (sys.exit, "it raised SystemExit"),
        (lambda: sys.exit(0), "it raised SystemExit: 0"),
        (interrupts, "it raised KeyboardInterrupt"),
        (lambda: (_ for _ in ()).throw(GeneratorExit), "it raised GeneratorExit"),
    ],
)
@pytest.mark.parametrize("act_timeout", [None, 60])
def test_a_player_that_ends_the_program_has_failed(what, message, act_timeout):
    with pytest.raises(PlayerError, match=f"player mine .* episode 1, step 1 {message}.$"):
        played(Does(what), act_timeout)


@pytest.mark.slow
def test_a_player_that_does_not_answer_in_time_has_failed_and_the_others_play_on():
    entrants = [
        Entrant("hangs", Does(waits)), Entrant("mine", TitForTat()), Entrant("d", "always_defect"),
    ]  # fmt: skip
    league = play_league(KEY, DILEMMA, entrants, 2, keep_going=True, act_timeout=0.2)
    assert league.failed == {
        "hangs": "player hangs must play on; in episode 1, step 1 it did not answer within 0.2 s."
    }
    assert np.isnan(league.rewards[0]).all()
    assert league.rewards[1:, 1:].mean(-1) == pytest.approx(np.array([[-1, -2.1], [-1.8, -2]]))


def test_a_player_that_answers_in_time_plays_as_without_a_limit():
    np.testing.assert_array_equal(played(TitForTat(), 60).rewards, played(TitForTat()).rewards)


def test_a_late_answer_is_not_taken_for_that_to_another_question():
    late = threading.Event()
    call = Caller(0.2)
    with pytest.raises(Fault, match=r"did not answer within 0\.2 s"):
        call(late.wait)
    late.set()
    assert call(lambda: "mine") == "mine"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_interrupts_with_a_signal_is_the_user(number):
    def handler(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(number, handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            called(lambda: os.kill(os.getpid(), number))
        assert signal.getsignal(number) is handler
        with pytest.raises(Fault, match="raised KeyboardInterrupt"):
            called(interrupts)
    finally:
        signal.signal(number, before)


class ExitsLater(Counts):
    """A Policy whose code ends the program when it is traced in earnest."""

    traced: ClassVar = []

    def act(self, key, params, carry, observation):
        self.traced.append(0)
        if len(self.traced) > 1:  # the first time it is looked at
            sys.exit(0)
        return super().act(key, params, carry, observation)


def test_a_policy_that_ends_the_program_is_named_too():
    entrants = [Entrant("mine", ExitsLater(3)), Entrant("always_defect", "always_defect")]
    with pytest.raises(ValueError, match="code of always_defect or mine raised SystemExit: 0"):
        play_league(KEY, DILEMMA, entrants, 2)


class Guarded(TitForTat):
    def __getattr__(self, name):
        raise RuntimeError(f"{name} is none of your business")


class Unshown:
    def __repr__(self):
        raise SystemExit(0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Guarded, "RuntimeError: .* is none of your business"),
        (Unshown, "SystemExit: 0"),
        (lambda: lambda: sys.exit(0), "SystemExit: 0"),
        (lambda: interrupts, "KeyboardInterrupt"),
    ],
)
def test_a_player_that_cannot_be_looked_at_or_made_is_refused_by_name(make, message):
    with pytest.raises(ValueError, match=f"^entrant odd: .*its code raised {message}.$"):
        seat(Entrant("odd", make()), DILEMMA)
