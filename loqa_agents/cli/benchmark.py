"""``loqa benchmark``."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import jax
import tyro
from pydantic import ConfigDict, TypeAdapter
from rich.console import Console
from typing_extensions import TypedDict

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.named import algorithm_named, algorithm_names
from loqa_agents.cli.evaluate import require_one_training
from loqa_agents.cli.league import by_name, check_seats, progress_bar
from loqa_agents.cli.options import check_options
from loqa_agents.cli.resolve import find_entrants, import_player, is_function
from loqa_agents.common.devices import use_devices
from loqa_agents.common.files import read_json, write_atomically
from loqa_agents.common.settings import named_to_dict
from loqa_agents.common.signals import InterruptedRun, part_of, stop_signals
from loqa_agents.common.terminal import say
from loqa_agents.common.versions import versions
from loqa_agents.league.entrants import Entrant
from loqa_agents.players.python.foreign_code import Fault, Limit, called
from loqa_agents.players.python.player import is_function as makes_players
from loqa_agents.players.python.player import make
from loqa_agents.reports import suite as report
from loqa_agents.runs.folder import Kind, claim, require_options
from loqa_agents.runs.report import ProgressDisplay
from loqa_agents.suite.newcomer import FULL, QUICK, measure, require_trainable, train
from loqa_agents.suite.suites import SUITES, Task, rows_of, stored
from loqa_agents.training.presets import PRESETS
from loqa_envs.keys import key
from loqa_envs.validation import Count, Seed


class _Config(TypedDict):
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    suite: str
    agents: list[str]
    budget: str
    seed: int
    algorithms: dict[str, Any]


class _Result(TypedDict):
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    rows: dict[str, Any]


Newcomer: TypeAlias = Algorithm | list[Entrant]
_CONFIG: TypeAdapter[Any] = TypeAdapter(_Config)
_RESULT: TypeAdapter[Any] = TypeAdapter(_Result)
_EFFORTS = {"full": FULL, "quick": QUICK}
_BENCHMARK = Kind(
    "benchmark",
    identity=("suite", "agents", "budget", "seed", "algorithms"),
    read=lambda path: read_json(path, _CONFIG),
    files=None,  # what trainings wrote is never replaced
)


@dataclass(frozen=True)
class Benchmark:
    """Take an agent or an algorithm through a suite of social dilemmas, and print its row in each
    game beside those of known algorithms."""

    agents: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="AGENT...")]
    """Agents as in loqa evaluate, the seeds of one training; or one algorithm, to be trained: its
    name, as in loqa train --algorithm, or module:function that makes your own."""
    suite: Literal["dilemmas-v1"] = "dilemmas-v1"
    """The games, and how much is trained and played; numbers of one version can be compared."""
    game: tuple[str, ...] = ()
    """Games of the suite; by default all in which the agents can play, or the algorithm can be
    trained as the game's preset in loqa train does."""
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
        require_options(self.out, self.resume, False)  # before algorithms are traced
        newcomers = self._newcomers(console)
        devices = use_devices(self.devices)
        config: dict[str, Any] = {
            "suite": self.suite,
            "agents": list(self.agents),
            "budget": self.budget,
            "seed": self.seed,
            "algorithms": {
                task.name: named_to_dict(newcomer, Learner)
                for task, newcomer in newcomers.items()
                if isinstance(newcomer, Algorithm)
            },
            "versions": versions(),
        }
        known = stored(self.suite)["rows"]
        claimed = claim(self.out, self.suite, _BENCHMARK, config, self.resume, False)
        with claimed as folder, stop_signals() as caught:
            out = folder.begin(config)
            result = out / "benchmark.json"
            rows = read_json(result, _RESULT)["rows"] if result.exists() else {}
            caught.at_once(lambda number: InterruptedRun(out, number, f"after {len(rows)} games"))
            with part_of(out):
                for task, newcomer in newcomers.items():
                    row = rows.get(task.name)
                    if row is None or not isinstance(newcomer, Algorithm):
                        row = self._row(console, task, newcomer, out, devices)
                    rows[task.name] = row
                    text = json.dumps(config | {"rows": rows}, indent=1)
                    write_atomically(result, text.encode() + b"\n")
                    shown = [*rows_of(task.name, known).items(), (" ".join(self.agents), row)]
                    report.print_rows(console, task.name, shown)
                    text = f"{report.markdown(shown)}\n{report.meetings(row)}"
                    write_atomically(out / f"{task.name}.md", text.encode())
        say(console, f"Rows (JSON) and tables (Markdown) are in {out}.")

    def _newcomers(self, console: Console) -> dict[Task, Newcomer]:
        """Who goes through which game; mistakes are found before anything is written.

        Games that are not asked for and do not fit are left out, with a line that says why.
        """
        tasks = {task.name: task for task in SUITES[self.suite]}
        if unknown := set(self.game) - tasks.keys():
            raise ValueError(
                f"--game must be of {', '.join(tasks)}; got {', '.join(sorted(unknown))}."
            )
        make = self._maker()
        found, errors = dict[Task, Newcomer](), dict[Task, ValueError]()
        for task in (tasks[name] for name in self.game or tasks):
            try:
                found[task] = make(task)
            except ValueError as error:
                errors[task] = error
        if errors and (self.game or not found):
            raise list(errors.values())[-1]
        for task, reason in errors.items():
            say(console, f"{task.name} is left out: {reason}")
        return found

    def _maker(self) -> Callable[[Task], Newcomer]:
        """What makes the newcomer for a game, or raises ``ValueError`` where it does not fit."""
        effort, words = _EFFORTS[self.budget], self.agents
        algorithms = set(words) & set(algorithm_names())
        if len(words) > 1 and algorithms:
            raise ValueError(
                f"benchmark takes one algorithm by itself; got {', '.join(words)}, of which "
                f"{algorithms.pop()} is one."
            )
        if len(words) > 1 and any(map(is_function, words)):
            raise ValueError(
                f"benchmark takes one module:function by itself; got {', '.join(words)}."
            )
        function = import_player(words[0]).player if is_function(words[0]) else None
        entrants: list[Entrant] = []
        if not algorithms and function is None:
            entrants = find_entrants(words)
            require_one_training("benchmark", entrants)

        def make(task: Task) -> Newcomer:
            made: Algorithm | None = None
            if algorithms:
                made = algorithm_named(words[0], PRESETS[task.preset].learner)
            elif function is not None:
                made = algorithm_of(words[0], function, task)
            if made is not None:
                require_trainable(task, made, effort)
                return made
            players = entrants or [Entrant(words[0], function)]
            check_seats(players, task.game)
            return players

        return make

    def _row(
        self,
        console: Console,
        task: Task,
        newcomer: Newcomer,
        out: Path,
        devices: list[jax.Device],
    ) -> dict[str, Any]:
        """What is measured in one game."""
        effort, trained = _EFFORTS[self.budget], dict[str, Any]()
        if isinstance(newcomer, Algorithm):
            title = f"{newcomer.label} on {task.name}"
            display = ProgressDisplay(console, title, effort.training(task).updates)
            newcomer, trained = train(
                task, newcomer, effort, out / task.name, [display], self.devices
            )
        with progress_bar(console) as bar:
            row = measure(
                key(self.seed), task, newcomer, effort,
                devices=devices, progress=by_name(bar, self.act_timeout),
                act_timeout=self.act_timeout,
            )  # fmt: skip
        return row | trained


def algorithm_of(word: str, function: Any, task: Task) -> Algorithm | None:
    """The algorithm that a function makes; None where it makes players, or is one.

    Raises:
        ValueError: where it fails.
    """
    if not makes_players(function):
        return None
    try:
        made = called(make, function, task.game, 0)
    except Fault as fault:
        raise ValueError(
            f"{word} must make a player or an algorithm; for {task.name} its code {fault}."
        ) from fault
    return made if isinstance(made, Algorithm) else None
