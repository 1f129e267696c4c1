"""Two of the commands: train and play."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, TypeVar

import tyro
from rich.console import Console

from loqa_agents.algorithms.learner import Learner
from loqa_agents.cli.options import check_new_file, check_options
from loqa_agents.cli.resolve import find_player, is_function
from loqa_agents.common.devices import training_devices
from loqa_agents.common.files import write_atomically
from loqa_agents.common.seeds import parse_seeds
from loqa_agents.common.terminal import say
from loqa_agents.runs import report
from loqa_agents.runs.loggers import Logger, TensorBoard, WeightsAndBiases, require_extra
from loqa_agents.runs.loop import run
from loqa_agents.training.presets import PRESETS, with_size
from loqa_agents.training.updates import Training
from loqa_envs import keys
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game, Policy
from loqa_envs.own_game import own_game
from loqa_envs.validation import Seed

G = TypeVar("G", bound=Game)
FLAT = tyro.conf.arg(name="")


@dataclass(frozen=True)
class Train(Generic[G]):
    game: Annotated[G, FLAT]
    learner: Annotated[Learner, FLAT]
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

    def __call__(self, console: Console) -> None:
        seeds = parse_seeds(self.seeds)
        new = self.devices_changed or not self.resume  # otherwise it goes on with those it had
        devices = (
            training_devices(self.devices, len(seeds), self.training.episodes) if new else None
        )
        title = f"{self.learner.label} on {self.game.name}"
        title += f", {self.minutes:g} min per seed" if self.minutes else ""
        loggers = self._loggers()
        display = report.ProgressDisplay(console, title, self.training.updates)
        results = run(
            self.game, self.learner, self.training, seeds, self.out, [*loggers, display],
            self.checkpoint_seconds, devices=devices or self.devices, minutes=self.minutes,
            resume=self.resume, overwrite=self.overwrite, devices_changed=self.devices_changed,
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
            require_extra("tensorboard", "tensorboardX")
            loggers.append(TensorBoard())
        if self.wandb:
            require_extra("wandb", "wandb")
            loggers.append(WeightsAndBiases(*places))
        return loggers


@dataclass(frozen=True)
class Play:
    """Show one episode between two players."""

    player: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="PLAYER")]
    """Who sits in the first seat: an agent, as in loqa league (a .safetensors file, one that comes
    with loqa, such as coin3x3/loqa/42, or one that others published), or a game, in which
    --scripted does."""
    against: str = "tit_for_tat"
    """A scripted player by name, memory_one:START,CC,CD,DC,DD, or another agent."""
    scripted: str = "always_cooperate"
    """A scripted player by name, where no agent is given."""
    size: tuple[int, ...] = ()
    """Size of the board, where a game is given: N, or height and width."""
    seed: Seed = 0
    """Seed of the episode."""
    gif: Path | None = None
    """File to write the episode to as a moving picture."""

    def __call__(self, console: Console) -> None:
        check_options(self)
        if self.gif is not None:
            check_new_file("--gif", self.gif)
        first: Policy | str
        game: Game | None
        if self.player in PRESETS:
            game = with_size(PRESETS[self.player].game, self.size)
            first, name = self.scripted, self.scripted
        else:
            first = _trained(self.player)
            if self.size:
                raise ValueError("--size goes with the name of a game; an agent has its own board.")
            game, name = own_game(first), _short(self.player)
            if game is None:
                raise ValueError(f"a player must say which game it plays; {self.player} does not.")
        players = (
            make_player(first, game, seat=0),
            make_player(_found(self.against), game, seat=1),
        )
        names = (name, _short(self.against))
        episode = report.Episode.play(game, names, players, keys.key(self.seed))
        if self.gif is not None:
            write_atomically(self.gif, episode.gif())
        episode.print(console)


def _trained(word: str) -> Policy:
    games = ", ".join(PRESETS)
    try:
        player = _found(word)
    except ValueError as error:
        raise ValueError(f"a player must be a game ({games}) or an agent: {error}") from None
    if isinstance(player, str):
        raise ValueError(
            f"a player must be a game ({games}) or an agent, got {word!r}; a scripted player goes "
            "with --scripted or --against."
        )
    return player


def _found(word: str) -> Policy | str:
    """Who is called so: an agent, or the name of a scripted player."""
    if is_function(word):
        raise ValueError(f"loqa play shows players of JAX; {word} plays in loqa league.")
    found: Policy | str = find_player(word)
    return found


def _short(name: str) -> str:
    """What a player is called in tables: a file without its folders, else all of the name."""
    return Path(name).name if name.endswith(".safetensors") else name
