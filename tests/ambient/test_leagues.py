"""Leagues and scorecards give the same numbers whatever JAX is configured with."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pytest

from loqa_agents import Agent, Learner
from loqa_agents.league import Entrant, play_league
from loqa_agents.players.published.networks import RecurrentPolicy
from loqa_agents.players.with_params import WithParams
from loqa_agents.responses.best_response import Budget
from loqa_agents.scorecard.card import scorecard
from loqa_envs import CoinGame, Game, make_game
from loqa_envs.keys import key

from .configurations import EVERYTHING, as_ever


@dataclass(frozen=True, eq=False)
class Published(WithParams):
    """A network that somebody else trained, as `loqa_agents.published` makes them."""

    policy: Any
    params: Any
    game: Game


class Left:
    def reset(self) -> None:
        pass

    def act(self, observation: Any) -> int:
        return 0


def published(game: Game) -> Published:
    def layer(inputs: int, outputs: int) -> dict[str, Any]:
        weights = np.linspace(-1, 1, inputs * outputs, dtype=np.float32)
        return {"kernel": weights.reshape(inputs, outputs), "bias": np.zeros(outputs, np.float32)}

    memory = layer(3, 9) | {"bias": np.zeros(3, np.float32)}
    params = {
        "dense": [layer(36, 4)], "gates": layer(4, 9), "memory": memory, "output": layer(3, 4)
    }  # fmt: skip
    return Published(RecurrentPolicy(36, (4,), 3), params, game)


@pytest.mark.slow
def test_a_league_of_a_network_a_scripted_and_a_python_player():
    game = CoinGame(episode_length=4)

    def played() -> Any:
        entrants = [
            Entrant("network", published(game)),
            Entrant("k_strikes", "k_strikes"),
            Entrant("left", Left()),
        ]
        league = play_league(jax.random.key(3), game, entrants, 4)
        return league.rewards, league.info, league.references

    assert as_ever(played, EVERYTHING)


@pytest.mark.slow
def test_a_scorecard_with_trained_and_exact_best_responses():
    game, learner = make_game("ipd", episode_length=4), Learner()

    def made() -> Any:
        agent = Agent(game, learner, learner.init(key(0), game).params, 0)
        budget = Budget(updates=1, episodes=2, restarts=1)
        card = scorecard(jax.random.PRNGKey(3), game, [Entrant("a", agent)], 2, budget)
        return card["lines"], card["references"]

    assert as_ever(made, EVERYTHING)
