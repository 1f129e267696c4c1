"""What a pair is: who plays in it, where its chance comes from, and where it is kept."""

import zlib
from typing import Any, NamedTuple, Protocol

import jax

from loqa_agents.league.pairs.tables import PairResult
from loqa_agents.players.python.fingerprint import fingerprint
from loqa_envs.game import Game

Pair = tuple[str, str]


class PairId(NamedTuple):
    """Who plays in a pair."""

    names: Pair
    """In their order."""
    players: tuple[str | None, str | None]
    """What each player is, see `fingerprint`."""


class Finished(Protocol):
    """Where pairs are kept once they have been played."""

    def open(self, league: dict[str, Any]) -> None:
        """Keep and look up pairs of a league with these settings (JSON data), and of no other."""
        ...

    def get(self, pair: PairId) -> PairResult | None:
        """The pair's episodes, if they were kept and both players are what they were."""
        ...

    def keep(self, played: dict[PairId, PairResult]) -> None: ...


def pair_key(key: jax.Array, pair: Pair) -> jax.Array:
    """The key of a pair whose names are in their order."""
    for name in pair:
        key = jax.random.fold_in(key, zlib.crc32(name.encode()))
    return key


def settings(key: jax.Array, game: Game, episodes: int, common: bool, focal: int) -> dict[str, Any]:
    """What the numbers of all pairs depend on, as JSON data."""
    return {
        "game": repr(game),
        "rules": fingerprint(game),
        "key": jax.random.key_data(key).tolist(),
        "episodes": episodes,
        "common": common,
    } | ({"focal": focal} if game.num_players > 2 else {})
