"""Social dilemmas as pure JAX games, and as PettingZoo and Gymnasium environments."""

from loqa_envs.adapters.registration import register as _register
from loqa_envs.catalogue import GAMES, make_game, make_player
from loqa_envs.game import Array, Carry, Game, Params, Policy, Rules, ScriptedPolicy, State
from loqa_envs.matrix_game import IPD, PAYOFFS, SITUATIONS, MatrixGame, MatrixState
from loqa_envs.scripted import Grim, MemoryOne, Random, Tremble, extortioner

__all__ = [
    "GAMES",
    "IPD",
    "PAYOFFS",
    "SITUATIONS",
    "Array",
    "Carry",
    "Game",
    "Grim",
    "MatrixGame",
    "MatrixState",
    "MemoryOne",
    "Params",
    "Policy",
    "Random",
    "Rules",
    "ScriptedPolicy",
    "State",
    "Tremble",
    "extortioner",
    "make_game",
    "make_player",
]

_register()
