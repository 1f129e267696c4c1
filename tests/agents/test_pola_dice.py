"""POLA-DiCE's proximal problem, held against exact values in a game of two steps."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from public_good import GAME

from loqa_agents import DenseGRU, Trainer, Training
from loqa_agents.algorithms.algorithm import ActorCritic, Context
from loqa_agents.algorithms.dice.lola_dice import LolaDice
from loqa_agents.algorithms.dice.objective import (
    dice_objective,
    divergence,
    loaded_dice_objective,
)
from loqa_agents.algorithms.dice.pola_dice import PolaDice
from loqa_agents.common.rollout import Trajectory, play_episode
from loqa_envs import IPD
from loqa_envs.matrix_games.solve import solve

SHORT, DISCOUNT = IPD(episode_length=2), 0.9
LEARNER = PolaDice(discount=DISCOUNT, inner_steps=2, inner_rate=0.4, penalty=3.0, inner_penalty=2.0)
POLICY = LEARNER.policy(SHORT)
EVERY_WAY = np.array(list(product(range(2), repeat=4)), np.int32).reshape(-1, 2, 2)
"""The actions ``[16, T, P]`` of all episodes of two steps."""


def _actor(seed):
    return POLICY.init(jax.random.key(seed))


def _state(actor):
    """A learner's state whose critics say 0."""
    state = LEARNER.init(jax.random.key(0), SHORT)
    return state._replace(actor=actor, critics=jax.tree.map(jnp.zeros_like, state.critics))


@pytest.fixture(scope="module")
def episodes():
    """Observations ``[16, T + 1, P, *obs]`` and rewards ``[16, T, P]`` of all episodes."""

    def follow(actions):
        state, observations, rewards = SHORT.reset(jax.random.key(0)), [], []
        for both in actions:
            observations.append(SHORT.observe(state))
            state, gained, _ = SHORT.step(jax.random.key(0), state, both)
            rewards.append(gained)
        return jnp.stack([*observations, SHORT.observe(state)]), jnp.stack(rewards)

    return jax.device_get(jax.vmap(follow)(EVERY_WAY))


@pytest.fixture(scope="module")
def every_way(episodes):
    """Plays each possible episode once, with its rewards times 16 times its probability.

    The mean over them of what is linear in rewards is then its expectation.
    """
    observations, rewards = episodes

    def play(key, actors, number):
        del key, number
        unroll = jax.vmap(POLICY.unroll, (None, 0))
        said = [unroll(actor, observations[:, :-1, seat]) for seat, actor in enumerate(actors)]
        each = jnp.take_along_axis(jnp.stack(said, 2), EVERY_WAY[..., None], -1)
        scale = len(EVERY_WAY) * jax.lax.stop_gradient(jnp.exp(each.sum((1, 2, 3))))
        scaled = rewards * scale[:, None, None]
        notes = tuple({"log_probabilities": rows} for rows in said)
        return Trajectory(
            observations, EVERY_WAY, scaled, jnp.ones_like(scaled), {}, notes, ((), ())
        )

    return play


def _context(play, *others):
    known = tuple(ActorCritic(other) for other in others)
    return Context(jnp.int32(0), known, (0,), play, len(EVERY_WAY))


def _value(own, other):
    """The exact expected return of the first of two actors, a number."""
    rates = [jax.nn.softmax(jax.tree.leaves(actor)[0])[:, 0] for actor in (own, other)]
    return solve(SHORT, *rates, DISCOUNT).values[0, 0]


def _moved(actor, rate, gradient):
    return jax.tree.map(lambda leaf, slope: leaf + rate * slope, actor, gradient)


def _finite_differences(of, params, step=1e-2):
    (table,), structure = jax.tree.flatten(params)
    moves = step * jnp.eye(table.size).reshape(-1, *table.shape)

    def at(move):
        return of(jax.tree.unflatten(structure, [table + move]))

    slopes = jax.lax.map(lambda move: at(move) - at(-move), moves) / (2 * step)
    return np.asarray(slopes.reshape(table.shape))


@pytest.mark.slow
def test_a_step_follows_the_exact_proximal_problem(episodes, every_way):
    before, now, other = _actor(0), _actor(1), _actor(2)
    situations = episodes[0][:, :-1].argmax(-1)

    def kl(old, new, seat):
        """Of two tables, where all episodes are as likely."""
        old, new = (jax.nn.log_softmax(jax.tree.leaves(actor)[0]) for actor in (old, new))
        return (jnp.exp(old) * (old - new)).sum(-1)[situations[:, :, seat]].mean()

    def problem(own):
        """The loss after two exact steps of the other."""

        def gained(theirs):
            return _value(theirs, own) - LEARNER.inner_penalty * kl(other, theirs, 1)

        theirs = other
        for _ in range(LEARNER.inner_steps):
            theirs = _moved(theirs, LEARNER.inner_rate, jax.grad(gained)(theirs))
        return LEARNER.penalty * kl(before, own, 0) - _value(own, theirs)

    @jax.jit
    @jax.grad
    def slopes(own):
        context = _context(every_way, other)
        return LEARNER.loss(_state(own), jax.random.key(3), SHORT, (before, other), context)[0]

    (found,), exact = jax.tree.leaves(slopes(now)), _finite_differences(problem, now)
    np.testing.assert_allclose(found, exact, atol=5e-3 * np.abs(exact).max())
    alone = _finite_differences(lambda own: -_value(own, other), now)
    assert np.abs(alone - exact).max() > 0.2 * np.abs(exact).max()  # it is not that by chance


