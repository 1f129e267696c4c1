"""LOQA's closed forms against automatic differentiation of the losses that define them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.algorithms.estimators import (
    OpponentModel,
    Weights,
    discounted_returns,
    loaded_dice_returns,
)
from loqa_agents.algorithms.registry import ALGORITHMS
from loqa_agents.algorithms.weights.advantage_alignment import advantage_alignment_weights
from loqa_agents.algorithms.weights.loqa import Shaping, loqa_weights, n_step_weights
from loqa_agents.algorithms.weights.naive import naive_weights

from .sides import two_sides

LENGTH, ACTIONS, DISCOUNT = 9, 4, 0.93


def _episode(seed):
    keys = jax.random.split(jax.random.key(seed), 8)
    view = two_sides(
        advantages=jax.random.normal(keys[0], (LENGTH,)),
        credits=jax.random.normal(keys[7], (LENGTH,)),
        other_values=2 * jax.random.normal(keys[1], (LENGTH, ACTIONS)),
        other_actions=jax.random.randint(keys[2], (LENGTH,), 0, ACTIONS),
        other_rewards=jax.random.normal(keys[3], (LENGTH,)),
        other_advantages=jax.random.normal(keys[4], (LENGTH,)),
    )
    logits = jax.random.normal(keys[5], (LENGTH, ACTIONS))
    actions = jax.random.randint(keys[6], (LENGTH,), 0, ACTIONS)
    return view, logits, actions


def _other(view, **changed):
    return view._replace(others=(view.others[0]._replace(**changed),))


def _log_probabilities(logits, actions):
    return jax.nn.log_softmax(logits)[jnp.arange(LENGTH), actions]


def _loss(view, shaping, log_probabilities, differentiable_values):
    """The published loss, given the opponent's values of its own actions, differentiable."""
    values = view.others[0].action_values[:-1]
    chosen = values[jnp.arange(LENGTH), view.others[0].actions]
    if not shaping.sampled_values:  # keep the critic's number, take the derivative
        differentiable_values += chosen - jax.lax.stop_gradient(differentiable_values)
    values = values.at[jnp.arange(LENGTH), view.others[0].actions].set(differentiable_values)
    modelled = jax.nn.log_softmax(values / shaping.temperature)
    modelled = modelled[jnp.arange(LENGTH), view.others[0].actions]
    own = -(view.advantages * log_probabilities).mean()
    return own - shaping.weight * (view.credits * modelled).mean()


def _loaded_dice_values(view, shaping, log_probabilities):
    # The opponent chose without knowing the learner's move at the same step: that is left out.
    later = loaded_dice_returns(
        view.others[0].rewards,
        log_probabilities,
        view.others[0].advantages,
        DISCOUNT,
        shaping.decay,
    )
    return view.others[0].rewards + DISCOUNT * jnp.append(later[1:], 0.0)


def _n_step_values(view, shaping, log_probabilities):
    """DiCE over the next rewards of each step; the full return, so that values stay the same."""
    returns = discounted_returns(view.others[0].rewards, DISCOUNT)
    values = []
    for t in range(LENGTH):
        total = returns[t]
        for k in range(t + 1, min(t + shaping.steps, LENGTH)):
            since = log_probabilities[t + 1 : k + 1].sum()
            box = jnp.exp(since - jax.lax.stop_gradient(since))
            total += DISCOUNT ** (k - t) * view.others[0].rewards[k] * (box - 1)
        values.append(total)
    return jnp.stack(values)


@pytest.mark.parametrize("sampled_values", [False, True])
@pytest.mark.parametrize(
    ("weights", "values"), [(loqa_weights, _loaded_dice_values), (n_step_weights, _n_step_values)]
)
@pytest.mark.parametrize("seed", range(5))
def test_the_closed_form_is_the_gradient_of_the_published_loss(
    weights, values, sampled_values, seed
):
    view, logits, actions = _episode(seed)
    shaping = Shaping(
        weight=0.7, temperature=1.3, decay=0.8, steps=2 + seed, sampled_values=sampled_values
    )

    def published(logits):
        log_probabilities = _log_probabilities(logits, actions)
        return _loss(view, shaping, log_probabilities, values(view, shaping, log_probabilities))

    def closed(logits):
        own, aligned = weights(view, shaping.model, DISCOUNT)
        total = own + shaping.weight * aligned
        return -(total * _log_probabilities(logits, actions)).mean()

    np.testing.assert_allclose(jax.grad(published)(logits), jax.grad(closed)(logits), atol=2e-6)


