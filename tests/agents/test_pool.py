from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.algorithms.algorithm import ActorCritic
from loqa_agents.training import pool as ring
from loqa_agents.training.presets import PRESETS
from loqa_agents.training.trainer import Trainer
from loqa_agents.training.updates import Training


def _player(number):
    return ActorCritic({"w": jnp.full(3, 1.0 * number)}, {"v": jnp.full(2, 1.0 * number)})


def _held(pool, draws=400):
    players = ring.sample(jax.random.key(0), pool, draws)
    np.testing.assert_array_equal(players.actor["w"][:, 0], players.critic["v"][:, 0])
    return set(np.asarray(players.actor["w"][:, 0]).tolist())


def test_a_new_pool_holds_what_it_was_made_of():
    assert _held(ring.create(_player(7), 4)) == {7.0}


def test_kept_players_stay_and_the_open_place_holds_the_newest():
    pool = ring.create(_player(0), 4)
    for number in (1, 2, 3):
        pool = ring.push(pool, _player(number), jnp.array(number == 2))
    # 0 was overwritten by 1, which was kept; 3 is in the open place, in which 2 was.
    assert _held(pool) == {1.0, 3.0}


def test_a_full_ring_forgets_the_oldest():
    pool = ring.create(_player(0), 3)
    for number in range(1, 6):
        pool = ring.push(pool, _player(number), jnp.array(True))
    assert _held(pool) == {3.0, 4.0, 5.0}


def test_snapshots_take_half_the_room_and_lose_less_than_a_thousandth():
    params = ActorCritic({"w": jnp.array([1e-3, -0.12345, 3.14159, 321.0])}, {"v": jnp.zeros(2)})
    pool = ring.push(ring.create(jax.tree.map(jnp.zeros_like, params), 2), params, jnp.array(False))
    assert {leaf.dtype for leaf in jax.tree.leaves(pool.players)} == {jnp.dtype(jnp.float16)}
    held = ring.sample(jax.random.key(0), pool, 1)
    assert held.actor["w"].dtype == jnp.float32
    np.testing.assert_allclose(held.actor["w"][0], params.actor["w"], rtol=1e-3)


@pytest.mark.parametrize(
    ("pool", "interval", "updates"), [(50, 3, 12), (50, 1, 7), (4, 3, 12), (5, 3, 12), (3, 20, 12)]
)
def test_the_places_that_a_run_reaches_are_a_ring_as_good_as_the_whole(pool, interval, updates):
    training = Training(
        pool=pool, pool_interval=interval, updates=updates, opponents=16, episodes=16
    )

    def opponents(places):
        def update(ring_, i):  # as training does: written before it is read
            ring_ = ring.push(ring_, _player(i), (i > 0) & (i % interval == 0))
            key = jax.random.fold_in(jax.random.key(0), i)
            return ring_, ring.sample(key, ring_, 16)

        return jax.lax.scan(update, ring.create(_player(0), places), jnp.arange(updates))[1]

    for some, all_ in zip(
        *(jax.tree.leaves(opponents(places)) for places in (training.pool_places, pool)),
        strict=True,
    ):
        np.testing.assert_array_equal(some, all_)


def test_a_push_copies_nothing_however_large_the_ring():
    def pushes(pool, params):
        return jax.lax.fori_loop(
            0, 10, lambda i, pool: ring.push(pool, params, jnp.array(True)), pool
        )

    def scratch(capacity):
        pool = jax.eval_shape(lambda: ring.create(_player(0), capacity))
        compiled = jax.jit(pushes, donate_argnums=0).lower(pool, _player(1)).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert scratch(100_000) == scratch(10)


def test_ten_thousand_past_selves_of_the_coin_game_fit_in_a_gigabyte():
    game, learner, training, *_ = PRESETS["coin"]
    training = replace(training, pool=10_000, updates=100_000)
    trainer = Trainer(game, learner, training, (0,), jax.devices()[:1])
    leaves = jax.tree.leaves(jax.eval_shape(trainer.init).pool.players)
    assert {leaf.shape[1] for leaf in leaves} == {10_000}
    assert sum(leaf.size * leaf.dtype.itemsize for leaf in leaves) < 1e9
