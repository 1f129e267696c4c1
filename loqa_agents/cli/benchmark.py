"""``loqa benchmark``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import jax
import tyro
from pydantic import ConfigDict, TypeAdapter
from rich.console import Console
from typing_extensions import TypedDict

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.algorithms.named import algorithm_named, algorithm_names
from loqa_agents.cli.evaluate import require_one_training
from loqa_agents.cli.league import check_seats, progress_bar, within
from loqa_agents.cli.options import check_options
from loqa_agents.cli.resolve import find_entrants, import_player, is_function
from loqa_agents.common.devices import use_devices
from loqa_agents.common.files import read_json, write_atomically
from loqa_agents.common.signals import InterruptedRun
from loqa_agents.common.terminal import say
from loqa_agents.common.versions import versions
from loqa_agents.league.entrants import Entrant, seat
from loqa_agents.players.python.foreign_code import Limit
from loqa_agents.players.python.player import is_function as makes_players
from loqa_agents.players.python.player import make
from loqa_agents.reports import suite as report
from loqa_agents.runs.folder import Kind, claim
from loqa_agents.runs.report import ProgressDisplay
from loqa_agents.suite.newcomer import FULL, QUICK, Effort, measure, train
from loqa_agents.suite.suites import SUITES, Task, stored
from loqa_agents.training.presets import PRESETS
from loqa_envs.keys import key
from loqa_envs.policy import own_game
from loqa_envs.validation import Count, Seed


class _Config(TypedDict):
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    suite: str
    agents: list[str]
    budget: str
    seed: int


_CONFIG: TypeAdapter[Any] = TypeAdapter(_Config)
_EFFORTS = {"full": FULL, "quick": QUICK}
_BENCHMARK = Kind(
    "benchmark",
    identity=("suite", "agents", "budget", "seed"),
    read=lambda path: read_json(path, _CONFIG),
    files=lambda config: "",  # what trainings wrote is never replaced
)


@dataclass(frozen=True)
class Benchmark:
    """Take an agent or an algorithm through a suite of social dilemmas, and print its row in each
    game beside those of known algorithms."""

    agents: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="AGENT...")]
    """Agents as in loqa evaluate, the seeds of one training; or one algorithm, which is trained in
    every game: its name, as in loqa train --algorithm, or module:function that makes your own."""
    suite: Literal["dilemmas-v1"] = "dilemmas-v1"
    """The games, and how much is trained and played; numbers of one version can be compared."""
    game: tuple[str, ...] = ()
    """Games of the suite; by default all, of trained agents those that they are for."""
    budget: Literal["full", "quick"] = "full"
    """quick is to see that all works: its numbers cannot be compared with others."""
    act_timeout: Limit = None
    """Seconds after which a Python player that has not answered has failed; by default it may
    take for ever."""
    seed: Seed = 0
    """Seed of all chance in play."""
    devices: Count | None = None
    """Devices (on a CPU, cores) that share the work; by default all."""
    out: Path | None = None
    """Folder for trainings, rows and tables; without it, the next free one in runs/."""
    resume: bool = False
    """Go on with the benchmark in --out: trainings go on where they were cut."""

    def __call__(self, console: Console) -> None:
        check_options(self)
        if not self.agents:
            raise ValueError("benchmark needs an AGENT: agents of one training, or an algorithm.")
        entrants = self._entrants()
        tasks = self._tasks(entrants)
        devices = use_devices(self.devices)
        effort = _EFFORTS[self.budget]
        config: dict[str, Any] = {
            "suite": self.suite,
            "agents": list(self.agents),
            "budget": self.budget,
            "seed": self.seed,
            "versions": versions(),
        }
        known = stored(self.suite)["rows"]
        with claim(self.out, self.suite, _BENCHMARK, config, self.resume, False) as claimed:
            out, rows = claimed.begin(config), dict[str, Any]()
            for task in tasks:
                row = self._row(console, task, entrants, effort, out, devices)
                rows[task.name] = row
                text = json.dumps(config | {"rows": rows}, indent=1)
                write_atomically(out / "benchmark.json", text.encode() + b"\n")
                beside = {
                    name.partition("/")[2]: each
                    for name, each in known.items()
                    if name.startswith(f"{task.name}/")
                }
                shown = beside | {" ".join(self.agents): row}
                report.print_rows(console, task.name, shown)
                write_atomically(
                    out / f"{task.name}.md",
                    (report.markdown(shown) + "\n" + report.meetings(row)).encode(),
                )
        say(console, f"Rows (JSON) and tables (Markdown) are in {out}.")

    def _entrants(self) -> list[Entrant] | str:
        """Players, or the word of one algorithm or function."""
        words = self.agents
        if len(words) == 1 and (words[0] in algorithm_names() or is_function(words[0])):
            return words[0]
        entrants = find_entrants(words)
        require_one_training(entrants)
        return entrants

    def _tasks(self, entrants: list[Entrant] | str) -> tuple[Task, ...]:
        tasks = {task.name: task for task in SUITES[self.suite]}
        if unknown := set(self.game) - tasks.keys():
            raise ValueError(
                f"--game must be of {', '.join(tasks)}; got {', '.join(sorted(unknown))}."
            )
        chosen = tuple(tasks[name] for name in self.game or tasks)
        if isinstance(entrants, str):
            return chosen
        first = entrants[0]
        fitting = tuple(task for task in chosen if _plays(first, task))
        if not fitting:
            raise ValueError(
                f"an agent must be for one of {', '.join(task.name for task in chosen)}; "
                f"{first.name} is for {own_game(first.player)!r}."
            )
        for task in fitting:
            check_seats(entrants, task.game)  # mistakes are found before anything is written
        return fitting

    def _row(
        self,
        console: Console,
        task: Task,
        entrants: list[Entrant] | str,
        effort: Effort,
        out: Path,
        devices: list[jax.Device],
    ) -> dict[str, Any]:
        """What is measured in one game."""
        trained: dict[str, Any] = {}
        if isinstance(entrants, str):
            player = _made(entrants, task)
            if isinstance(player, Algorithm):
                title = f"{player.label} on {task.name}"
                display = ProgressDisplay(console, title, effort.training(task).updates)
                try:
                    entrants, trained = train(task, player, effort, out / task.name, [display])
                except InterruptedRun as stop:  # to go on is to go on with the whole benchmark
                    where = f"{stop.where} of {title}"
                    raise InterruptedRun(out, stop.signal_number, where) from None
            else:
                entrants = [Entrant(entrants, player)]
        with progress_bar(console) as bar:
            tasks: dict[str, Any] = {}

            def progress(what: str, done: int, whole: int) -> None:
                if what not in tasks:
                    bar.start()
                    named = f"{what}, {task.name}"
                    tasks[what] = bar.add_task(within(named, self.act_timeout), total=whole)
                bar.update(tasks[what], completed=done, total=whole)

            row = measure(
                key(self.seed), task, entrants, effort,
                devices=devices, progress=progress, act_timeout=self.act_timeout,
            )  # fmt: skip
        return row | trained


def _plays(entrant: Entrant, task: Task) -> bool:
    try:
        seat(entrant, task.game)
    except ValueError:
        return False
    return True


def _made(word: str, task: Task) -> Any:
    """The algorithm, with settings of the preset where it has them, or whatever makes players."""
    learner = PRESETS[task.preset].learner
    if word in algorithm_names():
        return algorithm_named(word, learner)
    function = import_player(word).player
    if not makes_players(function):
        return function
    made = make(function, task.game, seed=0)
    return made if isinstance(made, Algorithm) else function
