"""The Coin Game's published thresholds, for two players, and what is drawn of a run."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from loqa_agents.common.figures import Figure, label, png
from loqa_agents.common.files import write_atomically
from loqa_agents.runs.loggers import Record
from loqa_agents.runs.pictures import COLOURS, curve, learning_curves, seeds_of
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


def draw(out: Path, game: CoinGame, results: dict[str, Any], records: list[Record]) -> None:
    """Write ``learning_curves.png`` and ``own_colour.png`` into ``out``."""
    title = label(
        f"{results['algorithm']} on {results['game']}, {game.height}x{game.width}, "
        f"{seeds_of(results)}"
    )
    curves = partial(_returns, game) if game.num_players == 2 else learning_curves
    write_atomically(out / "learning_curves.png", png(lambda: curves(records, title)))
    write_atomically(out / "own_colour.png", png(lambda: _own_colour(records, title)))


def _returns(game: CoinGame, records: list[Record], title: str) -> Figure:
    figure = Figure(figsize=(7.5, 5), layout="constrained")
    axes = figure.subplots()
    seconds = [record["wall_seconds"] for record in records]

    def drawn(name: str, side: str, label: str, style: str = "-") -> None:
        rewards = [record["versus"][name][side] for record in records]
        curve(axes, seconds, rewards, COLOURS[name], label, style)

    itself = [record["self_play"] for record in records]
    curve(axes, seconds, itself, COLOURS["self_play"], "against itself")
    drawn("always_cooperate", "agent", "against always_cooperate")
    drawn("always_cooperate", "opponent", "what always_cooperate keeps", "--")
    drawn("always_defect", "agent", "against always_defect")
    strong = THRESHOLDS["strong"]
    if scale(game):
        for name, least in (
            ("self_play", strong.self_play), ("always_defect", strong.always_defect)
        ):  # fmt: skip
            label = f"strong, {'itself' if name == 'self_play' else name}"
            height = least / scale(game)
            axes.axhline(height, color=COLOURS[name], linestyle=":", linewidth=1.5, label=label)
    axes.set(xlabel="wall time in s", ylabel="mean reward per step", title=title)
    axes.set_xlim(left=0)  # with the time to compile
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _own_colour(records: list[Record], title: str) -> Figure:
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    seconds = [record["wall_seconds"] for record in records]
    shares = [record["own_colour"] for record in records]  # None where no coin was taken
    curve(axes, seconds, shares, COLOURS["self_play"], "mean over seeds, in self-play")
    axes.axhline(0.5, color="#767676", linestyle=":", linewidth=1.5, label="colour-blind")
    axes.set(
        xlabel="wall time in s", ylabel="own-colour coins of all taken", ylim=(0, 1.02), title=title
    )
    axes.set_xlim(left=0)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure
