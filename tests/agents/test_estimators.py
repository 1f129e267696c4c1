import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.algorithms.estimators import (
    discounted_returns,
    gae,
    loaded_dice_returns,
    td_targets,
    trace,
)


def test_returns_add_up_what_is_still_to_come():
    # 3; 2 + 0.5 * 3 = 3.5; 1 + 0.5 * 3.5 = 2.75
    returns = discounted_returns(jnp.array([1.0, 2.0, 3.0]), 0.5)
    np.testing.assert_allclose(returns, [2.75, 3.5, 3.0])


def test_advantages_without_decay_are_one_step_errors():
    rewards, values = jnp.array([1.0, 2.0]), jnp.array([4.0, 6.0, 8.0])
    # 1 + 0.5 * 6 - 4 = 0; 2 + 0.5 * 8 - 6 = 0
    np.testing.assert_allclose(gae(rewards, values, 0.5, 0.0), [0.0, 0.0])
    # 1 + 0.9 * 6 - 4 = 2.4; 2 + 0.9 * 8 - 6 = 3.2
    np.testing.assert_allclose(gae(rewards, values, 0.9, 0.0), [2.4, 3.2], rtol=1e-6)


def test_advantages_with_full_decay_are_returns_less_values():
    key = jax.random.key(0)
    rewards = jax.random.normal(key, (7,))
    values = jnp.append(jax.random.normal(jax.random.fold_in(key, 1), (7,)), 0.0)
    expected = discounted_returns(rewards, 0.9) - values[:-1]
    np.testing.assert_allclose(gae(rewards, values, 0.9, 1.0), expected, atol=1e-5)


def test_targets_without_decay_look_one_step_ahead():
    rewards, values = jnp.array([1.0, 2.0]), jnp.array([4.0, 6.0, 8.0])
    # 1 + 0.5 * 6 = 4; 2 + 0.5 * 8 = 6
    np.testing.assert_allclose(td_targets(rewards, values, 0.5, 0.0), [4.0, 6.0])


def test_targets_with_full_decay_are_returns():
    rewards, values = jnp.array([1.0, 2.0, 3.0]), jnp.array([9.0, 7.0, 5.0, 0.0])
    np.testing.assert_allclose(td_targets(rewards, values, 0.5, 1.0), [2.75, 3.5, 3.0])


def test_the_trace_knows_only_the_past():
    # 0; 1; 0.5 * 1 + 2 = 2.5
    np.testing.assert_allclose(trace(jnp.array([1.0, 2.0, 4.0]), 0.5), [0.0, 1.0, 2.5])


@pytest.mark.parametrize("estimate", [discounted_returns, trace])
def test_one_step_episodes_work(estimate):
    assert estimate(jnp.array([3.0]), 0.9).shape == (1,)


def _loaded(log_probabilities, rewards, advantages, decay=0.8):
    return loaded_dice_returns(rewards, log_probabilities, advantages, 0.9, decay)


def test_loaded_dice_has_the_value_of_the_returns():
    log_probabilities, rewards, advantages = jax.random.normal(jax.random.key(1), (3, 6))
    np.testing.assert_allclose(
        _loaded(log_probabilities, rewards, advantages), discounted_returns(rewards, 0.9), atol=1e-5
    )


def test_loaded_dice_credits_each_later_action_by_its_advantage_times_the_fading_discount():
    log_probabilities, rewards, advantages = jax.random.normal(jax.random.key(2), (3, 5))
    jacobian = jax.jacobian(_loaded)(log_probabilities, rewards, advantages)
    for t in range(5):
        for k in range(5):
            expected = (0.9 * 0.8) ** (k - t) * advantages[k] if k >= t else 0.0
            np.testing.assert_allclose(jacobian[t, k], expected, atol=1e-5)


def test_loaded_dice_does_not_differentiate_the_advantages():
    log_probabilities, rewards, advantages = jax.random.normal(jax.random.key(3), (3, 5))
    gradient = jax.grad(lambda a: _loaded(log_probabilities, rewards, a).sum())(advantages)
    np.testing.assert_array_equal(gradient, 0.0)
