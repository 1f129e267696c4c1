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
from loqa_envs import keys

COLOURS = {"self_play": "#1b7837", "always_cooperate": "#2166ac", "always_defect": "#b2182b"}


def draw(out: Path, results: dict[str, Any], records: list[Record]) -> None:
    """Write ``learning_curves.png`` and, for matrix games, ``cooperation.png`` into ``out``."""
    title = label(f"{results['algorithm']} on {results['game']}, {seeds_of(results)}")
    curves = png(lambda: learning_curves(records, title))
    write_atomically(out / "learning_curves.png", curves)
    parts = results.get("by_seat", {"": results})  # each seat's own, where seats differ
    tables = {seat: part["cooperation"] for seat, part in parts.items() if "cooperation" in part}
    if tables:
        bars = png(lambda: _cooperation(tables, title))
        write_atomically(out / "cooperation.png", bars)


def film(out: Path, agent: Agent, opponents: Sequence[str]) -> None:
    """Write an episode of ``agent`` against each of ``opponents`` as ``OPPONENT.gif``.

    An opponent is a scripted player, or ``self_play``, and holds all other seats.
    """
    me = f"seed {agent.seed}"
    for name in opponents:
        other = agent if name == "self_play" else name
        others = agent.game.num_players - 1
        names = (me, *[me if other is agent else name] * others)
        players = (agent, *[other] * others)
        episode = Episode.play(agent.game, names, players, keys.stream(keys.key(0), "film"))
        write_atomically(out / f"{name}.gif", episode.gif())


def learning_curves(records: list[Record], title: str) -> Figure:
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    updates = [record["update"] for record in records]
    itself = [record["self_play"] for record in records]
    curve(axes, updates, itself, COLOURS["self_play"], "against itself")
    for row in records[-1]["versus"]:
        name, _, number = row.partition(" x")  # how many of them, where there are more than two
        if name in COLOURS:
            rewards = [record["versus"][row]["agent"] for record in records]
            style = ("-", "--", "-.", ":")[int(number or 1) - 1]
            curve(axes, updates, rewards, COLOURS[name], f"against {row}", style)
    axes.set(xlabel="updates", ylabel="mean reward per step", title=title)
    axes.locator_params(axis="x", integer=True)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def curve(
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


def seeds_of(results: dict[str, Any]) -> str:
    number = len(results["seeds"])
    return f"{number} seed" + "s" * (number > 1)
