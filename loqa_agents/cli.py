"""The command line: ``loqa train``, ``loqa evaluate``, ``loqa play``."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, Union

import jax
import tyro
from rich.console import Console

from loqa_agents import folder, report
from loqa_agents.checkpoint import Agent, load_agent, write_atomically
from loqa_agents.learner import Learner
from loqa_agents.loggers import Logger, TensorBoard, WeightsAndBiases
from loqa_agents.presets import PRESETS, Preset
from loqa_agents.run import InterruptedRun, evaluate_agents, run, run_config
from loqa_agents.updates import Training
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game, Params, Policy

G = TypeVar("G", bound=Game)
_Flat = tyro.conf.arg(name="")


@dataclass(frozen=True)
class Train(Generic[G]):
    game: Annotated[G, _Flat]
    learner: Annotated[Learner, _Flat]
    training: Annotated[Training, _Flat]
    seeds: str = "42-51"
    """Seeds to train at once: a number, a range such as 42-51, or several with commas."""
    out: Path | None = None
    """Folder for the run; without it, the next free one in runs/."""
    resume: bool = False
    """Go on with the run in --out."""
    overwrite: bool = False
    """Replace the run in --out."""
    devices: int | None = None
    """Devices that share the seeds; on a CPU, its cores (all of them without this option)."""
    checkpoint_seconds: float = 5.0
    """Seconds between checkpoints; what kill -9 can lose."""
    tensorboard: bool = False
    """Log to TensorBoard too (needs the extra loqa[tensorboard])."""
    wandb: bool = False
    """Log to Weights & Biases too (needs the extra loqa[wandb])."""

    def __call__(self, console: Console) -> None:
        seeds = parse_seeds(self.seeds)
        _use_cores(self.devices, len(seeds))
        config = run_config(self.game, self.learner, self.training, seeds)
        name = f"{self.game.name}-{self.learner.algorithm}"
        out = folder.claim(self.out, name, config, self.resume, self.overwrite)
        loggers: list[Logger] = [
            report.ProgressDisplay(console, f"{self.learner.algorithm} on {self.game.name}",
                                   self.training.updates)
        ]  # fmt: skip
        if self.tensorboard:
            loggers.append(TensorBoard(out / "tensorboard"))
        if self.wandb:
            loggers.append(WeightsAndBiases(out, config))
        try:
            results = run(
                self.game, self.learner, self.training, seeds, out, loggers,
                self.checkpoint_seconds,
            )  # fmt: skip
        except InterruptedRun as stop:
            console.print(
                f"Stopped before update {stop.update} of {self.training.updates}; all is saved. "
                f"To go on:\n  {resume_command(sys.argv[1:], out)}",
                soft_wrap=True,
            )
            raise SystemExit(128 + stop.signal_number) from None
        report.print_results(console, results)
        console.print(
            f"{results['wall_seconds']:.0f} s, {results['compile_seconds']:.0f} s of them to "
            f"compile. Results, agents and pictures are in {out}.",
            soft_wrap=True,
        )


@dataclass(frozen=True)
class Evaluate:
    """Play trained agents against themselves, each other and the scripted players."""

    paths: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of runs, or agents (.safetensors)."""
    episodes: int = 1024
    """Episodes of each pair, rounded up to a multiple of 128."""
    out: Path | None = None
    """File to write the results to, as JSON."""

    def __call__(self, console: Console) -> None:
        if self.episodes < 1:
            raise ValueError(f"--episodes must be at least 1, got {self.episodes}.")
        if self.out is not None and self.out.exists():
            raise ValueError(f"--out must be a new file; {self.out} exists.")
        agents = [agent for path in self.paths for agent in _load_agents(path)]
        if not agents:
            raise ValueError("evaluate needs at least one run folder or agent.")
        results: dict[str, Any] = {
            "game": agents[0].game.name,
            "seeds": [agent.seed for agent in agents],
        } | evaluate_agents(agents, self.episodes)
        report.print_results(console, results)
        if self.out is not None:
            write_atomically(self.out, json.dumps(results, indent=1).encode() + b"\n")


