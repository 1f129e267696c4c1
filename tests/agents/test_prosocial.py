"""Prosocial learners: the advantage of what all earn, and what comes of following it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from public_good import GAME

from loqa_agents import Learner, Trainer, Training
from loqa_agents.algorithms.estimators import OpponentModel, gae
from loqa_agents.algorithms.registry import ALGORITHMS
from loqa_agents.algorithms.view import EpisodeView
from loqa_envs import IPD, make_game

LENGTH, DISCOUNT, DECAY = 7, 0.9, 0.8


def test_the_weight_is_the_advantage_of_the_sum_of_rewards():
    numbers = np.random.default_rng(0)
    rewards, values = numbers.normal(size=(3, LENGTH)), numbers.normal(size=(3, LENGTH + 1))
    advantages = [gae(jnp.array(r), jnp.array(v), DISCOUNT, DECAY)
                  for r, v in zip(rewards, values, strict=True)]  # fmt: skip
    sides = [
        EpisodeView((), (), jnp.array(r), jnp.ones(LENGTH), {}, action_values=(), advantages=a)
        for r, a in zip(rewards, advantages, strict=True)
    ]
    view = sides[0]._replace(others=tuple(sides[1:]))
    found = ALGORITHMS["prosocial"](view, OpponentModel(), DISCOUNT)
    together = gae(jnp.array(rewards.sum(0)), jnp.array(values.sum(0)), DISCOUNT, DECAY)
    np.testing.assert_allclose(found.own, together, atol=1e-5)
    assert not found.shaping.any()


@pytest.mark.slow
@pytest.mark.parametrize("game", [IPD(episode_length=10), replace(GAME, episode_length=10)])
def test_prosocial_learners_cooperate_whatever_the_others_do_and_are_exploited(game):
    learner = Learner(algorithm="prosocial", actor_learning_rate=0.03, exploration=0.5)
    trainer = Trainer(game, learner, Training(updates=150), seeds=(0, 1))
    state, _ = trainer.advance(trainer.init(), 0, 150)
    actors = learner.params(state.learners[0]).actor
    evaluator = trainer.evaluator()
    found = evaluator.evaluate(jax.random.key(0), actors, 128)
    rows = [row for row in evaluator.rows if row.startswith("always_defect")]
    if game.name == "ipd":
        assert evaluator.cooperation(jax.random.key(1), actors).min() > 0.9
        cooperators, sucker, temptation = make_game("ipd").payoff_table[0][[0, 1, 2]]
        met = found.versus["always_defect"]
        np.testing.assert_allclose(met.agent, sucker, atol=0.2)
        np.testing.assert_allclose(met.opponent, temptation, atol=0.3)
        np.testing.assert_allclose(found.self_play, cooperators, atol=0.2)
        return
    assert found.self_play.min() > 0.4  # all give: 3 / 2 - 1
    for row in rows:
        assert (found.versus[row].opponent > found.versus[row].agent + 0.9).all()


@pytest.mark.slow
def test_what_is_weighed_is_not_weighed_again():
    learner = Learner(algorithm="prosocial")
    other = replace(learner, shaping=replace(learner.shaping, weight=5.0))
    states = []
    for each in (learner, other):
        trainer = Trainer(IPD(episode_length=5), each, Training(updates=2), seeds=(0,))
        states.append(trainer.advance(trainer.init(), 0, 2)[0].learners[0].params)
    jax.tree.map(np.testing.assert_array_equal, *states)