@pytest.fixture(scope="module")
def some():
    """Plays some episodes, from whose rewards their mean at the same step is subtracted."""

    def play(key, actors, number):
        keys = jax.random.split(key, number)
        one = jax.vmap(lambda key: play_episode(key, SHORT, [POLICY] * 2, actors))
        played = one(keys)
        return played._replace(rewards=played.rewards - played.rewards.mean(0))

    return play


@pytest.mark.slow
def test_without_critic_the_loaded_objective_has_the_derivatives_of_dices(some):
    own, other = _actor(0), _actor(1)

    def loaded(played):
        returns = played.rewards[:, :, 1].at[:, 0].add(DISCOUNT * played.rewards[:, 1, 1])
        return loaded_dice_objective(played, returns, DISCOUNT)

    def derivatives(objective):
        def of(own, other):
            return objective(some(jax.random.key(4), (own, other), 32))

        def mixed(own):
            slopes = jax.grad(of, 1)(own, other)
            return sum(map(jnp.vdot, jax.tree.leaves(slopes), jax.tree.leaves(other)))

        return jax.grad(of)(own, other), jax.grad(of, 1)(own, other), jax.grad(mixed)(own)

    found = jax.jit(lambda: derivatives(loaded))()
    expected = jax.jit(lambda: derivatives(lambda played: dice_objective(played, 1, DISCOUNT)))()
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), found, expected
    )


@pytest.mark.slow
def test_without_penalties_and_critic_its_slope_is_lola_dices(some):
    own, other = _actor(0), _actor(1)
    free = PolaDice(
        discount=DISCOUNT, inner_steps=1, inner_rate=0.4, penalty=0.0, inner_penalty=0.0
    )
    lola = LolaDice(discount=DISCOUNT, inner_steps=1, inner_rate=0.4, rate=1.0)
    key, context = jax.random.key(5), _context(some, other)

    def loss(own):
        return free.loss(_state(own), key, SHORT, (own, other), context)[0]

    step, _ = jax.jit(lambda own: lola.looked_ahead(key, own, (other,), context))(own)
    expected = jax.tree.map(jnp.subtract, step, own)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(-a, b, rtol=1e-4, atol=1e-5),
        jax.jit(jax.grad(loss))(own),
        expected,
    )


def test_a_policy_does_not_diverge_from_itself_in_any_direction(every_way):
    own, other = _actor(0), _actor(1)

    def apart(now):
        return divergence(POLICY, own, every_way(None, (now, other), 0), 0)

    nothing, slopes = jax.value_and_grad(apart)(own)
    assert float(nothing) == pytest.approx(0, abs=1e-6)
    assert all(np.abs(slope).max() < 1e-6 for slope in jax.tree.leaves(slopes))
    assert float(apart(other)) > 0.01


@pytest.mark.slow
def test_a_large_penalty_holds_a_policy_with_memory_where_it_is():
    memory, divergences = DenseGRU(hidden=(4,), memory=3), []
    for penalty in (0.0, 1000.0):
        learner = PolaDice(actor=memory, initial_scale=1, inner_steps=1, penalty=penalty)
        trainer = Trainer(SHORT, learner, Training(episodes=16), seeds=(0,))
        _, metrics = trainer.advance(trainer.init(), 0, 1)
        divergences.append(float(metrics["divergence"][0]))
    assert divergences[1] < 0.1 * divergences[0]


@pytest.mark.slow
def test_critics_come_to_say_what_each_seat_will_get():
    learner = PolaDice(rate=1e-9, steps=100, inner_steps=0, discount=0.5)  # which stays where it is
    trainer = Trainer(IPD(episode_length=50), learner, Training(episodes=64, updates=1), seeds=(0,))
    state, _ = trainer.advance(trainer.init(), 0, 1)
    for critic in state.learners[0].critics:  # of players who choose by chance, for 1.5 a step
        np.testing.assert_allclose(jax.tree.leaves(critic)[0], -3.0, atol=0.5)


@pytest.mark.slow
def test_players_in_the_prisoners_dilemma_come_to_cooperate():
    game, learner, training = IPD(), PolaDice(), Training(updates=80)
    trainer = Trainer(game, learner, training, seeds=range(42, 47))
    state, _ = trainer.advance(trainer.init(), 0, training.updates)
    rewards = trainer.evaluator().evaluate(
        jax.random.key(0), learner.params(state.learners[0]).actor, 128
    )
    assert np.median(rewards.self_play.mean(1)) > -1.1  # one seed in five ends elsewhere
    tables = jax.nn.softmax(jax.tree.leaves(state.learners[0].actor)[0])[..., 0]
    assert np.median(tables[:, 2]) < 0.65  # after their defection


@pytest.mark.slow
def test_three_players_learn_with_it_in_one_go_as_in_two():
    trainer = Trainer(GAME, PolaDice(steps=2), Training(episodes=8), seeds=(0,))
    assert trainer.steps_per_update == 2 * 3 * 8 * GAME.episode_length
    start = jax.device_get(trainer.init())
    state, _ = trainer.advance(trainer.init(), 0, 2)
    halfway, _ = trainer.advance(trainer.init(), 0, 1)
    again, _ = trainer.advance(halfway, 1, 2)
    jax.tree.map(np.testing.assert_array_equal, state, again)
    changed = jax.tree.map(lambda a, b: np.abs(a - b).max() > 0, start.learners, state.learners)
    assert all(jax.tree.leaves(changed))
