"""Batches of pairs under JAX: every pair of two architectures in one compiled program."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.common.rollout import play_episode
from loqa_agents.common.seatings import seatings
from loqa_envs.arrays import Array
from loqa_envs.game import Game, Params, Policy

EPISODES = 1024
"""Episodes of a pair that are played at once, and so the bound on memory."""
PAIRS = 8
"""Pairs that are played in one call."""

Seats = tuple[Policy, ...]


class PairResult(NamedTuple):
    """Episodes of pairs of players; the first of each pair held the `seatings` in turn.

    Columns are players in the order of the pair, whatever seats they sat in. Of two players, the
    first sat in the first seat in half of the episodes.
    """

    rewards: Array
    """``[..., E, 2]``: mean reward per step and seat that the player holds."""
    info: dict[str, Array]
    """The game's measurements per step, ``[..., E, 2]`` each."""


class Played(NamedTuple):
    """What a call of `Tables.play` gives."""

    result: PairResult
    slips: Array
    """``int32[pairs, E, 2]``: the step in which a player first did what is no action, or the length
    of the episode."""


def by_seat(episodes: Array) -> Array:
    """``[P, E // 2, 2]``: columns of ``episodes[E, 2]`` of a `PairResult` while in each seat.

    A number for each two episodes of a game of two players, one in either order of seats.
    """
    pairs = np.asarray(episodes)[: len(episodes) // 2 * 2].reshape(-1, 2, 2)
    # In the first of two episodes, players sit in the order of the pair.
    there, back = pairs[:, 0], pairs[:, 1]
    first, second = np.stack([there[:, 0], back[:, 1]], 1), np.stack([back[:, 0], there[:, 1]], 1)
    return np.stack([first, second])


class Tables:
    """Plays pairs of one game on all ``devices``, which share the episodes of every pair.

    The first of each pair holds ``focal`` seats, the second one all others.
    """

    def __init__(
        self, game: Game, devices: Sequence[jax.Device] | None = None, focal: int = 1
    ) -> None:
        self.game = game
        self._choices = seatings(game, focal)
        devices = jax.devices() if devices is None else list(devices)
        mesh = jax.sharding.Mesh(np.array(devices), ("devices",))
        self._spread = jax.sharding.NamedSharding(
            mesh, jax.sharding.PartitionSpec(None, None, "devices")
        )
        self._each = len(self._choices) * len(devices)
        self._programs: dict[tuple[int, int], Any] = {}

    def play(
        self,
        keys: Sequence[jax.Array],
        first: Seats,
        second: Seats,
        params: Sequence[tuple[Params, Params]],
        episodes: int,
        turned: Sequence[bool] = (),
    ) -> Played:
        """``[pairs, E, 2]``: pairs of a player with the seats ``first`` and one with ``second``.

        Where ``turned``, which only two players can be, what comes back is of the one with
        ``second`` and the other, in that order, as if they had been given so.
        A key and the parameters of both for each pair; the numbers do not depend on the devices. At
        most `PAIRS` pairs; fewer are filled up, so that all calls are of one shape. The seats of
        one architecture must be one object, which is what its program is known by.
        """
        program = self._programs.get((id(first), id(second)))
        if program is None:
            program = jax.jit(partial(self._play_pairs, first, second))
            self._programs[id(first), id(second)] = program
        pairs, missing = len(keys), PAIRS - len(keys)
        keys, params = [*keys, *[keys[0]] * missing], [*params, *[params[0]] * missing]
        against = np.array([*turned, *[False] * (PAIRS - len(turned))])
        stacked = [
            jax.tree.map(lambda *leaves: np.stack(leaves), *(pair[i] for pair in params))
            for i in (0, 1)
        ]
        batch = min(EPISODES, episodes)
        share = -(-batch // self._each) * len(self._spread.mesh.devices)
        parts = []
        for number in range(-(-episodes // EPISODES)):
            batch_keys = jnp.stack([jax.random.fold_in(key, number) for key in keys])
            # More episodes than are kept have the same first ones.
            shape = (share, len(self._choices))
            split = jax.vmap(lambda key, shape=shape: jax.random.split(key, shape).T)(batch_keys)
            if against.any():
                split = jnp.where(against[:, None, None], split[:, ::-1], split)
            split = jax.device_put(split, self._spread)
            part = jax.device_get(program(split, *stacked))
            if against.any():
                part = jax.tree.map(partial(_ordered, against), part)
            parts.append(jax.tree.map(lambda leaf: leaf[:pairs, :EPISODES], part))
        played: Played = jax.tree.map(
            lambda *leaves: np.concatenate(leaves, 1)[:, :episodes], *parts
        )
        return played

    def _play_pairs(
        self, first: Seats, second: Seats, keys: jax.Array, one: Params, other: Params
    ) -> Played:
        """``keys[pairs, C, E / C]``, a row for each choice of seats for the first."""

        def means(held: tuple[int, ...], one: Params, other: Params, key: jax.Array) -> Played:
            players = [
                (first[seat], one) if seat in held else (second[seat], other)
                for seat in range(self.game.num_players)
            ]
            episode = play_episode(key, self.game, *zip(*players, strict=True))
            mean = partial(jnp.mean, axis=0)
            legal = (episode.actions >= 0) & (episode.actions < self.game.num_actions)
            slips = jnp.where(legal.all(0), len(legal), legal.argmin(0).astype(jnp.int32))
            rest = [seat for seat in range(len(players)) if seat not in held]
            both = [np.array(held), np.array(rest)]

            def of_both(by_seat: jax.Array) -> jax.Array:
                return jnp.stack([by_seat[places].mean() for places in both])

            result = PairResult(mean(episode.rewards), jax.tree.map(mean, episode.info))
            first_slips = jnp.stack([slips[places].min() for places in both])
            return Played(jax.tree.map(of_both, result), first_slips)

        def pair(each: tuple[jax.Array, Params, Params]) -> Played:
            keys, one, other = each
            played = [
                jax.vmap(partial(means, held, one, other))(own)
                for held, own in zip(self._choices, keys, strict=True)
            ]
            # In turns, so that any number of them has all choices.
            every = jax.tree.map(lambda *leaves: jnp.stack(leaves, 1), *played)
            flat: Played = jax.tree.map(lambda leaf: leaf.reshape(-1, 2), every)
            return flat

        played: Played = jax.lax.map(pair, (keys, one, other))
        return played


def _ordered(turned: Array, leaf: Array) -> Array:
    """``leaf[pairs, E, 2]`` with the other order of seats first, and of players, where turned."""
    in_turns = leaf.reshape(len(leaf), -1, 2, 2)
    other = in_turns[:, :, ::-1, ::-1]
    ordered: Array = np.where(turned[:, None, None, None], other, in_turns).reshape(leaf.shape)
    return ordered
