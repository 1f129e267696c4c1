"""``loqa train``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, TypeVar

import tyro
from rich.console import Console

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.common.devices import training_devices
from loqa_agents.common.seeds import parse_seeds
from loqa_agents.common.terminal import say
from loqa_agents.common.versions import require_package
from loqa_agents.runs import report
from loqa_agents.runs.loggers import Logger, TensorBoard, WeightsAndBiases
from loqa_agents.runs.loop import run
from loqa_agents.training.updates import Training
from loqa_envs.game import Game
from loqa_envs.validation import Count

G = TypeVar("G")
L = TypeVar("L", bound=Algorithm)
FLAT = tyro.conf.arg(name="")


@dataclass(frozen=True)
class Train(Generic[G, L]):
    game: Annotated[G, FLAT]
    learner: Annotated[L, FLAT]
    training: Annotated[Training, FLAT]
    seeds: str = "42-51"
    """Seeds, trained at the same time: a number, a range such as 42-51, or a list with commas."""
    network: str = "dense_gru"
    """Network of actor and critic: dense_gru, or cnn for games that show images. Its options
    follow from it: loqa train ipd --network cnn --help."""
    out: Path | None = None
    """Folder of the run; by default the next free one in runs/."""
    resume: bool = False
    """Continue the run in --out."""
    overwrite: bool = False
    """Replace the run in --out."""
    devices: int | None = None
    """Number of devices (on a CPU, cores) among which seeds or episodes are divided; by default as
    many as are useful, with --resume as many as before."""
    devices_changed: bool = False
    """Allow --resume on other devices than before, which changes the last digits of the results."""
    minutes: float | None = None
    """Stop after this many minutes of wall time per seed, counted over all sessions."""
    checkpoint_seconds: float = 5.0
    """Seconds between checkpoints."""
    tensorboard: bool = False
    """Log to TensorBoard (needs the extra loqa[tensorboard])."""
    wandb: bool = False
    """Log to Weights & Biases (needs the extra loqa[wandb])."""
    wandb_project: str | None = None
    """Weights & Biases project; by default loqa."""
    wandb_group: str | None = None
    """Weights & Biases group."""
    wandb_name: str | None = None
    """Weights & Biases run name; by default the name of the folder."""

    final_episodes: tyro.conf.Suppress[Count] = 1024
    """Episodes of each pair in the last evaluation."""

    @property
    def workers(self) -> int:
        return 0

    def make_game(self) -> Game:
        game: Game = self.game  # type: ignore[assignment]
        return game

    def learner_in(self, game: Game) -> Algorithm:
        """Who learns in that game."""
        return self.learner

    def __call__(self, console: Console) -> None:
        game = self.make_game()
        seeds = parse_seeds(self.seeds)
        new = self.devices_changed or not self.resume  # otherwise it goes on with those it had
        shared = self.training.shared(self.learner)
        devices = training_devices(self.devices, len(seeds), shared) if new else None
        title = f"{self.learner.label} on {game.name}"
        title += f", {self.minutes:g} min per seed" if self.minutes else ""
        loggers = self._loggers()
        display = report.ProgressDisplay(console, title, self.training.updates)
        results = run(
            game, self.learner_in(game), self.training, seeds, self.out, [*loggers, display],
            self.checkpoint_seconds, self.final_episodes, devices or self.devices, self.minutes,
            self.workers, resume=self.resume, overwrite=self.overwrite,
            devices_changed=self.devices_changed,
        )  # fmt: skip
        report.print_results(console, results)
        say(
            console,
            f"{results['wall_seconds']:.0f} s, {results['compile_seconds']:.0f} s of them to "
            f"compile. Results, agents and pictures are in {display.folder}.",
        )

    def _loggers(self) -> list[Logger]:
        places = (self.wandb_project, self.wandb_group, self.wandb_name)
        if any(places) and not self.wandb:
            raise ValueError("--wandb-project, --wandb-group and --wandb-name go with --wandb.")
        loggers: list[Logger] = []
        if self.tensorboard:
            require_package("--tensorboard", "tensorboardX", "tensorboard")
            loggers.append(TensorBoard())
        if self.wandb:
            require_package("--wandb", "wandb", "wandb")
            loggers.append(WeightsAndBiases(*places))
        return loggers


@dataclass(frozen=True)
class TrainNamed(Train[G, L]):
    """With an algorithm that is a class of its own, and so has other settings than a `Learner`."""

    algorithm: str = ""
    """The algorithm; its options follow from it."""
    network: str = ""
    """Network of actor and critic, where the algorithm has them: dense_gru, or cnn."""
