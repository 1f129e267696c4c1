"""What a person sees of leagues and scorecards: who gets what from whom, at a glance."""

from pathlib import Path
from typing import Any

import numpy as np

from loqa_agents.common.figures import Figure, colours, label, png
from loqa_agents.common.files import write_atomically

TITLES = {
    "self_play": "itself, same seed",
    "cross_play": "other seeds",
    "best_response": "best response",
    "exact_best_response": "exact response",
}
"""What lines are called; those against scripted players have their names."""


def title(line: dict[str, Any]) -> str:
    name: str = line["name"]
    return TITLES.get(name, name)


def draw_league(out: Path, data: dict[str, Any]) -> None:
    """Write ``heat_map.png`` and ``scatter.png`` of a `summary` into ``out``."""
    write_atomically(out / "heat_map.png", png(lambda: heat_map(data)))
    write_atomically(out / "scatter.png", png(lambda: scatter(data)))


def heat_map(data: dict[str, Any]) -> Figure:
    """The reward of each team against each; the number is the row's."""
    names = [label(name) for name in data["teams"]]
    means = np.array(data["by_team"]["reward"]["mean"], float)
    longest = 0.09 * max(len(name) for name in names)  # inches, of the labels
    side = 2.0 + 0.62 * len(names)
    figure = Figure(figsize=(side + longest + 1, side + 0.7 * longest), layout="constrained")
    axes = figure.subplots()
    bound = max(float(np.nanmax(np.abs(means))), 1e-6) if np.isfinite(means).any() else 1.0
    # White is what nobody gains or loses by.
    image = axes.imshow(means, cmap="PiYG", vmin=-bound, vmax=bound)
    for (i, j), value in np.ndenumerate(means):
        if np.isfinite(value):
            colour = "white" if abs(value) > 0.75 * bound else "black"
            axes.text(
                j,
                i,
                f"{round(value, 2) + 0.0:.2f}",
                ha="center",
                va="center",
                color=colour,
                fontsize=9,
            )
    places = np.arange(len(names))
    axes.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, names)
    axes.grid(visible=False)
    among = f"row ({data['focal']} of them) among" if "focal" in data else "row against"
    figure.suptitle(f"Mean reward per step, {among} column", fontsize=12)
    figure.colorbar(image, ax=axes, shrink=0.8)
    return figure


def scatter(data: dict[str, Any]) -> Figure:
    """Each team over all opponents: what it gets, and what it leaves them."""
    means = np.array(data["by_team"]["reward"]["mean"], float)
    figure = Figure(figsize=(7, 6 + 0.13 * len(means)), layout="constrained")
    axes = figure.subplots()
    for i, (name, colour) in enumerate(zip(data["teams"], colours(len(means)), strict=True)):
        axes.scatter(means[i], means[:, i], s=14, color=colour, alpha=0.45, linewidths=0)
        known = np.isfinite(means[i])
        if known.any():
            centre = means[i][known].mean(), means[:, i][known].mean()
            axes.scatter(
                *centre, s=90, color=colour, edgecolors="black", label=label(name), zorder=3
            )
    axes.axline((0, 0), slope=1, color="#767676", linestyle=":", linewidth=1.2)
    axes.set(
        xlabel="what the team gets, mean reward per step",
        ylabel="what its opponents get",
    )
    figure.suptitle("Large: the mean over all opponents; small: each of them", fontsize=12)
    if np.isfinite(means).any():
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def card_picture(card: dict[str, Any]) -> bytes:
    """The card's lines as points with intervals, published ones beside them, as PNG."""
    return png(lambda: _points(card))


def _points(card: dict[str, Any]) -> Figure:
    lines = card["lines"]
    figure = Figure(figsize=(8, 1.6 + 0.5 * len(lines)), layout="constrained")
    axes = figure.subplots()
    for who, colour, shift in (("agent", "#1b7837", -0.1), ("opponent", "#762a83", 0.1)):
        drawn = [(i + shift, line[who]) for i, line in enumerate(lines) if line[who] is not None]
        for height, value in drawn:
            if value["low"] is not None:
                axes.plot([value["low"], value["high"]], [height] * 2, color=colour, linewidth=2)
        axes.plot(
            [value["mean"] for _, value in drawn], [height for height, _ in drawn], "o",
            color=colour, label=who,
        )  # fmt: skip
    markers = dict(zip(card.get("sources", {}), "svD^P", strict=False))
    for method, marker in markers.items():
        known = [i for i, line in enumerate(lines) if method in line["published"]]
        axes.scatter(
            [lines[i]["published"][method]["agent"] for i in known], [i - 0.3 for i in known],
            marker=marker, s=28, facecolors="none", edgecolors="#4d4d4d",
            label=f"{method}, agent",
        )  # fmt: skip
    axes.set_yticks(range(len(lines)), [label(title(line)) for line in lines])
    axes.invert_yaxis()
    axes.set(xlabel="mean reward per step")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure
