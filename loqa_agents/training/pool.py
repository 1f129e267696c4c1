"""Past selves of a learner, kept in half precision in a ring and written in place."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from loqa_agents.algorithms.lesson import Brain


class Pool(NamedTuple):
    brains: Brain
    """Arrays of float16 with a leading axis of ``capacity`` snapshots."""
    kept: jax.Array
    """``int32``: how many snapshots were kept so far; the ring begins again at ``capacity``."""


def create(brain: Brain, capacity: int) -> Pool:
    """A pool whose every place holds ``brain``, and which counts as empty but for one."""
    stacked = jax.tree.map(
        lambda leaf: jnp.broadcast_to(leaf.astype(jnp.float16), (capacity, *leaf.shape)), brain
    )
    return Pool(stacked, jnp.zeros((), jnp.int32))


def push(pool: Pool, brain: Brain, keep: jax.Array) -> Pool:
    """Where ``keep``, close the open place and open the next; write ``brain`` into the open one.

    Writing always and moving on seldom needs no branch, so XLA updates one place of the ring and
    copies nothing, whatever the capacity.
    """
    capacity = jax.tree.leaves(pool.brains)[0].shape[0]
    kept = pool.kept + keep.astype(jnp.int32)
    brains = jax.tree.map(
        lambda ring, leaf: ring.at[kept % capacity].set(leaf.astype(ring.dtype)), pool.brains, brain
    )
    return Pool(brains, kept)


def sample(key: jax.Array, pool: Pool, number: int) -> Brain:
    """``number`` brains in float32, drawn with replacement from all."""
    capacity = jax.tree.leaves(pool.brains)[0].shape[0]
    # The open place counts: it holds the newest brain.
    open_places = jnp.minimum(pool.kept + 1, capacity)
    places = jax.random.randint(key, (number,), 0, open_places, jnp.int32)

    def read(place: jax.Array) -> Brain:
        brain: Brain = jax.tree.map(lambda ring: ring[place].astype(jnp.float32), pool.brains)
        return brain

    # One after another: XLA cannot merge a loop with the write before it, which would cost a copy.
    brains: Brain = jax.lax.map(read, places)
    return brains