@dataclass(frozen=True)
class Play:
    """Show one episode between an agent and another player."""

    agent: tyro.conf.Positional[Path]
    """An agent (.safetensors); it sits in the first seat."""
    against: str = "tit_for_tat"
    """A scripted player by name, memory_one:START,CC,CD,DC,DD, or another agent (.safetensors)."""
    seed: int = 0
    """Seed of the episode."""

    def __call__(self, console: Console) -> None:
        agent = load_agent(self.agent)
        policy, params = _opponent(self.against, agent.game)
        report.print_episode(
            console,
            agent.game,
            (self.agent.name, Path(self.against).name),
            jax.random.key(self.seed),
            (agent.policy, policy),
            (agent.params, params),
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; mistakes of the user's end in one line and exit code 2."""
    console = Console()
    _use_compilation_cache()
    presets: Any = tuple(_subcommand(name, preset) for name, preset in PRESETS.items())
    trains: Any = Annotated[Union[presets], _Flat]  # noqa: UP007 -- made at run time

    @dataclass(frozen=True)
    class TrainAny:
        preset: trains
        """A game, and where the settings start from. See loqa train ipd --help for all of them."""

        def __call__(self, console: Console) -> None:
            self.preset(console)

    command = tyro.cli(
        Annotated[  # type: ignore[arg-type]
            TrainAny, tyro.conf.subcommand("train", description="Train one agent for each seed.")
        ]
        | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
        | Annotated[Play, tyro.conf.subcommand("play")],
        args=arguments,
        prog="loqa",
        description="Social dilemmas, and learners that shape their opponents.",
        config=(tyro.conf.OmitSubcommandPrefixes,),
    )
    try:
        command(console)
    except (ValueError, FloatingPointError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        _fail("interrupted.", 130)


def parse_seeds(text: str) -> tuple[int, ...]:
    """``42-51`` or ``42,43`` or ``7`` as numbers.

    Raises:
        ValueError: for anything else, a falling range, or a number given twice.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.strip().isdecimal() or (last and not last.strip().isdecimal()):
            raise ValueError(f"--seeds must be numbers or ranges such as 42-51, got {text!r}.")
        seeds += range(int(first), int(last or first) + 1)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"--seeds must name each seed once, at least one, got {text!r}.")
    return tuple(seeds)


def resume_command(arguments: Sequence[str], out: Path) -> str:
    """The command that goes on with the run that ``arguments`` began."""
    kept, skip = [], False
    for argument in arguments:
        if skip or argument in ("--resume", "--overwrite") or argument.startswith("--out="):
            skip = False
        elif argument == "--out":
            skip = True
        else:
            kept.append(argument)
    return shlex.join(["loqa", *kept, "--out", str(out), "--resume"])


def _subcommand(name: str, preset: Preset) -> Any:
    default = Train(preset.game, preset.learner, preset.training)
    return Annotated[
        Train[type(preset.game)],
        tyro.conf.subcommand(name, default=default, description=preset.summary),
    ]


def _load_agents(path: Path) -> list[Agent]:
    if not path.is_dir():
        return [load_agent(path)]
    files = sorted((path / "agents").glob("*.safetensors"))
    if not files:
        raise ValueError(
            f"a run must have agents to evaluate; {path} has none in its folder agents/."
        )
    return [load_agent(file) for file in files]


def _opponent(name: str, game: Game) -> tuple[Policy, Params]:
    if not name.endswith(".safetensors"):
        return make_player(name, game), ()
    other = load_agent(name)
    if other.game != game:
        raise ValueError(
            f"both players must know the same game: {game!r}; {name} is for {other.game!r}."
        )
    return other.policy, other.params


def _use_cores(devices: int | None, seeds: int) -> None:
    """Make every core of a CPU a device of its own, as far as there are seeds for it."""
    if devices is not None and devices < 1:
        raise ValueError(f"--devices must be at least 1, got {devices}.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    jax.config.update("jax_num_cpu_devices", min(devices or cores or 1, seeds))


def _use_compilation_cache() -> None:
    """Keep compiled programs between runs, unless the user has said where or that not."""
    if getattr(jax.config, "jax_compilation_cache_dir", None) is None:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        jax.config.update("jax_compilation_cache_dir", str(base / "loqa" / "jax"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def _fail(message: str, code: int = 2) -> None:
    print(f"loqa: error: {message}", file=sys.stderr)
    raise SystemExit(code)
