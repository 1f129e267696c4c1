import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents import pool as ring
from loqa_agents.lesson import Brain


def _brain(number):
    return Brain({"w": jnp.full(3, float(number))}, {"v": jnp.full(2, float(number))})


def _held(pool, draws=400):
    brains = ring.sample(jax.random.key(0), pool, draws)
    np.testing.assert_array_equal(brains.actor["w"][:, 0], brains.critic["v"][:, 0])
    return set(np.asarray(brains.actor["w"][:, 0]).tolist())


def test_a_new_pool_holds_what_it_was_made_of():
    assert _held(ring.create(_brain(7), 4)) == {7.0}


def test_kept_brains_stay_and_the_open_place_holds_the_newest():
    pool = ring.create(_brain(0), 4)
    for number in (1, 2, 3):
        pool = ring.push(pool, _brain(number), jnp.array(number == 2))
    # 1 was overwritten by 2, which was kept; 3 is in the open place.
    assert _held(pool) == {2.0, 3.0}


def test_a_full_ring_forgets_the_oldest():
    pool = ring.create(_brain(0), 3)
    for number in range(1, 6):
        pool = ring.push(pool, _brain(number), jnp.array(True))
    assert _held(pool) == {3.0, 4.0, 5.0}


def test_some_opponents_can_be_the_newest_self():
    pool = ring.create(_brain(0), 8)
    for number in range(1, 6):
        pool = ring.push(pool, _brain(number), jnp.array(number < 5))
    brains = ring.sample(jax.random.key(0), pool, 40, newest=10).actor["w"][:, 0]
    assert (brains[:10] == 5.0).all()
    assert len(set(np.asarray(brains[10:]).tolist())) > 2


def test_a_push_copies_nothing_however_large_the_ring():
    def pushes(pool, brain):
        return jax.lax.fori_loop(
            0, 10, lambda i, pool: ring.push(pool, brain, jnp.array(True)), pool
        )

    def scratch(capacity):
        pool = jax.eval_shape(lambda: ring.create(_brain(0), capacity))
        compiled = jax.jit(pushes, donate_argnums=0).lower(pool, _brain(1)).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert scratch(100_000) == scratch(10)
