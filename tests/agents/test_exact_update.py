"""The exact update against the mean of many sampled ones, and what it makes of each setting."""

from dataclasses import fields, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.algorithms.exact.self_play import exact_loss
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.losses import actor_loss
from loqa_agents.algorithms.weights.loqa import Shaping
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.training.lineup import Lineup
from loqa_agents.training.trainer import Trainer
from loqa_agents.training.updates import Training, TrainState
from loqa_envs import IPD, MatrixGame
from loqa_envs.matrix_games.solve import OTHER_VIEW, solve

ALIKE = IPD(episode_length=4)
DIFFERENT = MatrixGame(((-1, -3, 0.5, -2), (2, 0, 3, 1)), episode_length=4)
BATCHES, EPISODES = 24, 2000


class Knowing(Learner):
    """A learner whose critic is never wrong, and who trusts it: one-step advantages."""

    def view(self, game, params, trajectory, seat):
        policy = self.policy(game)
        logits = [
            policy.in_seat(place).log_probabilities(params.actor, jnp.eye(5)) for place in (0, 1)
        ]
        rates = [self.behaviour(game).explored(said)[:, 0] for said in logits]
        own = solve(game, rates[seat], rates[1 - seat], self.discount, seat)
        theirs = solve(game, rates[1 - seat], rates[seat], self.discount, 1 - seat)
        seen = trajectory.observations[:, seat].argmax(-1)
        steps = jnp.arange(len(seen))
        action_values = theirs.other_action_values[steps[:-1], jnp.asarray(OTHER_VIEW)[seen[:-1]]]
        return (
            super()
            .view(game, params, trajectory, seat)
            ._replace(
                action_values=jnp.concatenate([action_values, jnp.zeros((1, 2))]),
                values=own.values[steps, seen],
                log_probabilities=logits[seat][seen],
            )
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("game", "settings"),
    [
        (ALIKE, {"algorithm": "loqa"}),
        (DIFFERENT, {"algorithm": "loqa", "balance": True}),
        pytest.param(DIFFERENT, {"algorithm": "loqa"}, marks=pytest.mark.slow),
        pytest.param(ALIKE, {"algorithm": "loqa", "balance": True}, marks=pytest.mark.slow),
        pytest.param(DIFFERENT, {"algorithm": "naive"}, marks=pytest.mark.slow),
        pytest.param(
            DIFFERENT, {"algorithm": "advantage_alignment", "balance": True}, marks=pytest.mark.slow
        ),
    ],
    ids=str,
)
def test_the_exact_gradient_is_the_mean_of_sampled_ones(game, settings):
    learner = Knowing(
        shaping=Shaping(weight=2.0, temperature=0.7, decay=0.6), exploration=0.3,
        gae_decay=0.0, opponent_gae_decay=0.0, credit_gae_decay=0.0,
        entropy=0.3, anneal=10, final_shaping_weight=0.5, final_entropy=0.1, **settings,
    )  # fmt: skip
    update, state = 4, learner.init(jax.random.key(3), game)
    lineup = Lineup(game, (learner,), Training(episodes=EPISODES))

    def sampled(key):
        ((key, table),) = lineup.tables(key, TrainState((state,), None))
        views = [view for *_, view in table.views(table.play(key, None))]
        batch = learner.batch(game, state, views)
        loss = partial(
            actor_loss, policy=learner.policy(game), batch=batch, clip=learner.clip,
            weights=learner.weights(batch, update), entropy_weight=learner.entropy_weight(update),
        )  # fmt: skip
        return jax.tree.leaves(jax.grad(loss, has_aux=True)(state.params.actor)[0])[0]

    samples = jax.jit(lambda keys: jax.lax.map(sampled, keys))(
        jax.random.split(jax.random.key(0), BATCHES)
    )
    exact = jax.grad(partial(exact_loss, learner, game))(state.params.actor, update)
    (exact,) = jax.tree.leaves(exact)
    error = np.asarray(samples.std(0)) / np.sqrt(BATCHES - 1)
    # Five standard errors; a balanced batch's own deviation is off by a share of 1 / EPISODES.
    assert (np.abs(samples.mean(0) - exact) < 5 * error + 1e-3 * np.abs(exact).max()).all()
    assert np.abs(exact).max() > 20 * error.max()


