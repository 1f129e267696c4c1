"""Batches of pairs under JAX: every pair of two architectures in one compiled program."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.common.rollout import play_episode
from loqa_envs.arrays import Array
from loqa_envs.game import Game, Params, Policy

EPISODES = 1024
"""Episodes of a pair that are played at once, and so the bound on memory."""
PAIRS = 8
"""Pairs that are played in one call."""

Seats = tuple[Policy, Policy]


class Met(NamedTuple):
    """Episodes of pairs of players; the first of each pair sat in the first seat in half of them.

    Columns are players in the order of the pair, whatever seat they sat in.
    """

    rewards: Array
    """``[..., E, 2]``: mean reward per step."""
    info: dict[str, Array]
    """The game's measurements per step, ``[..., E, 2]`` each."""


class Played(NamedTuple):
    """What a call of `Tables.play` gives."""

    met: Met
    slips: Array
    """``int32[pairs, E, 2]``: the step in which a player first did what is no action, or the length
    of the episode."""


def by_seat(episodes: Array) -> Array:
    """``[P, E // 2, 2]``: columns of ``episodes[E, 2]`` of a `Met` while they sat in each seat.

    A number for each two episodes, one in either order of seats.
    """
    pairs = np.asarray(episodes)[: len(episodes) // 2 * 2].reshape(-1, 2, 2)
    # In the first of two episodes, players sit in the order of the pair.
    there, back = pairs[:, 0], pairs[:, 1]
    first, second = np.stack([there[:, 0], back[:, 1]], 1), np.stack([back[:, 0], there[:, 1]], 1)
    return np.stack([first, second])


class Tables:
    """Plays pairs of one game on all ``devices``, which share the episodes of every pair."""

    def __init__(self, game: Game, devices: Sequence[jax.Device] | None = None) -> None:
        self.game = game
        devices = jax.devices() if devices is None else list(devices)
        mesh = jax.sharding.Mesh(np.array(devices), ("devices",))
        self._spread = jax.sharding.NamedSharding(
            mesh, jax.sharding.PartitionSpec(None, None, "devices")
        )
        self._each = 2 * len(devices)
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

        Where ``turned``, what comes back is of the one with ``second`` and the other, in that
        order, as if they had been given so.
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
        half = -(-batch // self._each) * self._each // 2
        parts = []
        for number in range(-(-episodes // EPISODES)):
            batch_keys = jnp.stack([jax.random.fold_in(key, number) for key in keys])
            # More episodes than are kept have the same first ones.
            split = jax.vmap(lambda key: jax.random.split(key, (half, 2)).T)(batch_keys)
            split = jnp.where(against[:, None, None], split[:, ::-1], split)
            split = jax.device_put(split, self._spread)
            part = jax.device_get(program(split, *stacked))
            part = jax.tree.map(partial(_ordered, against), part)
            parts.append(jax.tree.map(lambda leaf: leaf[:pairs, :EPISODES], part))
        played: Played = jax.tree.map(
            lambda *leaves: np.concatenate(leaves, 1)[:, :episodes], *parts
        )
        return played

    def _play_pairs(
        self, first: Seats, second: Seats, keys: jax.Array, one: Params, other: Params
    ) -> Played:
        """``keys[pairs, 2, E / 2]``, a row for each order of seats."""

        def means(key: jax.Array, seats: Seats, params: tuple[Params, Params]) -> Played:
            episode = play_episode(key, self.game, seats, params)
            mean = partial(jnp.mean, axis=0)
            legal = (episode.actions >= 0) & (episode.actions < self.game.num_actions)
            slips = jnp.where(legal.all(0), len(legal), legal.argmin(0).astype(jnp.int32))
            return Played(Met(mean(episode.rewards), jax.tree.map(mean, episode.info)), slips)

        def pair(each: tuple[jax.Array, Params, Params]) -> Played:
            keys, one, other = each
            ours = jax.vmap(lambda key: means(key, (first[0], second[1]), (one, other)))(keys[0])
            theirs = jax.vmap(lambda key: means(key, (second[0], first[1]), (other, one)))(keys[1])
            # In turns, so that any number of them has both orders.
            both = jax.tree.map(lambda a, b: jnp.stack([a, b[:, ::-1]], 1), ours, theirs)
            flat: Played = jax.tree.map(lambda leaf: leaf.reshape(-1, 2), both)
            return flat

        played: Played = jax.lax.map(pair, (keys, one, other))
        return played


def _ordered(turned: Array, leaf: Array) -> Array:
    """``leaf[pairs, E, 2]`` with the other order of seats first, and of players, where turned."""
    in_turns = leaf.reshape(len(leaf), -1, 2, 2)
    other = in_turns[:, :, ::-1, ::-1]
    ordered: Array = np.where(turned[:, None, None, None], other, in_turns).reshape(leaf.shape)
    return ordered
