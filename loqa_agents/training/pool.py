"""Past selves of a learner, kept in half precision in a ring and written in place."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.algorithm import ActorCritic


class Pool(NamedTuple):
    players: ActorCritic
    """Arrays of float16 with a leading axis of ``capacity`` snapshots."""
    kept: jax.Array
    """``int32``: how many snapshots were kept so far; the ring begins again at ``capacity``."""


def create(player: ActorCritic, capacity: int) -> Pool:
    """A pool whose every place holds ``player``, and which counts as empty but for one."""
    stacked = jax.tree.map(
        lambda leaf: jnp.broadcast_to(leaf.astype(jnp.float16), (capacity, *leaf.shape)), player
    )
    return Pool(stacked, jnp.zeros((), jnp.int32))


def push(pool: Pool, player: ActorCritic, keep: jax.Array) -> Pool:
    """Where ``keep``, close the open place and open the next; write ``player`` into the open one.

    Writing always and moving on seldom needs no branch, so XLA updates one place of the ring and
    copies nothing, whatever the capacity.
    """
    capacity = jax.tree.leaves(pool.players)[0].shape[0]
    kept = pool.kept + keep.astype(jnp.int32)
    players = jax.tree.map(
        lambda ring, leaf: ring.at[kept % capacity].set(leaf.astype(ring.dtype)),
        pool.players,
        player,
    )
    return Pool(players, kept)


def sample(key: jax.Array, pool: Pool, number: int) -> ActorCritic:
    """``number`` players in float32, drawn with replacement from all."""
    capacity = jax.tree.leaves(pool.players)[0].shape[0]
    # The open place counts: it holds the newest player.
    open_places = jnp.minimum(pool.kept + 1, capacity)
    places = jax.random.randint(key, (number,), 0, open_places, jnp.int32)

    def read(place: jax.Array) -> ActorCritic:
        player: ActorCritic = jax.tree.map(
            lambda ring: ring[place].astype(jnp.float32), pool.players
        )
        return player

    # One after another: XLA cannot merge a loop with the write before it, which would cost a copy.
    players: ActorCritic = jax.lax.map(read, places)
    return players
