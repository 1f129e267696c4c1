"""The memory that best responses need, by estimate."""

from collections.abc import Sequence
from dataclasses import asdict

import jax
import numpy as np

from loqa_agents.common.peak import peak_bytes, tree_bytes
from loqa_agents.league.entrants import Seated, table_of
from loqa_agents.responses.best_response import Budget, learner_for, require_seats
from loqa_agents.responses.responding import responding_in
from loqa_envs.game import Game
from loqa_envs.keys import key
from loqa_envs.memory import require_memory
from loqa_envs.policy import Random

_PYTHON_PLAYER = 2000
"""Bytes of a small object with random numbers of its own."""


def require_for_responses(
    game: Game, players: Sequence[Seated], budget: Budget, devices: Sequence[jax.Device]
) -> None:
    """Raise ``ValueError`` unless best responses to ``players`` can be looked for in memory."""
    require_seats(game)
    require_memory(
        "best responses",
        responder_bytes(game, players, budget),
        asdict(budget) | {"episode_length": game.episode_length, "agents": len(players)},
        devices,
    )


def responder_bytes(game: Game, players: Sequence[Seated], budget: Budget) -> int:
    """Bytes that `train_responders` takes if all ``players`` are of one architecture.

    The players themselves count with their parameters, or as Python objects.
    """
    table = table_of(game)
    learner, number = learner_for(table, budget.updates), len(players) * budget.restarts
    others = (Random(table.num_actions),) * (table.num_players - 1)
    responding = responding_in(table, learner, others, budget.episodes, 0)
    state = jax.eval_shape(responding.init, key(0))
    program = jax.make_jaxpr(responding.advance)(key(0), state, (), np.int32(0), np.int32(1))
    copies = len(others) * number * budget.episodes * _PYTHON_PLAYER if players[0].on_host else 0
    parameters = budget.restarts * sum(tree_bytes(player.params) for player in players)
    return number * peak_bytes(program.jaxpr) + copies + 2 * parameters
