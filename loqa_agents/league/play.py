"""Everyone against everyone."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from loqa_agents.league.by_hand import PlayerError, illegal, play_by_hand
from loqa_agents.league.entrants import Entrant, Seated, check_names, seat, table_of
from loqa_agents.league.tables import PAIRS, Met, Tables
from loqa_agents.rollout import OneOf
from loqa_envs.game import Array, Game
from loqa_envs.keys import boundary

REFERENCES = ("always_cooperate", "always_defect")
"""Scripted players whose play among themselves is the measure of all other."""

Pair = tuple[str, str]


class Finished(Protocol):
    """Where pairs are kept once they have been played."""

    def get(self, pair: Pair) -> Met | None:
        """The pair's episodes, if they were kept."""
        ...

    def keep(self, played: dict[Pair, Met]) -> None: ...


@dataclass(frozen=True, eq=False)
class League:
    """What came of a league of N entrants that played E episodes a pair."""

    game: Game
    entrants: tuple[Entrant, ...]
    rewards: NDArray[np.float32]
    """``[N, N, E]``: mean reward per step of the row against the column; NaN where a pair was not
    played. In self-play, of both seats."""
    info: dict[str, NDArray[np.float32]]
    """The game's measurements per step of the row, ``[N, N, E]`` each."""
    references: dict[str, NDArray[np.float32]]
    """``[E]``: mean reward per step of `REFERENCES` among themselves, of both seats."""
    failed: dict[str, str] = field(default_factory=dict)
    """Players that could not go on, and why; none of their pairs count."""
    common: bool = False
    """Whether episode e of every pair was played with the same random numbers."""


@boundary
def play_league(
    key: jax.Array,
    game: Game,
    entrants: Sequence[Entrant],
    num_episodes: int = 1024,
    *,
    common: bool = False,
    keep_going: bool = False,
    finished: Finished | None = None,
    progress: Callable[[int, int], None] = lambda done, pairs: None,
    devices: Sequence[jax.Device] | None = None,
    act_timeout: float | None = None,
) -> League:
    """Play every pair of entrants, each with itself too, half of the episodes in each seat.

    Args:
        key: what all chance comes from; a pair's depends on it and on the two names only. The name
            that sorts first sits in the first seat in the first episode and every other one.
        game: a game of two players; what players see that bring no ``game`` of their own.
        num_episodes: episodes of each pair.
        common: whether pairs play with the same random numbers, those under JAX among themselves
            and those with a Python player among themselves.
        keep_going: whether a player that fails loses all its pairs, instead of ending the league.
        finished: where pairs are kept and looked up.
        progress: called with the number of pairs that are done, and of all.
        devices: what pairs of JAX players are played on, by default all devices.
        act_timeout: seconds after which a Python player that has not answered has failed; it is
            asked in a thread of its own, which nothing can stop (`foreign_code.Caller`).

    Raises:
        PlayerError: where a player raises or does not answer with an action, unless
            ``keep_going``. ``SystemExit`` and ``KeyboardInterrupt`` are no exception, unless there
            was a signal.
        ValueError: for fewer than two entrants, names that come twice, no episodes, a game of more
            than two players, or a player of another game.
    """
    check_names(entrants)
    if num_episodes < 1:
        raise ValueError(f"episodes must be at least 1, got {num_episodes}.")
    if game.num_players != 2:
        raise ValueError(f"a league needs a game of two players, got {game!r}.")
    players = [seat(entrant, game, act_timeout) for entrant in entrants]
    names = [entrant.name for entrant in entrants]
    # In the order of names, so that nothing depends on the order in which entrants were given.
    order = sorted(range(len(names)), key=names.__getitem__)
    pairs = [(i, j) for place, i in enumerate(order) for j in order[place:]]
    known = [name for name in REFERENCES if name in game.scripted_players(0)]
    for name in known:
        players.append(seat(Entrant(name, name), game))
        pairs.append((len(players) - 1,) * 2)
    # A name that no entrant can have, lest an entrant's pair be taken for it.
    names += [f"reference {name}\n" for name in known]
    played: dict[tuple[int, int], Met] = {}
    failed: dict[str, str] = {}

    def note(indices: Sequence[tuple[int, int]], mets: Sequence[Met]) -> None:
        if finished is not None:
            finished.keep(
                {_named(names, pair): met for pair, met in zip(indices, mets, strict=True)}
            )
        played.update(zip(indices, mets, strict=True))
        progress(len(played), len(pairs))

    if finished is not None:
        kept = ((pair, finished.get(_named(names, pair))) for pair in pairs)
        played.update((pair, met) for pair, met in kept if met is not None)
    progress(len(played), len(pairs))
    left = [pair for pair in pairs if pair not in played]
    keys = {pair: key if common else _pair_key(key, _named(names, pair)) for pair in left}
    on_host = [pair for pair in left if any(players[i].on_host for i in pair)]
    under_jax = [pair for pair in left if pair not in set(on_host)]
    tables = Tables(table_of(game), devices)
    families = _Families(players, [e.player for e in entrants] + known)

    def fail(error: PlayerError) -> None:
        if not keep_going:
            raise error
        failed.setdefault(error.player, str(error))

    for first, second, group in families.chunks(under_jax):
        chunk = [pair for pair in group if not any(names[i] in failed for i in pair)]
        if not chunk:
            continue
        in_order = [pair if pair in keys else pair[::-1] for pair in chunk]
        met, slips = tables.play(
            [keys[pair] for pair in in_order],
            first, second,
            [(families.params[i], families.params[j]) for i, j in chunk],
            num_episodes,
            [pair not in keys for pair in chunk],
        )  # fmt: skip
        sound = {}
        errors = []
        for n, pair in enumerate(in_order):
            slipped = np.argwhere(slips[n] < game.episode_length)
            if len(slipped):
                episode, who = slipped[0]
                step = int(slips[n, episode, who])
                errors.append(illegal(names[pair[who]], int(episode), step, game))
            else:
                sound[pair] = jax.tree.map(lambda leaf, n=n: leaf[n], met)
        if sound:
            note(list(sound), list(sound.values()))
        for error in errors:
            fail(error)
    for pair in on_host:
        if any(names[i] in failed for i in pair):
            continue
        seed = int(jax.random.bits(keys[pair], dtype=np.uint32))
        who = _named(names, pair)
        try:
            both = players[pair[0]], players[pair[1]]
            note([pair], [play_by_hand(seed, tables.game, who, both, num_episodes)])
        except PlayerError as error:
            fail(error)
    counted = {
        pair: met for pair, met in played.items() if not any(names[i] in failed for i in pair)
    }
    league = _collected(game, tuple(entrants), counted, known, num_episodes)
    return replace(league, failed=failed, common=common)


