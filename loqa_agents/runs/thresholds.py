"""The Coin Game's published thresholds: who satisfies them, and when they fell for good."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from loqa_agents.runs.loggers import Record
from loqa_envs.coin_game.game import CoinGame

EPISODES = 512
"""At least so many episodes an evaluation: with fewer, chance alone crosses thresholds."""


class Threshold(NamedTuple):
    """What both returns must exceed."""

    self_play: float
    always_defect: float


THRESHOLDS = {
    "weak": Threshold(0.05, -1.2),
    "medium": Threshold(0.1, -0.5),
    "strong": Threshold(0.2, -0.2),
}
"""As LOQA's authors measured (their code), in rewards per step times `scale`.

A player that always cooperates passes ``weak`` on every board.
"""


def scale(game: CoinGame) -> int:
    """What the published measure multiplies rewards by: 2 (N // 2), N the board's smaller side."""
    return 2 * (min(game.height, game.width) // 2)


def satisfied(game: CoinGame, record: Record) -> dict[str, list[bool]]:
    """Which thresholds each seed satisfies at one evaluation."""
    pairs = list(zip(record["self_play"], record["versus"]["always_defect"]["agent"], strict=True))
    return {
        name: [
            scale(game) * itself > least.self_play and scale(game) * met > least.always_defect
            for itself, met in pairs
        ]
        for name, least in THRESHOLDS.items()
    }


def crossings(
    game: CoinGame, records: Sequence[Record]
) -> dict[str, dict[str, list[float | None]]]:
    """When each seed crossed each threshold, in wall seconds of the run; None where it never did.

    ``first`` is the first evaluation that satisfies it, ``held`` the first from which on all do.
    """
    times = [record["wall_seconds"] for record in records]
    history = [satisfied(game, record) for record in records]
    found = {}
    for name in THRESHOLDS:
        seeds = list(zip(*(passed[name] for passed in history), strict=True))
        held = [[all(passed[i:]) for i in range(len(passed))] for passed in seeds]
        found[name] = {
            "first": [_first(times, passed) for passed in seeds],
            "held": [_first(times, passed) for passed in held],
        }
    return found


def _first(times: Sequence[float], passed: Sequence[bool]) -> float | None:
    return next((time for time, passes in zip(times, passed, strict=True) if passes), None)


def own_colour(info: Mapping[str, Any]) -> list[float | None]:
    """The share of coins of the taker's own colour among all taken, None where none was taken.

    ``info`` has ``took_own`` and ``took_other`` of each seed, in any unit.
    """
    return [
        round(float(own / (own + other)), 6) if own + other else None
        for own, other in zip(info["took_own"], info["took_other"], strict=True)
    ]
