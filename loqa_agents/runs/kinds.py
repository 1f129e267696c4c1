"""What a run measures and draws beyond what every game has, looked up by the game's name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from loqa_agents.players.agent import Agent
from loqa_agents.runs import coin_game, pictures
from loqa_agents.runs.loggers import Record
from loqa_agents.training.evaluation import BATCH
from loqa_agents.training.means import mean_rewards
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game


class Kind:
    """Any game: nothing beyond what every game has."""

    episodes: int = BATCH
    """Episodes of an evaluation during training."""

    def of_every_record(self, game: Game) -> tuple[str, ...]:
        """The names of what `of_record` gives."""
        return ()

    def of_record(self, game: Game, record: Record) -> dict[str, Any]:
        """More to record of an evaluation."""
        return {}

    def of_agents(
        self, game: Game, results: dict[str, Any], key: jax.Array, episodes: int
    ) -> dict[str, Any]:
        """More results of agents, whose other ``results`` are those of an evaluation."""
        return {}

    def of_run(self, game: Game, records: Sequence[Record]) -> dict[str, Any]:
        """More results of a run with these evaluations."""
        return {}

    def draw(
        self,
        out: Path,
        game: Any,
        results: dict[str, Any],
        records: list[Record],
        agents: Sequence[Agent],
    ) -> None:
        """Write the pictures of a run into ``out``."""
        pictures.draw(out, results, records)


class CoinKind(Kind):
    """The Coin Game of any number of players."""

    episodes = coin_game.EPISODES

    def draw(
        self,
        out: Path,
        game: Any,
        results: dict[str, Any],
        records: list[Record],
        agents: Sequence[Agent],
    ) -> None:
        coin_game.draw(out, game, results, records)
        pictures.film(out, agents[0], ("self_play", "always_defect"))


class CoinForTwo(CoinKind):
    """With the published thresholds, which say nothing of more players."""

    def of_every_record(self, game: Game) -> tuple[str, ...]:
        return ("thresholds",)

    def of_record(self, game: Any, record: Record) -> dict[str, Any]:
        return {"thresholds": coin_game.satisfied(game, record)}

    def of_run(self, game: Any, records: Sequence[Record]) -> dict[str, Any]:
        return {"thresholds": coin_game.crossings(game, records)}


class CoinForMore(CoinKind):
    """With ``welfare`` per seed: the sum of all rewards in self-play, as a share of what players
    who all ``always_cooperate`` get together, measured over as many episodes."""

    def of_agents(
        self, game: Game, results: dict[str, Any], key: jax.Array, episodes: int
    ) -> dict[str, Any]:
        seats = range(game.num_players)
        cooperators = [make_player("always_cooperate", game, seat) for seat in seats]
        ceiling = float(mean_rewards(key, game, cooperators, [()] * len(seats), episodes).mean())
        if ceiling <= 0:
            return {}
        return {"welfare": [round(float(own / ceiling), 6) for own in results["self_play"]]}


def kind_of(game: Game) -> Kind:
    if game.name == "coin_game":
        return CoinForTwo() if game.num_players == 2 else CoinForMore()
    return Kind()
