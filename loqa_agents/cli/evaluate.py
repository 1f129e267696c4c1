"""``loqa evaluate``."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from annotated_types import Interval
from rich.console import Console

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.cli.league import by_name, check_seats, progress_bar
from loqa_agents.cli.options import check_new_file, check_options
from loqa_agents.cli.resolve import gathered
from loqa_agents.common.devices import use_devices
from loqa_agents.common.files import write_atomically
from loqa_agents.league.entrants import Entrant, identity_of
from loqa_agents.players.python.fingerprint import fingerprint
from loqa_agents.players.python.foreign_code import Limit
from loqa_agents.players.python.player import Source
from loqa_agents.reports.card import page, print_card
from loqa_agents.responses.best_response import Budget
from loqa_agents.scorecard.card import BUDGET, EPISODES, scorecard
from loqa_envs.game import Game
from loqa_envs.keys import key
from loqa_envs.validation import Count, Seed


@dataclass(frozen=True)
class Evaluate:
    """Print the scorecard of an agent: against itself, other seeds, scripted players and the best
    response that can be found."""

    agents: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="AGENT...")]
    """A saved agent, the folder of a run, a published agent, coin3x3/loqa/42 and the like, which
    come with loqa, or module:function that makes a player of your own. Several are the seeds of one
    training."""
    game: str | None = None
    """The game, as in loqa train; by default that of the first trained agent. Of an environment of
    others, module:function or pettingzoo:ID."""
    size: tuple[int, ...] = ()
    """Size of the board, where a game is given: N, or height and width."""
    num_players: int | None = None
    """Number of players, where a game is given that has several."""
    episodes: Count = EPISODES
    """Episodes of each pair, half of them in each seat."""
    response_updates: Annotated[int, Interval(ge=0, le=10**9)] | None = None
    """Updates of the learners that look for a best response; 0 leaves it out. By default 300, and 0
    in environments of others."""
    response_episodes: Count = BUDGET.episodes
    """Episodes of each of those updates."""
    restarts: Count = BUDGET.restarts
    """Learners that look for a best response to each seed. A Python player is copied for each of
    their episodes, and takes part in all of their steps, which can take long."""
    act_timeout: Limit = None
    """Seconds after which a Python player that has not answered has failed; by default it may
    take for ever."""
    seed: Seed = 0
    """Seed of all chance."""
    devices: Count | None = None
    """Devices (on a CPU, cores) that share the work; by default all."""
    out: Path | None = None
    """File to write the card to, as JSON."""
    html: Path | None = None
    """File to write the card to, as a page."""

    def __call__(self, console: Console) -> None:
        check_options(self)
        for option, path in (("--out", self.out), ("--html", self.html)):
            if path is not None:
                check_new_file(option, path)
        if self.out is not None and self.out == self.html:
            raise ValueError(f"--out and --html must be different files, got {self.out} for both.")
        if not self.agents:
            raise ValueError("evaluate needs an AGENT: an agent, or the folder of a run.")
        game, found = gathered(self.agents, (), self.game, self.size, self.num_players)
        budget = self._budget(game)
        require_one_training("evaluate", found)
        check_seats(found, game)  # mistakes are found before anything is played
        devices = use_devices(self.devices)
        with progress_bar(console) as bar:
            card = scorecard(
                key(self.seed), game, found, self.episodes, budget,
                devices=devices, progress=by_name(bar, self.act_timeout),
                act_timeout=self.act_timeout,
            )  # fmt: skip
        card["seed"] = self.seed
        print_card(console, card)
        if self.out is not None:
            write_atomically(self.out, json.dumps(card, indent=1).encode() + b"\n")
        if self.html is not None:
            write_atomically(self.html, page(card).encode())

    def _budget(self, game: Game) -> Budget | None:
        updates = self.response_updates
        if updates is None:
            updates = BUDGET.updates if game.under_jax else 0
        return Budget(updates, self.response_episodes, self.restarts) if updates else None


def require_one_training(what: str, agents: Sequence[Entrant]) -> None:
    """Raise ``ValueError`` unless they can be the seeds of one training, each given once."""
    prints = [fingerprint(identity_of(agent.player)) for agent in agents]
    twice = [
        agent.name
        for agent, mark in zip(agents, prints, strict=True)
        if mark is not None and prints.count(mark) > 1
    ]
    if twice:
        raise ValueError(f"{what} takes each agent once; the same were given: {', '.join(twice)}.")
    kinds = {agent.name: _kind(agent.player) for agent in agents}
    if len(set(kinds.values())) > 1:
        given = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
        raise ValueError(
            f"{what} takes the seeds of one training, and plays them against others by itself; got "
            f"{given}. Those meet in loqa league."
        )


def _kind(player: Any) -> str:
    """What the players of one training have in common, in a word."""
    if isinstance(player, str):
        return player
    if isinstance(player, Source):
        player = player.sample
    learner = getattr(player, "learner", None)
    if isinstance(learner, Algorithm):
        return learner.label
    return str(getattr(player, "algorithm", type(player).__name__))
