"""What a person reads of a run: progress, tables, an episode."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from loqa_agents.common.rollout import watch_episode
from loqa_agents.common.terminal import print_table, say
from loqa_agents.common.text import printable
from loqa_agents.runs.loggers import Logger, Record
from loqa_envs.adapters.rendering import draw_picture, moving_picture
from loqa_envs.arrays import Array
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game, Policy, State


class ProgressDisplay(Logger):
    """A live bar in a terminal, a line per evaluation elsewhere."""

    folder: Path
    """Of the run, once it has begun."""

    def __init__(self, console: Console, title: str, updates: int) -> None:
        self._console = console
        self._updates = updates
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} updates"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._task = self._progress.add_task(printable(title), total=updates)
        self._status = "compiling"
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=4)

    def begin(self, out: Path, config: dict[str, Any], update: int) -> None:
        self.folder = out
        if self._console.is_terminal:
            self._live.start()

    def log(self, record: Record) -> None:
        self._status = f"self-play {_summary(record['self_play'])}"
        for name, met in record["versus"].items():
            if name.startswith("always_defect"):
                self._status += f", against {name} {_mean(met['agent'])}"
        if "thresholds" in record:
            kept = _mean(record["versus"]["always_cooperate"]["opponent"])
            self._status += f",\nalways_cooperate keeps {kept}; " + ", ".join(
                f"{name} {sum(passed)}/{len(passed)}"
                for name, passed in record["thresholds"].items()
            )
        self._progress.update(self._task, completed=record["update"])
        if not self._console.is_terminal:
            line = self._status.replace("\n", " ")
            say(self._console, f"update {record['update']}/{self._updates}: {line}")

    def close(self) -> None:
        if self._live.is_started:
            self._live.stop()

    def _render(self) -> Group:
        lines = (Text(printable(line)) for line in self._status.split("\n"))
        return Group(self._progress, *lines)


def print_results(console: Console, results: dict[str, Any]) -> None:
    """The measured part of ``results.json`` as tables: mean, lowest and highest over seeds.

    Where seats differ, the tables of each seat come after those of all.
    """
    by_seat = results.get("by_seat", {})
    parts = [("", results)] + [(f", in seat {seat}", part) for seat, part in by_seat.items()]
    by_seed = ("lowest seed", "highest seed")
    for where, part in parts:
        rows = [("itself", *_row(part["self_play"]), "")]
        if part["cross_play"]:
            rows.append(("other seeds", *_row(part["cross_play"]), ""))
        rows += [
            (name, *_row(met["agent"]), _mean(met["opponent"]))
            for name, met in part["versus"].items()
        ]
        title = f"Mean reward per step{where}, against"
        print_table(console, title, ("", "agent", *by_seed, "opponent"), rows)
        if "cooperation" in part:
            after = [(situation, *_row(rates)) for situation, rates in part["cooperation"].items()]
            title = f"Probability of cooperating{where}, after"
            print_table(console, title, ("", "mean", *by_seed), after)
    if "welfare" in results:
        share = _summary(results["welfare"])
        say(console, f"Welfare in self-play, 1 is where all cooperate: {share}")


@dataclass(frozen=True)
class Episode:
    """One episode of two named players, to be shown."""

    game: Game
    names: tuple[str, ...]
    actions: Array
    """``int[T, P]``"""
    rewards: Array
    """``[T, P]``"""
    states: State
    """``[T + 1, ...]``"""

    @classmethod
    def play(
        cls, game: Game, names: tuple[str, ...], players: tuple[str | Policy, ...], key: jax.Array
    ) -> "Episode":
        """One of ``players`` seat by seat, who are what `make_player` takes."""
        seated = [make_player(player, game, seat) for seat, player in enumerate(players)]
        watch = jax.jit(lambda key: watch_episode(key, game, seated, ((),) * len(seated)))
        trajectory, states = jax.device_get(watch(key))
        return cls(game, names, trajectory.actions, trajectory.rewards, states)

    @property
    def returns(self) -> Any:
        """``[T + 1, P]``: what each seat has earned before each step, and in the end."""
        return np.pad(self.rewards.cumsum(0), ((1, 0), (0, 0)))

    def print(self, console: Console) -> None:
        """What each seat did and got, a line a step."""
        rewards, returns = self.rewards, self.returns
        rows = [
            (
                str(t + 1),
                *(self.game.action_names[action] for action in actions),
                "  ".join(f"{reward:g}" for reward in rewards[t]),
                "  ".join(f"{total:g}" for total in returns[t + 1]),
            )
            for t, actions in enumerate(self.actions)
        ]
        heads = ("step", *self.names, "rewards", "so far")
        words = range(1, 1 + len(self.names))
        print_table(console, f"One episode of {self.game.name}", heads, rows, words=words)
        means = ", ".join(
            f"{name} {mean:.3f}" for name, mean in zip(self.names, rewards.mean(0), strict=True)
        )
        say(console, f"Mean reward per step: {means}")

    def gif(self) -> bytes:
        """The episode as a moving picture, which begins anew at its end."""
        length, returns = len(self.rewards), self.returns.tolist()
        names = [printable(name) for name in self.names]
        frames = [
            draw_picture(
                self.game, jax.tree.map(lambda leaf, t=t: leaf[t], self.states), t, length,
                returns[t], names,
            )
            for t in range(length + 1)
        ]  # fmt: skip
        return moving_picture(frames)


def _row(numbers: list[float]) -> tuple[str, str, str]:
    return _mean(numbers), f"{min(numbers):.3f}", f"{max(numbers):.3f}"


def _mean(numbers: list[float]) -> str:
    return f"{sum(numbers) / len(numbers):.3f}"


def _summary(numbers: list[float]) -> str:
    return f"{_mean(numbers)} (lowest seed {min(numbers):.3f})"
