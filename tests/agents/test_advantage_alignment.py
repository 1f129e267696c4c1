"""Advantage Alignment against the paper's sums, written out in NumPy, and what it descends."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from host_environments import Leavers
from public_good import GAME

from loqa_agents import DenseGRU, HostTrainer, Learner, Shaping, Training
from loqa_agents.algorithms.losses import actor_loss
from loqa_agents.training.lineup import Lineup
from loqa_agents.training.updates import TrainState

LEARNER = Learner(
    algorithm="advantage_alignment",
    critic=DenseGRU(hidden=(5,)),
    shaping=Shaping(weight=0.7, decay=0.8),
    exploration=0.2,
    discount=0.9,
    gae_decay=0.7,
    opponent_gae_decay=0.4,
    credit_gae_decay=0.3,
    clip=0.1,
    entropy=0.05,
)


def _played(learner):
    """The views of all three seats, and the state of the learner that sat in them."""
    state = learner.init(jax.random.key(1), GAME)
    lineup = Lineup(GAME, (learner,), Training(episodes=6))
    ((key, table),) = lineup.tables(jax.random.key(2), TrainState((state,), None))
    return state, [view for *_, view in table.views(table.play(key, None))]


def _gae(rewards, values, discount, decay):
    """The sum over l of (discount decay)^l times the error at t + l."""
    errors = rewards + discount * values[1:] - values[:-1]
    return np.array(
        [
            sum((discount * decay) ** (k - t) * errors[k] for k in range(t, len(errors)))
            for t in range(len(errors))
        ]
    )


def _weights(learner, view):
    """``[T]`` of one episode, by the definition."""

    def advantages(side, decay, last):
        values = np.array(side.values, np.float64)
        values[-1] *= last
        return _gae(np.array(side.rewards, np.float64), values, 0.9, decay)

    own, credits = (advantages(view, decay, 1) for decay in (0.7, 0.3))
    others = sum(advantages(other, 0.4, 0) for other in view.others)
    before = np.zeros_like(own)
    for t in range(1, len(own)):
        if learner.shaping.past == "mean":
            before[t] = np.mean(credits[:t])
        else:
            fading = 0.9 * 0.8
            before[t] = 0.9 * sum(fading ** (t - 1 - k) * credits[k] for k in range(t))
    return own, before * others


@pytest.mark.slow
@pytest.mark.parametrize("balance", [False, True])
@pytest.mark.parametrize("past", ["discounted", "mean"])
def test_the_weights_of_three_players_are_the_sums_of_the_paper(past, balance):
    learner = replace(LEARNER, balance=balance, shaping=replace(LEARNER.shaping, past=past))
    state, views = _played(learner)
    batch = learner.batch(GAME, state, views)
    expected = [
        [_weights(learner, jax.tree.map(lambda leaf, i=i: leaf[i, 0], view)) for view in views]
        for i in range(6)
    ]
    own, shaping = np.moveaxis(np.array(expected), 2, 0).reshape(2, 18, -1)
    assert np.abs(shaping).max() > 0.1
    if balance:
        own, shaping = own / own.std(), shaping / shaping.std()
    found = learner.weights(batch, 0)
    np.testing.assert_allclose(found, own + 0.7 * shaping, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_the_gradient_is_that_of_the_clipped_objective_by_finite_differences():
    learner = LEARNER
    state, views = _played(learner)
    batch = learner.batch(GAME, state, views)
    weights = np.array(learner.weights(batch, 0), np.float64)
    seen, actions = np.array(batch.observations[:, :-1], np.float64), np.array(batch.actions)

    def log_softmax(kernel):
        logits = seen @ kernel
        return logits - np.log(np.exp(logits).sum(-1, keepdims=True))

    def chosen(rows):
        return np.take_along_axis(rows, actions[..., None], -1)[..., 0]

    (kernel,) = (np.array(leaf, np.float64) for leaf in jax.tree.leaves(state.params.actor))
    moved = kernel + np.array([[0.1, -0.1], [0.2, -0.1]])
    before = chosen(log_softmax(kernel))

    def loss(kernel):
        said = log_softmax(kernel)
        ratio = np.exp(chosen(said) - before)
        gain = np.minimum(ratio * weights, np.clip(ratio, 0.9, 1.1) * weights)
        return -gain.mean() + 0.05 * (np.exp(said) * said).sum(-1).mean()

    ratio = np.exp(chosen(log_softmax(moved)) - before)
    assert 0.1 < np.mean(np.abs(ratio - 1) > 0.1) < 0.9  # some are clipped, some are not
    step = 1e-6
    numeric = np.zeros_like(kernel)
    for place in np.ndindex(kernel.shape):
        change = np.zeros_like(kernel)
        change[place] = step
        numeric[place] = (loss(moved + change) - loss(moved - change)) / (2 * step)
    params = jax.tree.map(lambda leaf: jnp.asarray(moved, leaf.dtype), state.params.actor)
    descended = partial(
        actor_loss, policy=learner.policy(GAME), batch=batch, clip=learner.clip,
        weights=learner.weights(batch, 0), entropy_weight=learner.entropy_weight(0),
    )  # fmt: skip
    (gradient,) = jax.tree.leaves(jax.grad(descended, has_aux=True)(params)[0])
    np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=1e-4)
    assert np.abs(numeric).max() > 0.01


@pytest.mark.slow
def test_the_first_step_has_no_past_and_every_form_has_one_at_the_second():
    for past in ("discounted", "mean"):
        learner = replace(LEARNER, shaping=replace(LEARNER.shaping, past=past))
        state, views = _played(learner)
        shaping = np.array(learner.batch(GAME, state, views).shaping)
        assert (shaping[:, 0] == 0).all()
        assert (shaping[:, 1] != 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("past", ["discounted", "mean"])
def test_it_trains_in_an_environment_of_others(past):
    learner = replace(LEARNER, exploration=0.0, finite_horizon=False, shaping=Shaping(past=past))
    trainer = HostTrainer(Leavers, learner, Training(episodes=2), seeds=(0,))
    state, metrics = trainer.advance(trainer.init(), 0, 2)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((state, metrics)))
    trainer.close()