OTHER_VALUES = {
    "opponent_values": "learned",
    "algorithm": "advantage_alignment", "actor": DenseGRU(hidden=(3,)), "exploration": 0.4,
    "critic": DenseGRU(hidden=(3,)), "discount": 0.5, "finite_horizon": False, "gae_decay": 0.5,
    "opponent_gae_decay": 0.5, "credit_gae_decay": 0.5, "td_decay": 0.5, "target_decay": 0.5,
    "actor_learning_rate": 0.1, "critic_learning_rate": 0.1, "actor_steps": 2, "critic_steps": 2,
    "clip": 1e-6, "gradient_norm": 1e-9, "entropy": 1.0, "balance": True, "anneal": 3,
    "final_actor_learning_rate": 0.5, "final_shaping_weight": 9.0, "final_entropy": 5.0,
    "weight": 5.0, "temperature": 0.1, "decay": 0.1, "steps": 2, "past": "mean",
    "sampled_values": True,
}  # fmt: skip
REFUSED = {
    "opponent_values", "critic", "finite_horizon", "gae_decay", "opponent_gae_decay",
    "credit_gae_decay", "td_decay", "target_decay", "critic_learning_rate", "actor_steps",
    "critic_steps", "clip", "steps", "sampled_values",
}  # fmt: skip


def _trainer(learner, updates=5):
    training = Training(exact=True, updates=updates)
    return Trainer(IPD(episode_length=4), learner, training, (0,), jax.devices()[:1])


def _actor(learner):
    trainer = _trainer(learner)
    state, _ = trainer.advance(trainer.init(), 0, 5)
    return [np.asarray(leaf) for leaf in jax.tree.leaves(state.learners[0].params.actor)]


def _changed(learner, name):
    value = OTHER_VALUES[name]
    if name in {field.name for field in fields(Shaping)}:
        return replace(learner, shaping=replace(learner.shaping, **{name: value}))
    return replace(learner, **{name: value})


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_setting_that_the_exact_update_does_not_read_is_refused(name):
    with pytest.raises(ValueError, match=rf"{name} has no effect and must be"):
        _trainer(_changed(Learner(), name))


@pytest.mark.slow
def test_every_other_setting_changes_what_the_exact_update_learns():
    # Annealed, so that what it goes to is read; without clipping to a norm, so that scales show.
    learner = Learner(anneal=4, gradient_norm=1e9)
    before = _actor(learner)
    names = [f.name for kind in (Learner, Shaping) for f in fields(kind) if f.name != "shaping"]
    for name in sorted(set(names) - REFUSED):
        after = _actor(_changed(learner, name))
        same = [a.shape == b.shape and (a == b).all() for a, b in zip(before, after, strict=False)]
        assert not all(same), name


def test_what_says_what_the_exact_update_does_is_taken():
    _trainer(Learner(actor_steps=1, gae_decay=0, opponent_gae_decay=0, credit_gae_decay=0))


def test_the_exact_update_is_for_algorithms_with_a_closed_form():
    with pytest.raises(ValueError, match=r"the exact update knows .* got 'loqa_n_step'"):
        _trainer(Learner(algorithm="loqa_n_step"))


@pytest.mark.slow
def test_the_step_size_of_exact_updates_is_annealed_by_the_update():
    trainer = _trainer(Learner(anneal=3, final_actor_learning_rate=1e-9), updates=6)
    state, moves = trainer.init(), []
    for update in range(5):
        (before,) = jax.tree.leaves(jax.device_get(state.learners[0].params.actor))
        state, _ = trainer.advance(state, update, update + 1)
        (after,) = jax.tree.leaves(state.learners[0].params.actor)
        moves.append(float(np.abs(after - before).max()))
    assert min(moves[:2]) > 1e-4
    assert max(moves[3:]) < 1e-7