class _Families:
    """Players by architecture: those of one family differ in their parameters only."""

    def __init__(self, players: Sequence[Seated], given: Sequence[Any]) -> None:
        scripted = {player: i for i, player in enumerate(given) if isinstance(player, str)}
        names = sorted(scripted)  # the same players, the same program
        seats = [tuple(players[scripted[name]].seats[n] for name in names) for n in (0, 1)]
        anyone = tuple(OneOf(those) for those in seats)
        self.params: list[Any] = [player.params for player in players]
        self.seats: list[Any] = [player.seats for player in players]
        for i, player in enumerate(given):
            if isinstance(player, str):
                self.params[i], self.seats[i] = np.int32(names.index(player)), anyone
        # All scripted players are one, whose parameters are their numbers.
        marks = [
            anyone if isinstance(one, str) else player.family
            for one, player in zip(given, players, strict=True)
        ]
        self.number = [marks.index(mark) for mark in marks]
        self.seats = [self.seats[number] for number in self.number]

    def chunks(
        self, pairs: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[Any, Any, list[tuple[int, int]]]]:
        """Seats of two families, and at most `PAIRS` pairs of them, the first family's first."""
        groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for i, j in pairs:
            one, other = self.number[i], self.number[j]
            in_order = (i, j) if one <= other else (j, i)
            groups.setdefault((min(one, other), max(one, other)), []).append(in_order)
        for (one, other), group in groups.items():
            for start in range(0, len(group), PAIRS):
                yield self.seats[one], self.seats[other], group[start : start + PAIRS]


def _named(names: Sequence[str], pair: tuple[int, int]) -> Pair:
    return names[pair[0]], names[pair[1]]


def _pair_key(key: jax.Array, pair: Pair) -> jax.Array:
    for name in pair:
        key = jax.random.fold_in(key, zlib.crc32(name.encode()))
    return key


def _measured(name: str, met: Met) -> Array:
    return met.info[name]


def _collected(
    game: Game,
    entrants: tuple[Entrant, ...],
    played: dict[tuple[int, int], Met],
    known: Sequence[str],
    episodes: int,
) -> League:
    number = len(entrants)
    names = next(iter(played.values())).info if played else {}

    def table(read: Callable[[Met], Array]) -> NDArray[np.float32]:
        rows = np.full((number, number, episodes), np.nan, np.float32)
        for (i, j), met in played.items():
            if max(i, j) >= number:
                continue
            values = np.asarray(read(met))
            rows[i, j], rows[j, i] = values[:, 0], values[:, 1]
            if i == j:
                rows[i, i] = values.mean(1)
        return rows

    return League(
        game,
        entrants,
        table(lambda met: met.rewards),
        {name: table(partial(_measured, name)) for name in names},
        {
            name: np.asarray(played[number + i, number + i].rewards).mean(-1)
            for i, name in enumerate(known)
        },
    )
