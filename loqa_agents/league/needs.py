"""The memory that leagues need, by estimate."""

from collections.abc import Sequence

import jax

from loqa_agents.common.rollout import measured_in
from loqa_agents.league.pairs.tables import EPISODES, PAIRS
from loqa_envs.game import Game
from loqa_envs.memory import require_memory

_NUMBER = 4
"""Bytes of a float32 or an int32."""


def require_for_league(
    game: Game, entrants: int, episodes: int, devices: Sequence[jax.Device] | None
) -> None:
    """Raise ``ValueError`` unless a league of so many entrants is likely to fit in memory."""
    require_memory(
        "a league",
        league_bytes(game, entrants, episodes),
        {"episodes": episodes, "episode_length": game.episode_length, "entrants": entrants},
        jax.devices() if devices is None else devices,
    )


def league_bytes(game: Game, entrants: int, episodes: int) -> int:
    """Bytes that a league takes in which each pair plays so many ``episodes``.

    They are those of one batch of episodes that is played, of a call's pairs before and after they
    are put together, and of all that are done, in pairs and in tables.
    """
    numbers = 1 + len(measured_in(game))  # rewards, and what the game measures
    steps = min(episodes, EPISODES) * game.episode_length
    players = game.num_players
    # And actions, and keys of the game and all players.
    playing = steps * (players * (numbers + 1) + 2 * (1 + players))
    call = 2 * PAIRS * episodes * 2 * (numbers + 1)
    ordered = entrants * (entrants + 1) // 2 if players == 2 else entrants**2
    pairs = ordered + 2  # and the references
    tables = numbers + (players > 2)  # and what the others of a pair get
    done = (2 * pairs * numbers + entrants**2 * tables) * episodes
    return _NUMBER * (playing + call + done)
