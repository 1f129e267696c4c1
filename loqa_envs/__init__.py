"""Social dilemmas as pure JAX games, and as PettingZoo and Gymnasium environments."""

from loqa_envs import forks as _forks  # noqa: F401  # it must be there before a fork
from loqa_envs.adapters.host.environment import environment
from loqa_envs.adapters.registration import register as _register
from loqa_envs.arrays import Array, array_namespace
from loqa_envs.catalogue import GAMES, make_game, make_player, register_game
from loqa_envs.coin_game.game import CoinGame
from loqa_envs.coin_game.players import CoinPlayer, Reciprocator
from loqa_envs.coin_game.presets import COIN_PRESETS, CoinPreset
from loqa_envs.coin_game.state import CoinState
from loqa_envs.game import Carry, Extras, Game, Params, Policy, Rules, ScriptedPolicy, State
from loqa_envs.matrix_games.game import IPD, PAYOFFS, SITUATIONS, MatrixGame, MatrixState
from loqa_envs.matrix_games.players import (
    Grim,
    MemoryOne,
    MemoryOneOfMany,
    extortioner,
)
from loqa_envs.matrix_games.public_goods import PUBLIC_GOODS, PublicGoods
from loqa_envs.negotiation.game import Negotiation, NegotiationState
from loqa_envs.observation import Leaf, Observation, ObservationSpec
from loqa_envs.policy import Random, SwitchPolicy, Tremble
from loqa_envs.stag_hunt_grid.escalation import EscalationGrid, EscalationState
from loqa_envs.stag_hunt_grid.harvest import HarvestGrid, HarvestState
from loqa_envs.stag_hunt_grid.hunt import StagHuntGrid, StagHuntState

__all__ = [
    "COIN_PRESETS",
    "GAMES",
    "IPD",
    "PAYOFFS",
    "PUBLIC_GOODS",
    "SITUATIONS",
    "Array",
    "Carry",
    "CoinGame",
    "CoinPlayer",
    "CoinPreset",
    "CoinState",
    "EscalationGrid",
    "EscalationState",
    "Extras",
    "Game",
    "Grim",
    "HarvestGrid",
    "HarvestState",
    "Leaf",
    "MatrixGame",
    "MatrixState",
    "MemoryOne",
    "MemoryOneOfMany",
    "Negotiation",
    "NegotiationState",
    "Observation",
    "ObservationSpec",
    "Params",
    "Policy",
    "PublicGoods",
    "Random",
    "Reciprocator",
    "Rules",
    "ScriptedPolicy",
    "StagHuntGrid",
    "StagHuntState",
    "State",
    "SwitchPolicy",
    "Tremble",
    "array_namespace",
    "environment",
    "extortioner",
    "make_game",
    "make_player",
    "register_game",
]

_register()
