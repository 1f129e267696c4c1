"""LOLA-DiCE's sampled derivatives against finite differences of exact values, and what decides."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from public_good import GAME, PAID

from loqa_agents import Agent, DenseGRU, Trainer, Training, load_agent, save_agent
from loqa_agents.algorithms.dice.lola_dice import LolaDice
from loqa_agents.algorithms.dice.lola_dice_om import LolaDiceOM
from loqa_agents.algorithms.dice.objective import dice_objective
from loqa_agents.common.rollout import play_episode
from loqa_agents.training.lineup import Lineup
from loqa_agents.training.updates import TrainState
from loqa_envs import IPD, CoinGame
from loqa_envs.matrix_games.solve import solve

SHORT, DISCOUNT, EPISODES, BATCHES = IPD(episode_length=3), 0.9, 2000, 24
LEARNER = LolaDice(discount=DISCOUNT, inner_steps=2, inner_rate=0.4, rate=1.0)


def _params(seed):
    return LEARNER.policy(SHORT).init(jax.random.key(seed))


def _value(own, other):
    """The exact expected return of the first of two actors, a number."""
    rates = [jax.nn.softmax(jax.tree.leaves(actor)[0])[:, 0] for actor in (own, other)]
    return solve(SHORT, *rates, DISCOUNT).values[0, 0]


def _finite_differences(of, params):
    """The gradient of a function of an actor, by central differences."""
    (table,), structure = jax.tree.flatten(params)
    step = 1e-2  # values are float32
    moves = step * jnp.eye(table.size).reshape(-1, *table.shape)

    def at(move):
        return of(jax.tree.unflatten(structure, [table + move]))

    slopes = jax.vmap(lambda move: at(move) - at(-move))(moves) / (2 * step)
    return np.asarray(slopes.reshape(table.shape))


def _product(one, another):
    (one,), (another,) = map(jax.tree.leaves, (one, another))
    return jnp.vdot(one, another)


def _agree(samples, exact):
    """Whether ``samples[BATCHES, ...]`` have that mean, as far as they can say, and can say it."""
    error = np.asarray(samples.std(0)) / np.sqrt(BATCHES - 1)
    largest = np.abs(exact).max()
    assert (np.abs(samples.mean(0) - exact) < 5 * error + 5e-3 * largest).all()
    assert largest > 10 * error.max()


@pytest.mark.slow
def test_derivatives_of_the_objective_are_those_of_the_expected_return():
    own, other = _params(0), _params(1)
    policy = LEARNER.policy(SHORT)

    def objective(key, own, other, player):
        keys = jax.random.split(key, EPISODES)
        play = jax.vmap(lambda key: play_episode(key, SHORT, [policy] * 2, [own, other]))
        return dice_objective(play(keys), player, DISCOUNT)

    def derivatives(key):
        mine, theirs = jax.grad(objective, (1, 2))(key, own, other, 1)

        def length(own):  # of their gradient, along a direction that is held
            slopes = jax.grad(objective, 2)(key, own, other, 1)
            return _product(slopes, other)

        return [jax.tree.leaves(x)[0] for x in (mine, theirs, jax.grad(length)(own))]

    keys = jax.random.split(jax.random.key(2), BATCHES)
    mine, theirs, mixed = jax.jit(lambda keys: jax.lax.map(derivatives, keys))(keys)
    _agree(mine, _finite_differences(lambda own: _value(other, own), own))
    _agree(theirs, _finite_differences(lambda other: _value(other, own), other))

    def exact_length(own):
        slopes = jax.grad(_value)(other, own)
        return _product(slopes, other)

    _agree(mixed, _finite_differences(exact_length, own))


@pytest.mark.slow
def test_an_update_follows_the_return_after_the_others_have_learned():
    state = _params(3)

    def learned(own):
        """The exact value after two exact steps of the other."""
        other = state
        for _ in range(2):
            slopes = jax.grad(_value)(other, own)
            other = jax.tree.map(lambda leaf, slope: leaf + 0.4 * slope, other, slopes)
        return _value(own, other)

    lineup = Lineup(SHORT, (LEARNER,), Training(episodes=EPISODES))

    def sampled(key):
        after, _ = lineup.update(key, jnp.int32(0), TrainState((state,), None))
        return jax.tree.leaves(after.learners[0])[0] - jax.tree.leaves(state)[0]

    keys = jax.random.split(jax.random.key(4), BATCHES)
    steps = jax.jit(lambda keys: jax.lax.map(sampled, keys))(keys)
    exact = _finite_differences(learned, state)
    _agree(steps, exact)
    naive = _finite_differences(lambda own: _value(own, state), state)
    assert np.abs(naive - exact).max() > 0.2 * np.abs(exact).max()  # it is not that by chance


@pytest.mark.slow
def test_how_far_the_others_are_expected_to_go_decides_between_defection_and_cooperation():
    game, training = IPD(episode_length=100), Training(episodes=64, updates=150)
    rewards = {}
    for steps in (1, 2):
        learner = LolaDice(inner_steps=steps)
        trainer = Trainer(game, learner, training, seeds=range(5))
        state, _ = trainer.advance(trainer.init(), 0, training.updates)
        evaluator = trainer.evaluator()
        rewards[steps] = evaluator.evaluate(
            jax.random.key(0), learner.params(state.learners[0]).actor, 128
        ).self_play.mean(1)
    # One seed in ten ends elsewhere, in either.
    assert np.median(rewards[1]) < -1.8
    assert np.median(rewards[2]) > -1.2


def test_environment_steps_are_those_of_all_batches_that_an_update_plays():
    learner = LolaDice(inner_steps=3)
    trainer = Trainer(SHORT, learner, Training(episodes=8), seeds=(0,))
    assert trainer.steps_per_update == 4 * 8 * 3


@pytest.mark.slow
def test_three_players_learn_with_it():
    trainer = Trainer(GAME, LolaDice(), Training(episodes=8), seeds=(0,))
    start = jax.device_get(trainer.init())
    state, metrics = trainer.advance(trainer.init(), 0, 2)
    assert np.isfinite(metrics["gradient_norm"]).all()
    moved = jax.tree.map(lambda a, b: np.abs(a - b).max() > 0, start.learners, state.learners)
    assert all(jax.tree.leaves(moved))


def test_a_game_whose_seats_differ_is_refused():
    with pytest.raises(ValueError, match="its seats must be alike; got"):
        LolaDice().init(jax.random.key(0), PAID)


def test_an_actor_that_would_never_move_is_refused():
    learner = LolaDice(actor=DenseGRU(hidden=(4,)))
    with pytest.raises(ValueError, match="initial_scale must be above 0"):
        learner.init(jax.random.key(0), SHORT)


def test_past_selves_whose_parameters_it_cannot_know_are_refused():
    with pytest.raises(ValueError, match="lola_dice asks for parameters"):
        Lineup(SHORT, (LolaDice(),), Training(pool=2, opponents=2, episodes=8))


def test_its_agents_are_saved_and_loaded(tmp_path: Path):
    params = jax.device_get(LEARNER.params(_params(0)))
    save_agent(tmp_path / "agent.safetensors", Agent(SHORT, LEARNER, params, seed=3))
    loaded = load_agent(tmp_path / "agent.safetensors")
    assert loaded.learner == LEARNER
    jax.tree.map(np.testing.assert_array_equal, loaded.actor_critic, params)


@pytest.mark.slow
def test_a_model_of_the_other_comes_to_do_what_the_other_does():
    game = IPD(episode_length=20)
    learner = LolaDiceOM(rate=1e-9, model_steps=5)  # which stays where it is
    training = Training(episodes=512, updates=60, rival="lola_dice_om")
    trainer = Trainer(game, learner, training, seeds=(0,))
    state = trainer.init()
    table = np.asarray(jax.random.normal(jax.random.key(5), (1, 5, 2)))
    own, other = state.learners
    other = other._replace(actor=jax.tree.map(lambda leaf: jnp.array(table), other.actor))
    state, _ = trainer.advance(state._replace(learners=(own, other)), 0, 60)
    (model,) = jax.tree.leaves(state.learners[0].models)
    found, expected = (jax.nn.softmax(each[0])[:, 0] for each in (model, table))
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_a_model_needs_no_parameters():
    assert "parameters" not in LolaDiceOM().knows
    Lineup(SHORT, (LolaDiceOM(),), Training(pool=2, opponents=2, episodes=8))


@pytest.mark.slow
def test_a_model_of_two_players_at_once_is_refused():
    game = CoinGame(num_players=3, observation="index", episode_length=3)
    learner = LolaDiceOM(model_steps=1, inner_steps=1)
    training = Training(rival="lola_dice_om", episodes=2)
    with pytest.raises(ValueError, match="must sit in one seat or in all"):
        Trainer(game, learner, training, (0,)).bytes_needed()
    assert Trainer(game, learner, Training(episodes=2), (0,)).bytes_needed() > 0
