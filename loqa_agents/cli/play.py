"""``loqa play``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import jax
import numpy as np
import tyro
from rich.console import Console

from loqa_agents.cli.human import NAME, Human, keyboard
from loqa_agents.cli.options import check_new_file, check_options
from loqa_agents.cli.resolve import find_entrants, gathered
from loqa_agents.cli.training.environments import make_known, names_environment
from loqa_agents.common.files import write_atomically
from loqa_agents.league.entrants import Entrant, seat, table_of
from loqa_agents.league.pairs.python_pairs import PlayerError, watch_python_players
from loqa_agents.runs.report import Episode
from loqa_agents.training.presets import PRESETS
from loqa_envs import keys
from loqa_envs.game import Game
from loqa_envs.validation import Seed


@dataclass(frozen=True)
class Play:
    """Show one episode of a player with others."""

    player: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="PLAYER")]
    """Who sits in the first seat, as in loqa league: an agent (a .safetensors file, one that comes
    with loqa, such as coin3x3/loqa/42, or one that others published), a scripted player by name, a
    strategy of Axelrod (axelrod:TitForTat), or module:function. Or a game, in which --scripted
    does."""
    against: str | None = None
    """Who holds all other seats: any player, such as a scripted one by name or
    memory_one:START,CC,CD,DC,DD; by default tit_for_tat, and random in environments of others."""
    scripted: str = "always_cooperate"
    """A scripted player by name, where PLAYER is a game."""
    human: bool = False
    """Sit in the first seat yourself, a key a step, with PLAYER in all others, or --against where
    PLAYER is a game. Where standard input is no terminal, keys are read from there."""
    game: str | None = None
    """The game, as in loqa train; by default that of the first trained agent. Of an environment of
    others, module:function or pettingzoo:ID."""
    size: tuple[int, ...] = ()
    """Size of the board, where a game is given: N, or height and width."""
    num_players: int | None = None
    """Number of players, where a game is given that has several."""
    seed: Seed = 0
    """Seed of the episode."""
    gif: Path | None = None
    """File to write the episode to as a moving picture."""

    def __call__(self, console: Console) -> None:
        check_options(self)
        if self.gif is not None:
            check_new_file("--gif", self.gif)
        name, first, against = self.game, self.player, self.against
        if against is None:
            against = "random" if name and names_environment(name) else "tit_for_tat"
        if self.player in PRESETS:
            if name is not None:
                raise ValueError(f"--game goes with a player; {self.player} is a game itself.")
            name, first = self.player, self.scripted
        elif self.human:
            against = self.player
        make_known(name)
        _check_player(first)
        words = (against,) if self.human else (first, against)
        game, found = gathered(words, (), name, self.size, self.num_players)
        if len(found) > len(words):
            several = ", ".join(entrant.name for entrant in found)
            raise ValueError(f"play takes one player, and one --against it; got {several}.")
        others = game.num_players - 1
        seats = (NAME if self.human else _short(first), *[_short(against)] * others)
        seated = [*found[:-1], *found[-1:] * others]
        key = keys.key(self.seed)
        if self.human:
            watched = _played(game, seats, seated, key, console)
            if watched is None:
                return
            episode = watched
        else:
            episode = _watched(game, seats, seated, key)
        if self.gif is not None:
            write_atomically(self.gif, episode.gif())
        episode.print(console)


def _watched(
    game: Game, names: tuple[str, ...], entrants: Sequence[Entrant], key: jax.Array
) -> Episode:
    """One episode of entrants, seat by seat."""
    seated = [seat(entrant, game) for entrant in entrants]
    if game.under_jax and not any(player.on_host for player in seated):
        return Episode.play(game, names, tuple(entrant.player for entrant in entrants), key)
    seed = int(jax.random.bits(key, dtype=np.uint32))
    return Episode(game, names, *watch_python_players(seed, table_of(game), names, seated))


def _played(
    game: Game, names: tuple[str, ...], others: Sequence[Entrant], key: jax.Array, console: Console
) -> Episode | None:
    """One episode of the person at the keyboard with others; None if they leave it."""
    table = table_of(game)
    person = Human(table, names, console)
    players = [seat(each, game) for each in (Entrant(NAME, lambda: person), *others)]
    try:
        with keyboard():
            seed = int(jax.random.bits(key, dtype=np.uint32))
            watched = watch_python_players(seed, table, names, players, person.see)
    except PlayerError:
        if isinstance(person.ended, ValueError):
            raise person.ended from None
        if person.ended is None:
            raise
        return None
    return Episode(game, names, *watched)


def _check_player(word: str) -> None:
    """Raise ``ValueError`` unless a word can be who sits in the first seat."""
    try:
        find_entrants([word])
    except ValueError as error:
        raise ValueError(
            f"a player must be a game ({', '.join(PRESETS)}) or an agent: {error}"
        ) from None


def _short(name: str) -> str:
    """What a player is called in tables: a file without its folders, else all of the name."""
    return Path(name).name if name.endswith(".safetensors") else name
