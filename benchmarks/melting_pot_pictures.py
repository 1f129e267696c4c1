"""Pictures of what `melting_pot.py` measured in Coins: curves, and episodes of trained agents.

    python benchmarks/melting_pot_pictures.py runs/melting_pot

Curves are drawn from the results, ``docs/melting_pot.png``; the agents of seed 42 in that folder
play the episodes, ``docs/melting_pot.gif``.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from melting_pot import ALGORITHMS, RESULTS, ROOT, melting_pot
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from loqa_agents import load_agent
from loqa_agents.common.figures import Figure, png
from loqa_agents.league.intervals import over_seeds
from loqa_envs import environment
from loqa_envs.adapters.rendering import moving_picture

CURVES = (
    ("mismatched_share", "share of coins of the other's colour"),
    ("collective_return", "collective return per 100 steps"),
)
COLOURS = dict(zip(ALGORITHMS, ("#777777", "#1f6fb4", "#d1661f"), strict=True))
BEFORE, SHOWN = 150, 60
"""Steps before the film begins, and in it."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw what was measured in Melting Pot.")
    parser.add_argument("folder", type=Path, help="where the agents are")
    folder = parser.parse_args().folder
    report = json.loads(RESULTS.read_text())
    docs = ROOT / "docs"
    (docs / "melting_pot.png").write_bytes(png(lambda: curves(report)))
    environment(melting_pot.coins_in_parts, seats_alike=True)
    films = [film(folder, name) for name in ("naive", "loqa")]
    frames = [np.concatenate(pair, axis=1) for pair in zip(*films, strict=True)]
    (docs / "melting_pot.gif").write_bytes(moving_picture(frames))


def curves(report: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(4.6 * len(CURVES), 4), layout="constrained")
    for axes, (what, label) in zip(figure.subplots(1, len(CURVES)), CURVES, strict=True):
        for name in ALGORITHMS:
            runs = [run["curve"] for run in report["coins"][name]]
            across = runs[0]["update"]
            found = over_seeds(np.array([run[what] for run in runs], float).T)
            axes.plot(across, found.mean, color=COLOURS[name], label=name.replace("_", " "))
            axes.fill_between(across, found.low, found.high, color=COLOURS[name], alpha=0.15)
        axes.set(xlabel="updates of 800 environment steps", title=label)
    figure.axes[0].set_ylim(0, 0.75)
    figure.axes[0].legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.4))
    return figure


def film(folder: Path, name: str) -> list[NDArray[np.uint8]]:
    """An episode of two copies of an agent from the middle on, with what both have got so far."""
    agent = load_agent(folder / f"coins-{name}-42.safetensors")
    env = melting_pot.coins()
    players = {a: agent.player(seat=seat, seed=seat) for seat, a in enumerate(env.possible_agents)}
    for player in players.values():
        player.reset()
    seen, _ = env.reset(seed=42)
    returns, frames = dict.fromkeys(players, 0), []
    for step in range(BEFORE + SHOWN):
        seen, rewards, *_ = env.step({a: player.act(seen[a]) for a, player in players.items()})
        returns = {a: returns[a] + int(rewards[a]) for a in players}
        if step >= BEFORE:
            frames.append(
                captioned(
                    env.render(), f"{name}: returns {' and '.join(map(str, returns.values()))}"
                )
            )
    env.close()
    return frames


def captioned(picture: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    frame = Image.new("RGB", (2 * picture.shape[1], 2 * picture.shape[0] + 28), "white")
    frame.paste(Image.fromarray(picture.repeat(2, 0).repeat(2, 1)), (0, 28))
    ImageDraw.Draw(frame).text((8, 4), text, "black", ImageFont.load_default(18))
    return np.array(frame)


if __name__ == "__main__":
    main()
