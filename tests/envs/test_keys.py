"""A seed means the same whatever JAX is configured with, and keys of others are understood."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_envs import keys

FOREIGN = ("rbg", "unsafe_rbg")


def words(key):
    return jax.random.key_data(key).tolist()


@pytest.mark.parametrize("seed", [0, 5, np.int64(7), np.uint8(3), 2**31, 2**32 - 1])
def test_the_key_of_a_seed_is_that_of_jax_as_it_comes(seed):
    assert words(keys.key(seed)) == words(jax.random.key(int(seed), impl="threefry2x32"))
    with jax.default_prng_impl("rbg"):
        assert words(keys.key(seed)) == words(jax.random.key(int(seed), impl="threefry2x32"))


def test_seeds_make_keys_in_their_order():
    assert words(keys.key(np.array([3, 2**32 - 1]))) == [[0, 3], [0, 2**32 - 1]]


@pytest.mark.parametrize("seed", [-1, 2**32, 2**70, 1.0, True, "1", None, np.array([1, -1])])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(ValueError, match=r"a seed must be an integer from 0 to 2\*\*32 - 1, got"):
        keys.key(seed)


@pytest.mark.parametrize("implementation", ["threefry2x32", *FOREIGN])
@pytest.mark.parametrize("make", [jax.random.key, jax.random.PRNGKey])
def test_a_seed_is_the_same_under_each_implementation_and_in_the_old_form(implementation, make):
    given = make(5, impl=implementation)
    for key in (given, np.asarray(given)) if make is jax.random.PRNGKey else (given,):
        assert words(keys.as_key(key)) == words(keys.key(5))
    assert words(jax.jit(keys.as_key)(given)) == words(keys.key(5))


@pytest.mark.parametrize("implementation", FOREIGN)
def test_keys_that_differ_under_another_implementation_differ_here(implementation):
    given = jax.random.split(jax.random.key(5, impl=implementation), 100)
    assert len({tuple(words(keys.as_key(key))) for key in given}) == 100


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (0, "0"),
        ("a", "'a'"),
        (None, "None"),
        (jnp.zeros(2), r"float32\[2\]"),
        (np.zeros((3, 2), np.uint32), r"uint32\[3, 2\]"),
        (keys.key(np.arange(2)), r"key<fry>\[2\]"),
    ],
)
def test_what_is_no_key_is_refused_in_one_line(given, said):
    with pytest.raises(ValueError, match=rf"^key must be one key, .* got {said}\.$"):
        keys.as_key(given)


def test_a_boundary_hands_on_one_key_and_draws_as_ever():
    @keys.boundary
    def drawn(scale, key):
        return scale * jax.random.uniform(jax.random.split(key, 3)[2])

    as_ever = 2 * jax.random.uniform(jax.random.split(keys.key(5), 3)[2])
    with jax.threefry_partitionable(False), jax.default_prng_impl("rbg"):
        assert drawn(2, jax.random.key(5)) == drawn(2, key=jax.random.PRNGKey(5)) == as_ever


def test_streams_are_apart_from_each_other_and_from_all_that_is_numbered():
    key = keys.key(0)
    named = {tuple(words(keys.stream(key, name))) for name in ("a", "b", "")}
    numbered = {tuple(row) for row in words(jax.random.split(key, 1000))}
    assert len(named) == 3
    assert not named & numbered
