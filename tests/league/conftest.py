"""Leagues that tests share, since compiling them takes most of the time."""

from collections.abc import Callable

import jax
import pytest

from loqa_agents import Agent, DenseGRU, Learner
from loqa_agents.league import Entrant, League, play_league
from loqa_envs import IPD, CoinGame

from .players import ThreeTimes, TitForTat, Wrapped

KEY = jax.random.key(7)
DILEMMA = IPD(episode_length=10)
EPISODES = 96
"""Episodes of the Coin Game a pair."""
NAMES = ("always_cooperate", "always_defect", "tit_for_tat", "random")


@pytest.fixture(scope="session")
def scripted() -> tuple[Entrant, ...]:
    return tuple(Entrant(name, name) for name in NAMES)


@pytest.fixture(scope="session")
def dilemma(scripted: tuple[Entrant, ...]) -> League:
    """Scripted players in a prisoner's dilemma of 10 steps, 64 episodes a pair."""
    return play_league(KEY, DILEMMA, scripted, 64)


@pytest.fixture(scope="session")
def by_hand() -> League:
    """The same dilemma with Python players among them, 4 episodes a pair."""
    entrants = [
        Entrant("mine", TitForTat()),
        Entrant("counts", ThreeTimes()),
        Entrant("always_defect", "always_defect"),
        Entrant("tit_for_tat", "tit_for_tat"),
    ]
    return play_league(KEY, DILEMMA, entrants, 4)


def new_agent(seed: int) -> Agent:
    """An agent without training, that sees the board from where it stands."""
    game = CoinGame(observation="index", shift_view=True)
    learner = Learner(actor=DenseGRU(hidden=(8,), memory=4))
    return Agent(game, learner, learner.init(jax.random.key(seed), game).params, seed)


@pytest.fixture(scope="session")
def agents() -> tuple[Agent, Agent]:
    return new_agent(0), new_agent(1)


@pytest.fixture(scope="session")
def coins(agents: tuple[Agent, Agent]) -> League:
    """Agents and scripted players in the 3 x 3 Coin Game, the same chance in all pairs."""
    entrants = [
        Entrant("always_cooperate", "always_cooperate"),
        Entrant("always_defect", "always_defect"),
        Entrant("a/0", agents[0], "a"),
        Entrant("a/1", agents[1], "a"),
    ]
    return play_league(KEY, CoinGame(), entrants, EPISODES, common=True)


@pytest.fixture(scope="session")
def planes() -> League:
    """The same with always_defect as a policy of one's own, which sees planes."""
    player = Wrapped(CoinGame().scripted_players(0)["always_defect"])
    entrants = [Entrant("always_cooperate", "always_cooperate"), Entrant("planes", player)]
    return play_league(KEY, CoinGame(), entrants, EPISODES, common=True)


@pytest.fixture(scope="session")
def mean() -> Callable[[League, str, str], float]:
    """Mean reward per step of one entrant against another."""

    def of(league: League, name: str, opponent: str) -> float:
        names = [entrant.name for entrant in league.entrants]
        return float(league.rewards[names.index(name), names.index(opponent)].mean())

    return of
