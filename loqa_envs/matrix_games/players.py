"""Players without parameters for two-action matrix games.

Cooperating is action 0, defecting action 1. A memory-one player is its probability of cooperating
after START, CC, CD, DC, DD, its own last move named first: the order of `MatrixGame`'s observation.

In a prisoner's dilemma tit_for_tat, suspicious_tit_for_tat, grim, win_stay_lose_shift,
and extort_2 play as TitForTat, SuspiciousTitForTat, Grudger, WinStayLoseShift and ZDExtort2 of the
library Axelrod; generous_tit_for_tat plays as its GTFT with payoffs 3, 0, 5, 1, see `generous`.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
from annotated_types import Interval, Len

from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.game import Carry, Policy, ScriptedPolicy
from loqa_envs.policy import Random
from loqa_envs.validation import Probability, Real, checked
from loqa_envs.wording import Words


@dataclass(frozen=True)
class MemoryOne(ScriptedPolicy):
    """Cooperates with a fixed probability in each of START, CC, CD, DC, DD.

    Raises:
        ValueError: unless ``cooperation`` is five probabilities.
    """

    cooperation: Annotated[
        tuple[Probability, ...],
        Len(5, 5),
        Words("five probabilities, for START, CC, CD, DC and DD"),
    ]
    noise_size = 1

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        probability = observation @ np.asarray(self.cooperation, np.float32)
        return (narrowed(noise)[0] >= probability).astype(np.int32), carry


@dataclass(frozen=True)
class RandomMemoryOne(ScriptedPolicy):
    """Somebody else in every episode: a memory-one player whose probabilities are uniformly random.

    Half of the others such players and half learners is the mixed pool of Weis et al., in which
    learners that remember must infer whom they have met (2026). The carry is the probabilities,
    which are drawn when it sees START.
    """

    situations: Annotated[int, Interval(ge=5, le=17)] = 5
    """How many there are, START first."""

    @property
    def noise_size(self) -> int:  # type: ignore[override]
        return 1 + self.situations

    def initial_carry(self) -> Carry:
        return np.zeros(self.situations, np.float32)

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        xp, chances = array_namespace(observation, carry), narrowed(noise)
        carry = xp.where(observation[:1] > 0.5, chances[1:], carry)
        return (chances[0] >= observation @ carry).astype(np.int32), carry


RANDOM = "random"
"""What stands for probabilities of a memory-one player that are drawn anew in every episode."""


def memory_one(probabilities: str) -> ScriptedPolicy:
    """The player of five probabilities with commas between them, or of ``random`` ones.

    Raises:
        ValueError: if they are anything else.
    """
    asked = "five probabilities, for START, CC, CD, DC and DD, such as memory_one:1,1,0,1,0"
    return _memory_one(MemoryOne, 5, asked, probabilities)


@dataclass(frozen=True)
class MemoryOneOfMany(MemoryOne):
    """The same in games that have other situations than those five, each with its probability.

    Raises:
        ValueError: unless ``cooperation`` is at least five probabilities.
    """

    cooperation: Annotated[tuple[Probability, ...], Len(5), Words("five or more probabilities")]


def memory_one_of_many(situations: tuple[str, ...]) -> Callable[[str], ScriptedPolicy]:
    """What makes a player of a probability for each of ``situations``, with commas between them."""

    number = len(situations)
    asked = f"{number} probabilities, for {', '.join(situations)}, with commas between them"
    return partial(_memory_one, MemoryOneOfMany, number, asked)


def _memory_one(
    kind: type[MemoryOne], number: int, asked: str, probabilities: str
) -> ScriptedPolicy:
    if probabilities == RANDOM:
        return RandomMemoryOne(number)
    with suppress(ValueError):
        numbers = tuple(float(each) for each in probabilities.split(","))
        if len(numbers) == number:
            return kind(numbers)
    raise ValueError(f"memory_one: must be followed by {asked}; got 'memory_one:{probabilities}'.")


@dataclass(frozen=True)
class Grim(ScriptedPolicy):
    """Cooperates until the other defects for the first time, then defects for good.

    The carry is whether the other has defected. It differs from the memory-one player
    (1, 1, 0, 0, 0), which also punishes its own slips.
    """

    def initial_carry(self) -> Carry:
        return np.zeros((), np.bool_)

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        xp = array_namespace(observation, carry)
        betrayed = xp.logical_or(carry, observation[2] + observation[4] > 0.5)
        return betrayed.astype(np.int32), betrayed


@checked
def extortioner(
    payoffs: Annotated[tuple[Real, ...], Len(4, 4), Words("four numbers, after CC, CD, DC and DD")],
    factor: Annotated[float, Interval(ge=1, le=10**6)],
) -> MemoryOne:
    """The zero-determinant player that keeps ``factor`` times the surplus that it leaves.

    Against any memory-one player of an endless game, its mean reward less P is ``factor`` times the
    other's less P. Press and Dyson, Iterated Prisoner's Dilemma contains strategies that dominate
    any evolutionary opponent (PNAS 2012). The free scale φ is 1/9, as in ZD-Extort-2 of Stewart and
    Plotkin, Extortion and cooperation in the Prisoner's Dilemma (PNAS 2012), and in the library
    Axelrod; where payoffs are too large for it, the largest that leaves probabilities. It opens
    with cooperation.

    Args:
        payoffs: R, S, T, P: what a player gets after CC, CD, DC, DD.
        factor: the extortion factor, at least 1.

    Raises:
        ValueError: unless the payoffs are a prisoner's dilemma, T > R > P > S, and the factor is at
            least 1.
    """
    reward, sucker, temptation, punishment = payoffs
    if not temptation > reward > punishment > sucker:
        raise ValueError(
            "payoffs must be those of a prisoner's dilemma, DC > CC > DD > CD, got "
            f"{payoffs} (CC, CD, DC, DD)."
        )
    after_cc = (1 - 1 / factor) * (reward - punishment)
    after_cd = (temptation - punishment) + (punishment - sucker) / factor
    after_dc = (temptation - punishment) / factor + (punishment - sucker)
    scale = min(1 / 9, 1 / max(after_cc, after_cd, after_dc))
    return MemoryOne((1.0, 1 - scale * after_cc, 1 - scale * after_cd, scale * after_dc, 0.0))


def generous(payoffs: tuple[float, ...]) -> MemoryOne:
    """Tit-for-tat that forgives a defection as often as a prisoner's dilemma allows.

    That is with probability min(1 - (T - R)/(R - S), (R - P)/(T - P)), or never where that is
    negative. Nowak and Sigmund, Tit for tat in heterogeneous populations (Nature 1992). Axelrod's
    GTFT forgives with the probability 1/3 of its own payoffs, 3, 0, 5, 1, in all games.

    Args:
        payoffs: R, S, T, P: what a player gets after CC, CD, DC, DD.
    """
    reward, sucker, temptation, punishment = payoffs
    forgiving = max(
        0.0,
        min(
            1 - (temptation - reward) / (reward - sucker),
            (reward - punishment) / (temptation - punishment),
        ),
    )
    return MemoryOne((1, 1, forgiving, 1, forgiving))


MATRIX_PLAYERS: dict[str, Policy] = {
    "always_cooperate": MemoryOne((1, 1, 1, 1, 1)),
    "always_defect": MemoryOne((0, 0, 0, 0, 0)),
    "random": Random(2),
    "tit_for_tat": MemoryOne((1, 1, 0, 1, 0)),
    "suspicious_tit_for_tat": MemoryOne((0, 1, 0, 1, 0)),
    # As generous as the dilemma with the usual payoffs, 3, 0, 5, 1, allows.
    "generous_tit_for_tat": MemoryOne((1, 1, 1 / 3, 1, 1 / 3)),
    "grim": Grim(),
    "win_stay_lose_shift": MemoryOne((1, 1, 0, 0, 1)),
}
"""The players of every matrix game, by name."""


def dilemma_players(payoffs: tuple[float, ...]) -> dict[str, Policy]:
    """Those of a prisoner's dilemma with the payoffs R, S, T, P, by name."""
    return MATRIX_PLAYERS | {
        "generous_tit_for_tat": generous(payoffs),
        "extort_2": extortioner(payoffs, 2),
    }
