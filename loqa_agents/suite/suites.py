"""The suites, and the rows that are stored of each."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any, NamedTuple

from loqa_agents.league.entrants import Entrant, as_shown
from loqa_agents.players.agent import load_agent
from loqa_agents.players.shipping import shipped_agents
from loqa_agents.training.presets import PRESETS
from loqa_envs.game import Game


class Task(NamedTuple):
    """One game of a suite."""

    name: str
    """Its agents that come with loqa are called ``NAME/ALGORITHM/SEED``."""
    preset: str
    """Of ``loqa train``: the game, and how an algorithm is trained in it."""

    @property
    def game(self) -> Game:
        return as_shown(PRESETS[self.preset].game)

    @property
    def opponents(self) -> list[Entrant]:
        """The agents of the algorithms that come with loqa, each algorithm a team."""
        names = [name for name in shipped_agents() if name.startswith(f"{self.name}/")]
        return [Entrant(name, load_agent(name), name.split("/")[1]) for name in names]


SUITES: dict[str, tuple[Task, ...]] = {
    "dilemmas-v1": (
        Task("ipd", "ipd"),
        Task("stag_hunt", "stag_hunt"),
        Task("public_goods", "public_goods"),
        Task("negotiation", "negotiation"),
        Task("coin3x3", "coin"),
    )
}
"""By name and version, which changes when a number of the same agent would come out otherwise."""
SEEDS = tuple(range(42, 52))
"""What algorithms are trained with."""


def rows_of(game: str, rows: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``rows``, by ``GAME/ALGORITHM``, that are of a game, by algorithm."""
    split = {name: name.partition("/") for name in rows}
    return {split[name][2]: row for name, row in rows.items() if split[name][0] == game}


def stored(suite: str) -> dict[str, Any]:
    """``rows``, by ``TASK/ALGORITHM``, and ``leagues`` among them, by task, of that suite."""
    file = resources.files("loqa_agents") / "suite" / f"{suite}.json"
    data: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    return {"rows": {}, "leagues": {}} | data
