"""Bad settings and arguments of Python calls, as data: what is called, with what, what it says.

Every call must end in a ValueError of one line that has the words in it.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from loqa_agents import (
    CNN,
    Agent,
    Critic,
    DenseGRU,
    Inputs,
    Learner,
    NetworkPolicy,
    Shaping,
    Trainer,
    Training,
    register_network,
    save_agent,
)
from loqa_agents.algorithms.dice.lola_dice import LolaDice
from loqa_agents.algorithms.dice.pola_dice import PolaDice
from loqa_agents.algorithms.ppo.ippo import IPPO
from loqa_envs import (
    IPD,
    CoinGame,
    CoinPlayer,
    MatrixGame,
    MemoryOne,
    Random,
    Reciprocator,
    Tremble,
    extortioner,
    make_game,
    make_player,
    register_game,
)
from loqa_envs.matrix_games.public_goods import PublicGoods
from loqa_envs.negotiation.game import Negotiation
from loqa_envs.stag_hunt_grid.escalation import EscalationGrid
from loqa_envs.stag_hunt_grid.harvest import HarvestGrid
from loqa_envs.stag_hunt_grid.hunt import StagHuntGrid


class BadCall(NamedTuple):
    function: Callable[..., Any]
    arguments: dict[str, Any]
    words: str
    positional: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        given = [*self.positional, *(f"{k}={v!r}" for k, v in self.arguments.items())]
        return f"{self.function.__qualname__}({', '.join(map(str, given))})"[:70]


class _Faulty:
    """Whose text is of two lines, and whose attributes raise."""

    def __repr__(self) -> str:
        return "one line\nanother one"

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


NAN, INF, HUGE = float("nan"), float("inf"), 10**400
_NO_DATA = (None, [], {}, "", "nonsense", b"1", 1j, object, _Faulty(), np.ones(2), (1, (2, "x")))
JUNK: dict[str, tuple[Any, ...]] = {
    "an integer": (*_NO_DATA, True, 1.5, 1.0, -1, NAN, INF, HUGE, "1", np.float64(2), np.True_),
    "a number": (*_NO_DATA, True, NAN, INF, -INF, HUGE, -1e300, 1e300, "0.5", np.nan, np.True_),
    "True or False": (*_NO_DATA, 0, 1, 0.0, "True", np.int64(1)),
    "a string": (None, [], {}, 1, True, b"loqa", object, _Faulty(), np.ones(2)),
    "one of": (*_NO_DATA, 1, True, "BOTH"),
    "a tuple": (None, {}, 1, 1.5, True, {3}, b"1", object, _Faulty(), ["wide"], [1.5], [NAN], [-1]),
    "an instance": (None, [], {}, 1, True, "loqa", object, _Faulty(), Learner, np.ones(2)),
}
"""Values that a field of that kind cannot have, by what it must be."""

FIELDS: dict[Callable[..., Any], dict[str, str]] = {
    CoinGame: {
        "num_players": "an integer",
        "num_coins": "an integer",
        "episode_length": "an integer",
        "stay": "True or False",
        "coins_on_players": "True or False",
        "players_overlap": "True or False",
        "channels_last": "True or False",
        "swap_view": "True or False",
        "shift_view": "True or False",
        "tie": "one of",
        "next_owner": "one of",
        "observation": "one of",
        "size": "a tuple",
        "rewards": "a tuple",
        "moves": "a tuple",
    },
    IPD: {"episode_length": "an integer", "payoffs": "a tuple"},
    Shaping: {
        "weight": "a number",
        "temperature": "a number",
        "decay": "a number",
        "steps": "an integer",
        "sampled_values": "True or False",
        "past": "one of",
    },
    PublicGoods: {
        "num_players": "an integer",
        "factor": "a number",
        "gift": "a number",
        "income": "a number",
        "episode_length": "an integer",
    },
    StagHuntGrid: {
        "plants": "an integer",
        "stag_follows": "True or False",
        "run_away": "True or False",
        "stag_reward": "a number",
        "plant_reward": "a number",
        "maul_reward": "a number",
        "episode_length": "an integer",
        "size": "a tuple",
    },
    HarvestGrid: {
        "plants": "an integer",
        "chance_to_mature": "a number",
        "chance_to_die": "a number",
        "young_reward": "a number",
        "mature_reward": "a number",
        "episode_length": "an integer",
        "size": "a tuple",
    },
    EscalationGrid: {
        "penalty": "a number",
        "longest_streak": "an integer",
        "episode_length": "an integer",
        "size": "a tuple",
    },
    Negotiation: {"levels": "an integer", "episode_length": "an integer"},
    IPPO: {
        "actor": "an instance",
        "critic": "an instance",
        "discount": "a number",
        "gae_decay": "a number",
        "learning_rate": "a number",
        "anneal": "an integer",
        "epochs": "an integer",
        "minibatches": "an integer",
        "clip": "a number",
        "value_weight": "a number",
        "entropy": "a number",
        "gradient_norm": "a number",
    },
    LolaDice: {
        "actor": "an instance",
        "discount": "a number",
        "inner_steps": "an integer",
        "inner_rate": "a number",
        "rate": "a number",
        "initial_scale": "a number",
    },
    PolaDice: {
        "actor": "an instance",
        "critic": "an instance",
        "discount": "a number",
        "inner_steps": "an integer",
        "inner_rate": "a number",
        "inner_penalty": "a number",
        "rate": "a number",
        "critic_rate": "a number",
        "steps": "an integer",
        "penalty": "a number",
        "gae_decay": "a number",
        "initial_scale": "a number",
    },
    DenseGRU: {"hidden": "a tuple", "memory": "an integer"},
    CNN: {
        "hidden": "a tuple",
        "memory": "an integer",
        "channels": "a tuple",
        "kernel": "an integer",
        "stride": "an integer",
        "circular": "True or False",
    },
    Learner: {
        "algorithm": "a string",
        "shaping": "an instance",
        "actor": "an instance",
        "critic": "an instance",
        "opponent_values": "one of",
        "exploration": "a number",
        "discount": "a number",
        "finite_horizon": "True or False",
        "gae_decay": "a number",
        "opponent_gae_decay": "a number",
        "credit_gae_decay": "a number",
        "td_decay": "a number",
        "target_decay": "a number",
        "actor_learning_rate": "a number",
        "critic_learning_rate": "a number",
        "actor_steps": "an integer",
        "critic_steps": "an integer",
        "clip": "a number",
        "gradient_norm": "a number",
        "entropy": "a number",
        "balance": "True or False",
        "anneal": "an integer",
        "final_actor_learning_rate": "a number",
        "final_shaping_weight": "a number",
        "final_entropy": "a number",
    },
    Training: {
        "pool": "an integer",
        "pool_interval": "an integer",
        "opponents": "an integer",
        "newest": "an integer",
        "scripted": "a tuple",
        "both_seats": "True or False",
        "exact": "True or False",
        "episodes": "an integer",
        "updates": "an integer",
        "evaluate_every": "an integer",
    },
    MemoryOne: {"cooperation": "a tuple"},
    Random: {"num_actions": "an integer"},
}
"""Every field of the settings that can be made without others, and what kind it is of."""

_ALLOWED = {("size", "1"), ("scripted", "['wide']")}
"""Junk for most fields of a kind, and not for this one."""


def _of_fields() -> Iterator[BadCall]:
    for kind, names in FIELDS.items():
        for name, what in names.items():
            for value in JUNK[what]:
                if (name, repr(value)) not in _ALLOWED:
                    yield BadCall(kind, {name: value}, f"{name} must be")


_GAME, _BOARD = IPD(), CoinGame()
_TRAIN = {"game": _GAME, "learner": Learner(), "training": Training(), "seeds": (0,)}

BAD_SETTINGS: tuple[BadCall, ...] = (
    *_of_fields(),
    BadCall(IPD, {"payoffs": (1, 2, 3, 1e300)}, "four numbers from -1e12 to 1e12"),
    BadCall(IPD, {"payoffs": "prisoners"}, "one of the presets lola, pola"),
    BadCall(MatrixGame, {"payoffs": np.ones((3, 4))}, "four numbers"),
    BadCall(MatrixGame, {"payoffs": [[1, 2, 3, 4], [1, 2, 3, True]]}, "four numbers"),
    BadCall(CoinGame, {"size": 12_000}, "from 1 to 1,000"),
    BadCall(CoinGame, {"size": (3, 1.0)}, "a pair of them"),
    BadCall(CoinGame, {"moves": ("left",) * 4}, "left, right, up, down in any order"),
    BadCall(CoinGame, {"num_coins": 3}, "num_coins must be 1, or 2"),
    BadCall(Learner, {"actor_steps": 1.5}, "Learner.actor_steps must be an integer from 1 to"),
    BadCall(Learner, {"shaping": 3}, "Learner.shaping must be a Shaping, got 3."),
    BadCall(Learner, {"actor": 64}, "Learner.actor must be a Network, got 64."),
    BadCall(Learner, {"algorithm": "lola"}, "algorithm must be one of loqa"),
    BadCall(Learner, {"anneal": 10**9, "actor_steps": 10_000}, "anneal * actor_steps must be"),
    BadCall(DenseGRU, {"hidden": (8,) * 100}, "at most 64 entries"),
    BadCall(DenseGRU, {"hidden": (10**9,)}, "from 1 to 65,536"),
    BadCall(Training, {"rival": 3}, "Training.rival must be a string, or None"),
    BadCall(Training, {"rival": "lola"}, "rival must be one of"),
    BadCall(Training, {"newest": 9}, "newest must be from 0 to opponents"),
    BadCall(MemoryOne, {"cooperation": (1, 1, 1, 1, 1.1)}, "five probabilities"),
    BadCall(MemoryOne, {"cooperation": (1, 1, 1, 1, True)}, "five probabilities"),
    BadCall(Tremble, {"policy": 3, "epsilon": 0.1}, "Tremble.policy must be a Policy"),
    BadCall(Tremble, {"policy": MemoryOne, "epsilon": 0.1}, "it is a class"),
    BadCall(Tremble, {"policy": Random(), "epsilon": "0.1"}, "Tremble.epsilon must be a prob"),
    BadCall(CoinPlayer, {"game": 3, "seat": 0}, "CoinPlayer.game must be a CoinGame, got 3."),
    BadCall(CoinPlayer, {"game": _BOARD, "seat": 2}, "CoinPlayer.seat must be below 2"),
    BadCall(CoinPlayer, {"game": _BOARD, "seat": -1}, "CoinPlayer.seat must be an integer"),
    BadCall(CoinPlayer, {"game": _BOARD, "seat": 0, "ties": "coin"}, "one of random, fixed"),
    BadCall(Reciprocator, {"game": _BOARD, "seat": 0, "strikes": 0}, "Reciprocator.strikes must"),
    BadCall(extortioner, {"payoffs": (3, 0, 5), "factor": 2}, "payoffs must be four numbers"),
    BadCall(extortioner, {"payoffs": (3, 0, 5, 1), "factor": "2"}, "factor must be a number"),
    BadCall(extortioner, {"payoffs": (1, 2, 3, 4), "factor": 2}, "a prisoner's dilemma"),
    BadCall(CoinGame.preset, {"name": 3}, "name must be a string"),
    BadCall(CoinGame.preset, {"name": "poker"}, "preset must be one of"),
    BadCall(make_game, {}, "game must be one of ipd", (5,)),
    BadCall(make_game, {}, "game must be one of ipd", (None,)),
    BadCall(make_game, {}, "game must be one of ipd", (["ipd"],)),
    BadCall(make_game, {}, "game must be one of ipd", (IPD,)),
    BadCall(make_game, {}, "game must be one of ipd", (_Faulty(),)),
    BadCall(make_game, {"nonsense": 1}, "a setting that it lacks", ("ipd",)),
    BadCall(make_game, {"game": "ipd"}, "a setting that it lacks", ("ipd",)),
    BadCall(make_game, {"episode_length": 3}, "settings go with a game's name", (_GAME,)),
    BadCall(make_player, {}, "a player must be a name or a Policy", (3, _GAME, 0)),
    BadCall(make_player, {}, "a player must be a name or a Policy", (MemoryOne, _GAME, 0)),
    BadCall(make_player, {}, "game must be a Game", ("random", 3, 0)),
    BadCall(make_player, {}, "seat must be an integer from 0 to 1", ("random", _GAME, 2)),
    BadCall(make_player, {}, "seat must be an integer from 0 to 1", ("random", _GAME, "0")),
    BadCall(register_game, {}, "a name of at most 64 lower-case letters", ("My Game", IPD)),
    BadCall(register_game, {}, "must be free", ("ipd", CoinGame)),
    BadCall(register_game, {}, "for a class or function", ("mine", 3)),
    BadCall(register_network, {}, "a class that inherits from Network", ("mine", IPD)),
    BadCall(
        Agent, {"game": 3, "learner": Learner(), "actor_critic": None, "seed": 0}, "Agent.game must"
    ),
    BadCall(
        Agent,
        {"game": _GAME, "learner": Learner(), "actor_critic": None, "seed": 0},
        "an ActorCritic",
    ),
    BadCall(save_agent, {}, "agent must be an Agent, got 3.", ("3.safetensors", 3)),
    BadCall(
        NetworkPolicy,
        {"network": 64, "inputs": Inputs.of(IPD()), "num_actions": 2},
        "NetworkPolicy.network must be a Network",
    ),
    BadCall(
        NetworkPolicy,
        {
            "network": DenseGRU(),
            "inputs": Inputs.of(IPD()),
            "num_actions": 2,
            "exploration": 2,
        },
        "NetworkPolicy.exploration must be a probability",
    ),
    BadCall(
        Critic,
        {"network": DenseGRU(), "inputs": 5, "num_actions": 2, "discount": 0.9},
        "Critic.inputs must be an Inputs",
    ),
    BadCall(Trainer, _TRAIN | {"game": "ipd"}, "game must be a Game, got 'ipd'"),
    BadCall(Trainer, _TRAIN | {"learner": "loqa"}, "learner must be an Algorithm, got 'loqa'."),
    BadCall(Trainer, _TRAIN | {"training": 600}, "training must be a Training, got 600."),
    BadCall(Trainer, _TRAIN | {"seeds": ()}, "seeds must be"),
    BadCall(Trainer, _TRAIN | {"seeds": (1, 1)}, "seeds must be different numbers"),
    BadCall(Trainer, _TRAIN | {"seeds": (1.5,)}, "seeds must be"),
    BadCall(Trainer, _TRAIN | {"seeds": (-1,)}, "seeds must be"),
    BadCall(Trainer, _TRAIN | {"devices": []}, "devices must be a list of at least 1"),
    BadCall(Trainer, _TRAIN | {"devices": ["cpu"]}, "devices must be a list of at least 1"),
    BadCall(Trainer, _TRAIN | {"devices": 2}, "devices must be a list of at least 1"),
)
