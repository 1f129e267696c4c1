"""Half of the opponents learners, half random memory-one players."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from loqa_agents import PRESETS, DenseGRU, Trainer
from loqa_envs import make_game


def test_half_of_the_opponents_are_the_learner_itself_and_half_are_random():
    game, learner, training, *_ = PRESETS["ipd-mixed-pool"]
    selves, scripted = training.columns(game)
    assert (selves.number, selves.newest) == (4, 4)
    assert scripted.scripted == {1: ("memory_one:random",) * 4}
    assert learner.actor.has_memory  # else it could not tell whom it has met
    assert learner.algorithm == "naive"


@pytest.mark.slow
def test_a_learner_of_the_mixed_pool_learns():
    _, learner, training, *_ = PRESETS["ipd-mixed-pool"]
    small = DenseGRU(memory=4)
    learner = replace(learner, actor=small, critic=small)
    training = replace(training, episodes=16, updates=2)
    trainer = Trainer(make_game("ipd", episode_length=5), learner, training, seeds=(0,))
    before = jax.tree.map(np.asarray, trainer.init().learners[0].params.actor)
    state, metrics = trainer.advance(trainer.init(), 0, 2)
    moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), before, state.learners[0].params.actor)
    assert max(jax.tree.leaves(moved)) > 1e-4
    assert np.isfinite(metrics["actor_loss"]).all()
