"""The exact best response to a player without memory in a matrix game."""

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_agents.exact import OTHER_VIEW
from loqa_agents.league.entrants import Seated
from loqa_agents.networks import NetworkPolicy
from loqa_envs.game import Array, Game
from loqa_envs.matrix_game import MatrixGame


def exact_response(game: MatrixGame, cooperation: Array, seat: int = 0) -> float:
    """The largest mean reward per step against a player without memory, over a whole episode.

    By backward induction over the five situations, for a responder in ``seat`` that knows the clock
    and the player's probabilities of cooperating after START, CC, CD, DC, DD, its own move first.
    """
    mine = np.array(game.payoffs[seat])  # after CC, CD, DC, DD, own move first
    theirs = np.asarray(cooperation, float)[OTHER_VIEW]  # in the responder's view
    value = np.zeros(5)
    for _ in range(game.episode_length):
        # By own action, then the other's: reward, and the situation that follows.
        outcome = (mine + value[1:]).reshape(2, 2)
        value = (outcome @ np.stack([theirs, 1 - theirs])).max(0)
    return float(value[0] / game.episode_length)


def memory_one(game: Game, player: Seated) -> NDArray[np.float64] | None:
    """P(cooperate) after START, CC, CD, DC, DD of a player without memory; None for all others."""
    policy = player.seats[0]
    if not isinstance(game, MatrixGame):
        return None
    if hasattr(policy, "cooperation"):
        return np.array(policy.cooperation, np.float64)
    if isinstance(policy, NetworkPolicy) and not policy.network.memory:
        logits = jax.vmap(lambda row: policy.log_probabilities(player.params, row[None])[0])(
            jnp.eye(5)
        )
        cooperation: NDArray[np.float64] = np.exp(np.asarray(logits, np.float64)[:, 0])
        return cooperation
    return None
