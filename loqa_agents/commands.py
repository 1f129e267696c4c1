"""The three commands: train, evaluate, play."""

import json
import math
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import jax
import tyro
from rich.console import Console

from loqa_agents import folder, report
from loqa_agents.checkpoint import Agent, load_agent, write_atomically
from loqa_agents.learner import Learner
from loqa_agents.loggers import Logger, TensorBoard, WeightsAndBiases, require_extra
from loqa_agents.run import evaluate_agents, run, run_config
from loqa_agents.train import Trainer
from loqa_agents.updates import Training
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game, Params, Policy

G = TypeVar("G", bound=Game)
FLAT = tyro.conf.arg(name="")
_MOST_SEEDS = 10_000


@dataclass(frozen=True)
class Train(Generic[G]):
    game: Annotated[G, FLAT]
    learner: Annotated[Learner, FLAT]
    training: Annotated[Training, FLAT]
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
        # All that can be wrong is looked at before anything is written or replaced.
        seeds = parse_seeds(self.seeds)
        if not 0 <= self.checkpoint_seconds < math.inf:
            raise ValueError(
                f"--checkpoint-seconds must be at least 0, got {self.checkpoint_seconds}."
            )
        if self.tensorboard:
            require_extra("tensorboard", "tensorboardX")
        if self.wandb:
            require_extra("wandb", "wandb")
        _use_cores(self.devices, len(seeds))
        devices = jax.devices()[: self.devices]
        Trainer(self.game, self.learner, self.training, seeds, devices)
        config = run_config(self.game, self.learner, self.training, seeds)
        name = f"{self.game.name}-{self.learner.algorithm}"
        with folder.claim(self.out, name, config, self.resume, self.overwrite) as out:
            title = f"{self.learner.algorithm} on {self.game.name}"
            loggers: list[Logger] = []
            if self.tensorboard:
                loggers.append(TensorBoard(out / "tensorboard"))
            if self.wandb:
                loggers.append(WeightsAndBiases(out, config))
            loggers.append(report.ProgressDisplay(console, title, self.training.updates))
            results = run(
                self.game, self.learner, self.training, seeds, out, loggers,
                self.checkpoint_seconds, devices=devices,
            )  # fmt: skip
        report.print_results(console, results)
        console.print(
            f"{results['wall_seconds']:.0f} s, {results['compile_seconds']:.0f} s of them to "
            f"compile. Results, agents and pictures are in {out}.",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )


@dataclass(frozen=True)
class Evaluate:
    """Play trained agents against themselves, each other and the scripted players."""

    paths: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PATH...")]
    """Folders of runs, or agents (.safetensors), at least one."""
    episodes: int = 1024
    """Episodes of each pair, rounded up to a multiple of 128."""
    out: Path | None = None
    """File to write the results to, as JSON."""

    def __call__(self, console: Console) -> None:
        if self.episodes < 1:
            raise ValueError(f"--episodes must be at least 1, got {self.episodes}.")
        if self.out is not None and self.out.exists():
            raise ValueError(f"--out must be a new file, so that none is lost; {self.out} exists.")
        if self.out is not None and not self.out.parent.is_dir():
            raise ValueError(f"--out must be in a folder that exists, got {self.out}.")
        if not self.paths:
            raise ValueError("evaluate needs a PATH: the folder of a run, or an agent.")
        agents = [agent for path in self.paths for agent in _load_agents(path)]
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
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"--seed must be at least 0 and below 2**32, got {self.seed}.")
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


def parse_seeds(text: str) -> tuple[int, ...]:
    """``42-51`` or ``42,43`` or ``7`` as numbers.

    Raises:
        ValueError: for anything else, a falling range, a number given twice, or too many.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*([0-9]{1,10})(?:-([0-9]{1,10}))?\s*", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last < 2**32:
            raise ValueError(
                "--seeds must be numbers below 2**32 or rising ranges such as 42-51, with commas "
                f"between them; got {text!r}."
            )
        # A range is cut before it is made: it may be as long as there are numbers.
        seeds += range(first, min(last, first + _MOST_SEEDS) + 1)
        if len(seeds) > _MOST_SEEDS:
            raise ValueError(f"--seeds must be at most {_MOST_SEEDS}, got {text!r}.")
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"--seeds must name each seed once, got {text!r}.")
    return tuple(seeds)


def _load_agents(path: Path) -> list[Agent]:
    if not path.is_dir():
        return [load_agent(path)]
    files = list((path / "agents").glob("*.safetensors"))
    if not files:
        raise ValueError(
            f"a run must have agents to evaluate; {path} has none in its folder agents/."
        )
    return sorted((load_agent(file) for file in files), key=lambda agent: agent.seed)


def _opponent(name: str, game: Game) -> tuple[Policy, Params]:
    if not name.endswith(".safetensors"):
        return make_player(name, game, seat=1), ()
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
    # Where JAX is in use already, from Python, it keeps the devices that it has.
    with suppress(RuntimeError):
        jax.config.update("jax_num_cpu_devices", min(devices or cores or 1, seeds))
