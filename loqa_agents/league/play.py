"""Everyone against everyone."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Annotated

import jax
import numpy as np
from annotated_types import Len

from loqa_agents.common.seatings import seatings
from loqa_agents.league.entrants import Entrant, check_names, seat, table_of
from loqa_agents.league.needs import require_for_league
from loqa_agents.league.pairs.families import Families
from loqa_agents.league.pairs.host_tables import tables_of
from loqa_agents.league.pairs.pair_id import Finished, Pair, PairId, pair_key, settings
from loqa_agents.league.pairs.python_pairs import PlayerError, illegal, play_python_pair
from loqa_agents.league.pairs.tables import PairResult
from loqa_agents.league.results import REFERENCES, League, collected
from loqa_agents.players.python.fingerprint import fingerprint
from loqa_agents.players.python.foreign_code import Fault, Limit, called
from loqa_envs.game import Game
from loqa_envs.keys import boundary, stream
from loqa_envs.validation import Count, check, checked


@boundary
@checked
def play_league(
    key: jax.Array,
    game: Game,
    entrants: Sequence[Entrant],
    num_episodes: Count = 1024,
    *,
    focal: int = 1,
    rows: Collection[str] | None = None,
    common: bool = False,
    keep_going: bool = False,
    finished: Finished | None = None,
    progress: Callable[[int, int], None] = lambda done, pairs: None,
    devices: Sequence[jax.Device] | None = None,
    act_timeout: Limit = None,
) -> League:
    """Play every pair of entrants, each with itself too, half of the episodes in each seat.

    In a game of more players, pairs are ordered: ``focal`` copies of the one play among copies of
    the other, in all `seatings` in turn. With itself, an entrant holds all seats.

    Args:
        key: what all chance comes from; a pair's depends on it and on the two names only. The name
            that sorts first sits in the first seat in the first episode and every other one.
        game: what players see that bring no ``game`` of their own.
        num_episodes: episodes of each pair.
        focal: how many seats the first of a pair holds.
        rows: names of entrants; pairs without any of them are not played. In a game of more than
            two players, the first of a pair must be one of them. By default all pairs are played.
        common: whether pairs play with the same random numbers, those under JAX among themselves
            and those with a Python player among themselves.
        keep_going: whether a player that fails loses all its pairs, instead of ending the league.
        finished: where pairs are kept and looked up, such as a `PairStore`; those of players that
            have changed, or that have no `fingerprint`, are played again.
        progress: called with the number of pairs that are done, and of all.
        devices: what pairs of JAX players are played on, by default all devices.
        act_timeout: seconds after which a Python player that has not answered has failed; it is
            asked in a thread of its own, which nothing can stop (`foreign_code.Caller`).

    Raises:
        PlayerError: where a player raises or does not answer with an action, unless
            ``keep_going``. ``SystemExit`` and ``KeyboardInterrupt`` are no exception, unless there
            was a signal.
        ValueError: for fewer than two entrants, names that come twice, a game of one player, a
            player of another game, or any argument that is not what it must be.
    """
    check_names(entrants)
    check("devices", devices, Annotated[list[jax.Device] | tuple[jax.Device, ...], Len(1)] | None)
    if game.num_players < 2:
        raise ValueError(f"a league needs a game of two players or more, got {game!r}.")
    seatings(game, focal)  # refuses what cannot be
    ordered = game.num_players > 2  # the pairs
    players = [seat(entrant, game, act_timeout) for entrant in entrants]
    names = [entrant.name for entrant in entrants]
    # In the order of names, so that nothing depends on the order in which entrants were given.
    order = sorted(range(len(names)), key=names.__getitem__)
    pairs = [(i, j) for n, i in enumerate(order) for j in order[0 if ordered else n :]]
    if rows is not None:
        asked = [names[i] in rows for i in range(len(names))]
        pairs = [(i, j) for i, j in pairs if asked[i] or (asked[j] and not ordered)]
    known = [name for name in REFERENCES if name in game.scripted_players(0)]
    for name in known:
        players.append(seat(Entrant(name, name), game))
        pairs.append((len(players) - 1,) * 2)
    require_for_league(game, len(entrants), num_episodes, devices)
    # A name that no entrant can have, lest an entrant's pair be taken for it.
    names += [f"reference {name}\n" for name in known]
    played: dict[tuple[int, int], PairResult] = {}
    failed: dict[str, str] = {}

    ids: dict[tuple[int, int], PairId] = {}
    if finished is not None:
        marks = [fingerprint(player.identity) for player in players]
        ids = {(i, j): PairId((names[i], names[j]), (marks[i], marks[j])) for i, j in pairs}
        finished.open(settings(key, game, num_episodes, common, focal))
        kept = ((pair, finished.get(one)) for pair, one in ids.items())
        played.update((pair, result) for pair, result in kept if result is not None)

    def note(indices: Sequence[tuple[int, int]], results: Sequence[PairResult]) -> None:
        new = dict(zip(indices, results, strict=True))
        if finished is not None:
            finished.keep({ids[pair]: result for pair, result in new.items()})
        played.update(new)
        progress(len(played), len(pairs))

    progress(len(played), len(pairs))
    left = [pair for pair in pairs if pair not in played]
    on_host = [pair for pair in left if any(players[i].on_host for i in pair)]
    if common:
        keys = dict.fromkeys(left, key) | dict.fromkeys(on_host, stream(key, "players of the host"))
    else:
        keys = {pair: pair_key(key, _named(names, pair)) for pair in left}
    python = set(on_host)
    under_jax = [pair for pair in left if pair not in python]
    tables = tables_of(table_of(game), devices, focal)
    families = Families(players, [e.player for e in entrants] + known)

    def fail(error: PlayerError) -> None:
        if not keep_going:
            raise error
        failed.setdefault(error.player, str(error))

    for first, second, group in families.chunks(under_jax, in_order=ordered):
        chunk = [pair for pair in group if not any(names[i] in failed for i in pair)]
        if not chunk:
            continue
        in_order = [pair if pair in keys else pair[::-1] for pair in chunk]
        try:
            result, slips = called(
                tables.play,
                [keys[pair] for pair in in_order],
                first, second,
                [(families.params[i], families.params[j]) for i, j in chunk],
                num_episodes,
                [pair not in keys for pair in chunk],
                passing=(Exception,),
            )  # fmt: skip
        except Fault as fault:
            several = sorted({names[i] for pair in chunk for i in pair})
            raise ValueError(
                f"players must be traced by JAX whenever it likes; code of {' or '.join(several)} "
                f"{fault}."
            ) from fault
        sound = {}
        errors = []
        for n, pair in enumerate(in_order):
            slipped = np.argwhere(slips[n] < game.episode_length)
            if len(slipped):
                episode, who = slipped[0]
                step = int(slips[n, episode, who])
                errors.append(illegal(names[pair[who]], int(episode), step, game))
            else:
                sound[pair] = jax.tree.map(lambda leaf, n=n: leaf[n], result)
        if sound:
            note(list(sound), list(sound.values()))
        for error in errors:
            fail(error)
    for pair in on_host:
        if any(names[i] in failed for i in pair):
            continue
        seed = int(jax.random.bits(keys[pair], dtype=np.uint32))
        try:
            both = players[pair[0]], players[pair[1]]
            result = play_python_pair(
                seed, tables.game, _named(names, pair), both, num_episodes, focal
            )
            note([pair], [result])
        except PlayerError as error:
            fail(error)
    counted = {
        pair: result for pair, result in played.items() if not any(names[i] in failed for i in pair)
    }
    league = collected(game, tuple(entrants), counted, known, num_episodes, focal)
    return replace(league, failed=failed, common=common)


def _named(names: Sequence[str], pair: tuple[int, int]) -> Pair:
    return names[pair[0]], names[pair[1]]
