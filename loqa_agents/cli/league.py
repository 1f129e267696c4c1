"""``loqa league``."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tyro
from pydantic import ConfigDict, TypeAdapter
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from typing_extensions import TypedDict

from loqa_agents.cli.options import check_options
from loqa_agents.cli.resolve import gathered
from loqa_agents.common.devices import use_devices
from loqa_agents.common.files import read_json, write_atomically
from loqa_agents.common.seatings import seatings
from loqa_agents.common.settings import game_to_dict
from loqa_agents.common.signals import InterruptedRun, stop_signals
from loqa_agents.common.terminal import say
from loqa_agents.common.versions import require_package, versions
from loqa_agents.league.entrants import Entrant, check_names, seat
from loqa_agents.league.needs import require_for_league
from loqa_agents.league.pairs.python_pairs import PlayerError
from loqa_agents.league.play import play_league
from loqa_agents.league.store import PairStore
from loqa_agents.league.summary import summary
from loqa_agents.players.python.foreign_code import Limit
from loqa_agents.reports import league as report
from loqa_agents.reports import pictures
from loqa_agents.reports.alpha_rank import alpha_rank
from loqa_agents.runs.folder import Kind, claim
from loqa_envs import keys
from loqa_envs.game import Game
from loqa_envs.validation import Count, Seed


class _Config(TypedDict):
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    game: dict[str, Any]
    entrants: list[str]
    episodes: int
    seed: int
    common: bool


FAILED = 1
"""Exit code of a league that went on without a player that failed."""
_CONFIG: TypeAdapter[Any] = TypeAdapter(_Config)
_FILES = (
    r"league\.(json|csv|md)|(heat_map|scatter)\.png|pairs/([0-9]{5}\.(safetensors|npz|damaged))?"
)
_LEAGUE = Kind(
    "league",
    identity=("game", "entrants", "episodes", "seed", "common", "focal"),
    read=lambda path: read_json(path, _CONFIG),
    files=lambda config: _FILES,
)


@dataclass(frozen=True)
class LeagueCommand:
    """Play everyone against everyone, and say who gets what from whom."""

    agents: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="AGENT...")]
    """Saved agents (.safetensors, or coin3x3/loqa/42 and the like, which come with loqa;
    coin3x3/loqa for all of them), folders of runs, files or folders of published agents, scripted
    players by name, and strategies of Axelrod (axelrod:TitForTat, axelrod:basic, axelrod:all; pip
    install "loqa[axelrod]"). What is in one folder is one team of several seeds."""
    agent: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A player of your own, as module:function; may be given several times. It may stand among the
    others, too."""
    game: str | None = None
    """The game, as in loqa train; by default that of the first trained agent. Of an environment of
    others, module:function or pettingzoo:ID."""
    size: tuple[int, ...] = ()
    """Size of the board, where a game is given: N, or height and width."""
    num_players: int | None = None
    """Number of players, where a game is given that has several."""
    episodes: Count = 1024
    """Episodes of each pair, as many in each choice of seats."""
    focal: Count = 1
    """In games of more than two players, how many copies of one play among copies of the other."""
    seed: Seed = 0
    """Seed of all chance."""
    common: bool = False
    """Play all pairs with the same random numbers (pairs with a Python player apart)."""
    keep_going: bool = False
    """Go on with the others when a player fails; all is written, and the exit code is then 1."""
    act_timeout: Limit = None
    """Seconds after which a Python player that has not answered has failed; by default it may
    take for ever."""
    alpha_rank: bool = False
    """Also rank the teams by alpha-rank (needs OpenSpiel: pip install "loqa[alpharank]")."""
    devices: Count | None = None
    """Devices (on a CPU, cores) that share the episodes; by default all."""
    out: Path | None = None
    """Folder for the league; without it, the next free one in runs/."""
    resume: bool = False
    """Go on with the league in --out."""
    overwrite: bool = False
    """Replace the league in --out."""

    def __call__(self, console: Console) -> None:
        check_options(self)
        if self.alpha_rank:
            require_package("--alpha-rank", "open_spiel", "alpharank")
        game, entrants = gathered(self.agents, self.agent, self.game, self.size, self.num_players)
        check_names(entrants)
        seatings(game, self.focal)
        check_seats(entrants, game)  # mistakes are found before anything is written
        devices = use_devices(self.devices)
        require_for_league(game, len(entrants), self.episodes, devices)
        config = {
            "game": game_to_dict(game),
            "entrants": [entrant.name for entrant in entrants],
            "episodes": self.episodes,
            "seed": self.seed,
            "common": self.common,
            **({"focal": self.focal} if game.num_players > 2 else {}),
            "versions": versions(),
        }
        config = json.loads(json.dumps(config))
        held = claim(self.out, "league", _LEAGUE, config, self.resume, self.overwrite)
        with held as claimed, progress_bar(console) as bar, stop_signals() as caught:
            out = claimed.begin(config)
            bar.start()
            task = bar.add_task(within("pairs", self.act_timeout), total=None)

            def stopped(number: int) -> InterruptedRun:
                where = f"after {int(bar.tasks[task].completed)} pairs"
                return InterruptedRun(out, number, where)

            caught.at_once(stopped)  # every pair is saved as soon as it is played
            try:
                league = play_league(
                    keys.key(self.seed), game, entrants, self.episodes,
                    focal=self.focal, common=self.common, keep_going=self.keep_going,
                    devices=devices,
                    finished=PairStore(out / "pairs", partial(say, console)),
                    act_timeout=self.act_timeout,
                    progress=lambda done, pairs: bar.update(task, completed=done, total=pairs),
                )  # fmt: skip
            except PlayerError as error:
                raise ValueError(
                    f"{error} What was played is kept in {out}: go on with --resume, once the "
                    "player is mended or with --keep-going."
                ) from error
            data = summary(league)
            if self.alpha_rank:
                data["alpha_rank"] = alpha_rank(data)
            for name, text in {
                "league.json": json.dumps(data, indent=1) + "\n",
                "league.csv": report.comma_separated(data),
                "league.md": report.markdown(data),
            }.items():
                write_atomically(out / name, text.encode())
            pictures.draw_league(out, data)
        report.print_league(console, data)
        say(console, f"Tables (JSON, CSV, Markdown) and pictures are in {out}.")
        if league.failed:
            raise SystemExit(FAILED)


def check_seats(entrants: Sequence[Entrant], game: Game) -> None:
    """Raise ``ValueError`` unless all can sit down to the game."""
    for entrant in entrants:
        seat(entrant, game)


def by_name(bar: Progress, act_timeout: float | None) -> Callable[[str, int, int], None]:
    """What is called with what is done, how much of it and of how much: a line for each in a bar,
    which starts with the first."""
    tasks: dict[str, TaskID] = {}

    def progress(what: str, done: int, whole: int) -> None:
        if what not in tasks:
            bar.start()
            tasks[what] = bar.add_task(within(what, act_timeout))
        bar.update(tasks[what], completed=done, total=whole)

    return progress


def within(what: str, act_timeout: float | None) -> str:
    """What a line of progress is of, with the limit that players have."""
    return what if act_timeout is None else f"{what}, {act_timeout:g} s for each act"


@contextmanager
def progress_bar(console: Console) -> Iterator[Progress]:
    """A bar that is to be started with its first task; what is refused before shows none."""
    bar = Progress(
        TextColumn("{task.completed}/{task.total} {task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    try:
        yield bar
    finally:
        if bar.live.is_started:
            bar.stop()
