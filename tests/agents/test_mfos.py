"""Model-free opponent shaping: its meta-game, and what is saved of it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents import Agent, DenseGRU, load_agent, save_agent
from loqa_agents.algorithms.gradient_play.mfos import MFOS
from loqa_agents.algorithms.gradient_play.of_strategies import MetaEpisode
from loqa_envs import IPD, MatrixGame, PublicGoods
from loqa_envs.matrix_games.outcomes import endless_values

GAME = IPD()
SMALL = MFOS(meta_steps=3, batch=4, meta_network=DenseGRU(hidden=(6,)), epochs=2)


@pytest.fixture(scope="module")
def state():
    return SMALL.init(jax.random.key(0), GAME)


@pytest.fixture(scope="module")
def episode(state):
    start = tuple(jax.random.normal(jax.random.key(i), (4, 5)) for i in (1, 2))
    noise = jax.random.normal(jax.random.key(3), (3, 4, 5))
    return start, noise, SMALL.meta_episode(GAME, state.meta, start, noise)


@pytest.mark.slow
def test_a_shaper_moves_before_the_learner_learns(episode):
    (_, other), _, played = episode
    both = jax.nn.sigmoid(jnp.stack([played.odds[0], other], 1))
    values = jax.vmap(lambda table: endless_values(GAME.outcomes, table, 0.96))(both)
    np.testing.assert_allclose(played.rewards[0], 0.04 * values, rtol=1e-4)


@pytest.mark.slow
def test_the_learner_follows_its_own_exact_gradient(episode):
    (_, other), _, played = episode

    def value(theirs, own):
        return endless_values(GAME.outcomes, jax.nn.sigmoid(jnp.stack([own, theirs])), 0.96)[1]

    stepped = other + jax.vmap(jax.grad(value))(other, played.odds[0])
    np.testing.assert_allclose(played.seen[1, :, 5:], jax.nn.sigmoid(stepped), atol=1e-5)
    np.testing.assert_allclose(played.seen[1, :, :5], jax.nn.sigmoid(played.odds[0]), rtol=1e-6)


def test_noise_is_added_to_what_the_network_says(state, episode):
    start, noise, played = episode
    calm = SMALL.meta_episode(GAME, state.meta, start, np.zeros_like(noise))
    # The deviation is 1 at first.
    np.testing.assert_allclose(played.odds[0], calm.odds[0] + noise[0], atol=1e-6)


@pytest.mark.slow
def test_what_paid_becomes_more_probable(state, episode):
    _, noise, played = episode
    paid = np.zeros((3, 4, 2), np.float32)
    paid[0, 0, 0] = 100  # the first move of the first meta-episode, and no other
    learner = replace(SMALL, epochs=1, learning_rate=1e-3, gae_decay=0.0)
    meta, _ = learner._learn(state, MetaEpisode(played.seen, played.odds, noise, paid))

    def distance(meta):
        start = jax.scipy.special.logit(played.seen[0, :1])
        said = learner.meta_episode(GAME, meta, (start[:, :5], start[:, 5:]), np.zeros((1, 1, 5)))
        return float(((played.odds[0, 0] - said.odds[0, 0]) ** 2).sum())

    assert distance(meta) < distance(state.meta)


@pytest.mark.slow
def test_an_update_keeps_the_strategy_that_a_shaper_without_noise_comes_to(state):
    after, metrics = SMALL.update(jax.random.key(5), GAME, state, (), None)
    zeros = jnp.zeros((1, 5))
    calm = SMALL.meta_episode(GAME, state.meta, (zeros, zeros), jnp.zeros((3, 1, 5)))
    np.testing.assert_allclose(after.odds, calm.odds[-1, 0], atol=1e-5)
    assert set(metrics) == {"shaper", "learner"}
    assert all(-3 < float(value) < 0 for value in metrics.values())


def test_an_agent_comes_back_with_its_strategy_and_its_networks(state, tmp_path):
    held = state._replace(odds=jnp.array([9.0, 9, -9, 9, -9]))
    save_agent(tmp_path / "a.safetensors", Agent(GAME, SMALL, SMALL.params(held), 3))
    agent = load_agent(tmp_path / "a.safetensors")
    assert agent.learner == SMALL
    assert set(agent.actor_critic.critic) == {"actor", "critic", "log_deviation"}
    player = agent.player()
    assert [player.act(row) for row in np.eye(5, dtype=np.float32)] == [0, 0, 1, 0, 1]


@pytest.mark.parametrize("game", [MatrixGame("matching_pennies"), PublicGoods()])
def test_games_of_other_than_two_players_alike_are_refused(game):
    with pytest.raises(ValueError, match="mfos needs two players whose seats are alike"):
        SMALL.init(jax.random.key(0), game)


def test_networks_with_memory_are_refused():
    with pytest.raises(ValueError, match="meta_network must be without memory"):
        replace(SMALL, meta_network=DenseGRU(memory=4)).init(jax.random.key(0), GAME)