def test_n_step_reaches_no_further_than_its_steps():
    view, _, _ = _episode(0)
    late = _other(view, rewards=view.others[0].rewards.at[5].add(1.0))
    model = OpponentModel(steps=3)
    difference = sum(n_step_weights(late, model, 1.0)) - sum(n_step_weights(view, model, 1.0))
    # The reward at 5 is seen by choices at 3, 4 and 5, so it can credit the actions at 4 and 5.
    assert np.flatnonzero(np.abs(difference) > 1e-6).tolist() == [4, 5]


@pytest.mark.parametrize("weights", [loqa_weights, n_step_weights, advantage_alignment_weights])
def test_without_shaping_every_form_is_the_naive_policy_gradient(weights):
    view, _, _ = _episode(1)
    model = OpponentModel()
    naive = naive_weights(view, model, DISCOUNT)
    np.testing.assert_array_equal(weights(view, model, DISCOUNT).own, naive.own)
    np.testing.assert_array_equal(naive.shaping, np.zeros(LENGTH))


def test_a_choice_that_the_opponent_could_not_have_made_otherwise_earns_no_credit():
    view, _, _ = _episode(2)
    certain = 50.0 * jax.nn.one_hot(view.others[0].actions, ACTIONS)
    view = _other(view, action_values=jnp.concatenate([certain, certain[:1]]))
    weights = loqa_weights(view, OpponentModel(), DISCOUNT)
    np.testing.assert_allclose(weights.shaping, np.zeros(LENGTH), atol=1e-6)


def test_who_was_good_to_the_learner_is_rewarded_and_who_was_bad_is_punished():
    view = two_sides(
        advantages=jnp.array([1.0, 0.0]),
        credits=jnp.array([1.0, 0.0]),
        other_values=jnp.zeros((2, 2)),
        other_actions=jnp.zeros(2, jnp.int32),
        other_rewards=jnp.zeros(2),
        other_advantages=jnp.array([0.0, 2.0]),
    )
    model = OpponentModel()
    # u_0 = 1 * (1 - 1/2) / 1 = 0.5, so C_1 = 0.5 and the weight at 1 is 0.9 * 0.5 * 2 = 0.9.
    np.testing.assert_allclose(sum(loqa_weights(view, model, 0.9)), [1.0, 0.9], rtol=1e-6)
    hurt = view._replace(advantages=-view.advantages, credits=-view.credits)
    np.testing.assert_allclose(sum(loqa_weights(hurt, model, 0.9)), [-1.0, -0.9], rtol=1e-6)
    # Advantage Alignment leaves out how movable the choice was: 0.9 * 1 * 2 = 1.8.
    aligned = advantage_alignment_weights(view, model, 0.9)
    np.testing.assert_allclose(sum(aligned), [1.0, 1.8], rtol=1e-6)


@pytest.mark.parametrize("weights", [loqa_weights, n_step_weights, advantage_alignment_weights])
def test_with_several_others_the_shaping_is_the_sum_over_them(weights):
    (one, _, _), (another, _, _) = _episode(4), _episode(5)
    both = one._replace(others=one.others + another.others)
    alone = one._replace(others=another.others)
    made = [weights(view, OpponentModel(), DISCOUNT) for view in (one, alone, both)]
    np.testing.assert_allclose(made[0].shaping + made[1].shaping, made[2].shaping, atol=1e-5)
    np.testing.assert_array_equal(made[0].own, made[2].own)


@pytest.mark.parametrize("weights", [loqa_weights, n_step_weights, advantage_alignment_weights])
def test_who_has_no_values_is_not_shaped(weights):
    view, _, _ = _episode(6)
    scripted = view.others[0]._replace(action_values=None, advantages=None)
    alone = weights(view._replace(others=(scripted,)), OpponentModel(), DISCOUNT)
    assert not alone.shaping.any()
    beside = weights(view._replace(others=(scripted, *view.others)), OpponentModel(), DISCOUNT)
    np.testing.assert_array_equal(beside.shaping, weights(view, OpponentModel(), DISCOUNT).shaping)


def test_every_algorithm_gives_two_weights_for_each_step():
    view, _, _ = _episode(3)
    for weights in ALGORITHMS.values():
        made = weights(view, OpponentModel(), DISCOUNT)
        assert isinstance(made, Weights)
        assert [part.shape for part in made] == [(LENGTH,)] * 2


@pytest.mark.parametrize(
    "wrong", [{"weight": -1.0}, {"temperature": 0.0}, {"decay": 1.1}, {"steps": 1}]
)
def test_shaping_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}.*got"):
        Shaping(**wrong)
