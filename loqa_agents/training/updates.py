"""Whom a learner meets in training, and what is kept from one update to the next."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from annotated_types import Interval

from loqa_agents.algorithms.algorithm import Algorithm, AlgorithmState
from loqa_agents.algorithms.named import algorithm_names
from loqa_agents.training.pool import Pool
from loqa_envs.game import Game
from loqa_envs.validation import Count, Settings


@dataclass(frozen=True)
class Training(Settings):
    """Whom a learner meets in training, and for how long.

    A learner meets a rival, past selves and scripted players from the first seat, or where the
    seats of the game differ, from each seat in as many episodes; with itself it learns from both.

    Raises:
        ValueError: for a setting out of its range or a combination that means nothing.
    """

    rival: str | None = None
    """Algorithm of a separate learner in all other seats; without it, self-play."""
    pool: Annotated[int, Interval(ge=0, le=10**6)] = 0
    """Number of past selves kept as opponents; 0 for self-play with the present self only."""
    pool_interval: Count = 10
    """Updates between two past selves."""
    opponents: Annotated[int, Interval(ge=1, le=10_000)] = 8
    """Number of opponents from the pool per update; they share its episodes."""
    newest: Annotated[int, Interval(ge=0, le=10_000)] = 0
    """Number of those opponents that are the present self."""
    scripted: tuple[str, ...] = ()
    """Scripted players, each in place of one of those opponents. In games of more than two players,
    names joined by + take several of the other seats."""
    both_seats: bool = False
    """Learn from both seats of the episodes with the present self."""
    exact: bool = False
    """Follow the exact expected gradient of self-play, one step per update, without episodes
    (matrix games, actors without memory)."""
    episodes: Count = 32
    """Episodes per update."""
    updates: Count = 600
    """Number of updates."""
    evaluate_every: Count = 50
    """Updates between evaluations."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.newest > self.opponents:
            raise ValueError(
                f"newest must be from 0 to opponents, of which it is a part; got {self.newest} of "
                f"{self.opponents}."
            )
        past_selves = self.opponents - len(self.scripted)
        if self.scripted and not (self.pool and 1 <= past_selves >= self.newest):
            raise ValueError(
                "scripted players need a pool, and at least one place among the opponents must be "
                f"left to it and enough to newest; got scripted={self.scripted}, "
                f"opponents={self.opponents}, newest={self.newest}, pool={self.pool}."
            )
        if self.both_seats and not (self.pool and self.newest):
            raise ValueError(
                "both_seats needs newest opponents in a pool, so that the learner sits in the "
                f"other seat, too; got pool={self.pool}, newest={self.newest}."
            )
        if (self.rival is not None) + (self.pool > 0) + self.exact > 1:
            raise ValueError(
                "rival, pool and exact exclude each other: each says whom the learner meets; "
                f"got rival={self.rival}, pool={self.pool}, exact={self.exact}."
            )
        if self.pool and self.episodes % self.opponents:
            raise ValueError(
                "episodes must be a multiple of opponents, so that each past self plays as many; "
                f"got episodes={self.episodes}, opponents={self.opponents}."
            )
        if self.rival is not None and self.rival not in algorithm_names():
            names = ", ".join(algorithm_names())
            raise ValueError(f"rival must be one of {names}; got {self.rival!r}.")

    def columns(self, game: Game) -> list["Columns"]:
        """How the opponents of an update sit: columns of selves, then those with scripted players.

        The i-th of the scripted entries begins i seats further on, so that two of the same are met
        in different seats.

        Raises:
            ValueError: for an entry that leaves no seat to the learner.
        """
        others = game.num_players - 1
        by_place: dict[tuple[int, ...], list[list[str]]] = {}
        for i, entry in enumerate(self.scripted):
            names = entry.split("+")
            if len(names) > others:
                raise ValueError(
                    f"scripted players must leave a seat to the learner in a game of {others + 1}; "
                    f"got {entry}."
                )
            places = tuple(1 + (i + n) % others for n in range(len(names)))
            by_place.setdefault(places, []).append(names)
        selves = Columns(self.opponents - len(self.scripted), {}, self.newest)
        return [selves] + [
            Columns(len(entries), dict(zip(places, zip(*entries, strict=True), strict=True)))
            for places, entries in by_place.items()
        ]

    def shared(self, learner: Algorithm) -> int:
        """The episodes of an update that devices can share: none that an algorithm plays itself."""
        return self.episodes if learner.plays_episodes else 0

    @property
    def pool_places(self) -> int:
        """How many places of the pool the run can reach: one for each past self, one open."""
        return min(self.pool, self.updates // self.pool_interval + 1)


class Columns(NamedTuple):
    """Opponents of an update that sit alike, a column of episodes for each."""

    number: int
    scripted: dict[int, tuple[str, ...]]
    """Scripted players ``[number]`` by how many seats after the learner they sit; selves are in the
    other seats."""
    newest: int = 0
    """In how many of the columns, the first ones, all selves are the newest."""


class TrainState(NamedTuple):
    learners: tuple[AlgorithmState, ...]
    """One learner in self-play, else two."""
    pool: Pool | None
