"""What a person sees of a run: learning curves, bars, moving pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from loqa_agents.common.figures import Axes, Figure, label, png
from loqa_agents.common.files import write_atomically
from loqa_agents.players.agent import Agent
from loqa_agents.runs.loggers import Record
from loqa_agents.runs.report import Episode
from loqa_agents.runs.thresholds import THRESHOLDS, scale
from loqa_envs import keys
from loqa_envs.coin_game.game import CoinGame

_COLOURS = {"self_play": "#1b7837", "always_cooperate": "#2166ac", "always_defect": "#b2182b"}


def draw(out: Path, results: dict[str, Any], records: list[Record]) -> None:
    """Write ``learning_curves.png`` and, for matrix games, ``cooperation.png`` into ``out``."""
    title = label(f"{results['algorithm']} on {results['game']}, {_seeds(results)}")
    curves = png(lambda: _learning_curves(records, title))
    write_atomically(out / "learning_curves.png", curves)
    parts = results.get("by_seat", {"": results})  # each seat's own, where seats differ
    tables = {seat: part["cooperation"] for seat, part in parts.items() if "cooperation" in part}
    if tables:
        bars = png(lambda: _cooperation(tables, title))
        write_atomically(out / "cooperation.png", bars)


def draw_coin_game(
    out: Path, game: CoinGame, results: dict[str, Any], records: list[Record]
) -> None:
    """Write ``learning_curves.png`` and ``own_colour.png`` into ``out``."""
    title = label(
        f"{results['algorithm']} on {results['game']}, {game.height}x{game.width}, "
        f"{_seeds(results)}"
    )
    write_atomically(out / "learning_curves.png", png(lambda: _returns(game, records, title)))
    write_atomically(out / "own_colour.png", png(lambda: _own_colour(records, title)))


def film(out: Path, agent: Agent, opponents: Sequence[str]) -> None:
    """Write an episode of ``agent`` against each of ``opponents`` as ``OPPONENT.gif``.

    An opponent is a scripted player, or ``self_play``.
    """
    me = f"seed {agent.seed}"
    for name in opponents:
        other = agent if name == "self_play" else name
        names = (me, me if other is agent else name)
        episode = Episode.play(agent.game, names, (agent, other), keys.stream(keys.key(0), "film"))
        write_atomically(out / f"{name}.gif", episode.gif())


def _returns(game: CoinGame, records: list[Record], title: str) -> Figure:
    figure = Figure(figsize=(7.5, 5), layout="constrained")
    axes = figure.subplots()
    seconds = [record["wall_seconds"] for record in records]

    def curve(name: str, side: str, label: str, style: str = "-") -> None:
        rewards = [record["versus"][name][side] for record in records]
        _curve(axes, seconds, rewards, _COLOURS[name], label, style)

    itself = [record["self_play"] for record in records]
    _curve(axes, seconds, itself, _COLOURS["self_play"], "against itself")
    curve("always_cooperate", "agent", "against always_cooperate")
    curve("always_cooperate", "opponent", "what always_cooperate keeps", "--")
    curve("always_defect", "agent", "against always_defect")
    strong = THRESHOLDS["strong"]
    if scale(game):
        for name, least in (
            ("self_play", strong.self_play), ("always_defect", strong.always_defect)
        ):  # fmt: skip
            label = f"strong, {'itself' if name == 'self_play' else name}"
            height = least / scale(game)
            axes.axhline(height, color=_COLOURS[name], linestyle=":", linewidth=1.5, label=label)
    axes.set(xlabel="wall time in s", ylabel="mean reward per step", title=title)
    axes.set_xlim(left=0)  # with the time to compile
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _own_colour(records: list[Record], title: str) -> Figure:
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    seconds = [record["wall_seconds"] for record in records]
    shares = [record["own_colour"] for record in records]  # None where no coin was taken
    _curve(axes, seconds, shares, _COLOURS["self_play"], "mean over seeds, in self-play")
    axes.axhline(0.5, color="#767676", linestyle=":", linewidth=1.5, label="colour-blind")
    axes.set(
        xlabel="wall time in s", ylabel="own-colour coins of all taken", ylim=(0, 1.02), title=title
    )
    axes.set_xlim(left=0)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _learning_curves(records: list[Record], title: str) -> Figure:
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    updates = [record["update"] for record in records]
    itself = [record["self_play"] for record in records]
    _curve(axes, updates, itself, _COLOURS["self_play"], "against itself")
    for name in ("always_cooperate", "always_defect"):
        if name in records[-1]["versus"]:
            rewards = [record["versus"][name]["agent"] for record in records]
            _curve(axes, updates, rewards, _COLOURS[name], f"against {name}")
    axes.set(xlabel="updates", ylabel="mean reward per step", title=title)
    axes.locator_params(axis="x", integer=True)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def _curve(
    axes: Axes,
    across: Sequence[float],
    by_seed: Sequence[Sequence[float | None]],
    colour: str,
    label: str,
    style: str = "-",
) -> None:
    """A line a seed and their mean; a seed without a number leaves a gap."""
    numbers = np.array(by_seed, float)
    axes.plot(across, numbers, color=colour, alpha=0.25, linewidth=0.8, linestyle=style)
    mean = np.ma.masked_invalid(numbers).mean(1)
    axes.plot(across, mean, color=colour, linewidth=2.2, linestyle=style, label=label)


def _cooperation(by_seat: dict[str, dict[str, list[float]]], title: str) -> Figure:
    """Bars of each seat side by side; ``by_seat`` has one without a name if all are alike."""
    figure = Figure(figsize=(7.5 * len(by_seat), 4.5), layout="constrained")
    panels = figure.subplots(1, len(by_seat), squeeze=False, sharey=True)[0]
    for axes, (seat, cooperation) in zip(panels, by_seat.items(), strict=True):
        positions = np.arange(len(cooperation))
        rates = np.array(list(cooperation.values()))
        axes.bar(positions, rates.mean(1), width=0.6, color="#92c5de", label="mean over seeds")
        # Seeds side by side within the bar's width, so that equal ones can be told apart.
        offsets = np.linspace(-0.22, 0.22, rates.shape[1]) if rates.shape[1] > 1 else np.zeros(1)
        axes.scatter(
            (positions[:, None] + offsets).ravel(), rates.ravel(), s=16, color="#053061", zorder=3,
            label="one seed", clip_on=False,
        )  # fmt: skip
        axes.set_xticks(positions, list(cooperation))
        of_seat = f"{title}, in seat {seat}" if seat else title
        axes.set(ylim=(0, 1.02), xlabel="after (own move first)", title=of_seat)
        axes.grid(axis="x", visible=False)
    panels[0].set(ylabel="P(cooperate)")
    marks = panels[0].get_legend_handles_labels()
    figure.legend(*marks, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _seeds(results: dict[str, Any]) -> str:
    number = len(results["seeds"])
    return f"{number} seed" + "s" * (number > 1)
