"""The exact solution against brute force, play, and what sampling estimates."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.algorithms.estimators import gae
from loqa_agents.algorithms.exact.terms import expected_weights
from loqa_agents.algorithms.registry import ALGORITHMS
from loqa_agents.algorithms.weights.loqa import Shaping
from loqa_agents.common.rollout import play_episode
from loqa_envs import IPD, MatrixGame, MemoryOne
from loqa_envs.matrix_games.solve import OTHER_VIEW, best_response, mean_rewards, solve

from .sides import two_sides

DISCOUNT = 0.96
OWN = (0.7, 0.9, 0.3, 0.6, 0.2)
OTHER = (0.4, 0.8, 0.1, 0.7, 0.35)
ALWAYS_COOPERATE, ALWAYS_DEFECT, TIT_FOR_TAT = (1,) * 5, (0,) * 5, (1, 1, 0, 1, 0)
SHORT = MatrixGame(((-1, -3, 0.5, -2), (2, 0, 3, 1)), episode_length=3)


def _trajectories(game, own, other):
    """Every episode of a short game: probability, situations, own actions, outcomes."""
    for outcomes in product(range(4), repeat=game.episode_length):
        situations = [0] + [1 + outcome for outcome in outcomes]
        probability = 1.0
        for situation, outcome in zip(situations, outcomes, strict=False):
            own_move, other_move = divmod(outcome, 2)
            own_rate, other_rate = own[situation], other[OTHER_VIEW[situation]]
            probability *= 1 - own_rate if own_move else own_rate
            probability *= 1 - other_rate if other_move else other_rate
        yield probability, np.array(situations), np.array(outcomes)


def _payoffs(game):
    own, other = game.payoff_table
    return own, other[[0, 2, 1, 3]]


@pytest.mark.slow
@pytest.mark.parametrize("past", ["discounted", "mean"])
@pytest.mark.parametrize("algorithm", ["naive", "loqa", "advantage_alignment"])
def test_the_expected_weights_are_the_mean_of_the_weights_of_all_episodes(algorithm, past):
    shaping = Shaping(weight=0.8, temperature=0.7, decay=0.6, past=past)
    solved = solve(SHORT, OWN, OTHER, DISCOUNT)
    expected = np.zeros((5, 2))
    total = 0.0
    for probability, situations, outcomes in _trajectories(SHORT, OWN, OTHER):
        steps = np.arange(3)
        advantages = solved.advantages[steps, situations[:-1], outcomes]
        view = two_sides(
            advantages=advantages,
            credits=advantages,
            other_values=solved.other_action_values[steps, situations[:-1]],
            other_actions=jnp.array(outcomes % 2),
            other_rewards=jnp.array(_payoffs(SHORT)[1][outcomes]),
            other_advantages=solved.other_advantages[steps, situations[:-1], outcomes],
        )
        own, aligned = ALGORITHMS[algorithm](view, shaping.model, DISCOUNT)
        weights = own + shaping.weight * aligned
        np.add.at(expected, (situations[:-1], outcomes // 2), probability * np.asarray(weights) / 3)
        total += probability
    assert total == pytest.approx(1.0)
    exact = expected_weights(solved, shaping, DISCOUNT, algorithm)
    np.testing.assert_allclose(exact, expected, atol=1e-5)


def test_values_are_the_mean_of_the_returns_of_all_episodes():
    returns = np.zeros(2)
    for probability, _, outcomes in _trajectories(SHORT, OWN, OTHER):
        discounts = DISCOUNT ** np.arange(3)
        for seat, payoffs in enumerate(_payoffs(SHORT)):
            returns[seat] += probability * (discounts * payoffs[outcomes]).sum()
    solved = solve(SHORT, OWN, OTHER, DISCOUNT)
    swapped = MatrixGame(SHORT.payoffs[::-1], episode_length=3)
    other = solve(swapped, OTHER, OWN, DISCOUNT)
    np.testing.assert_allclose([solved.values[0, 0], other.values[0, 0]], returns, rtol=1e-5)
    np.testing.assert_allclose(solved.occupancy.sum(1), 1.0, rtol=1e-6)


@pytest.mark.slow
def test_without_discount_the_naive_gradient_is_the_derivative_of_the_return():
    game = IPD(episode_length=20)

    def total(logits):
        return 20 * mean_rewards(game, jax.nn.sigmoid(logits), jnp.array(OTHER))[0]

    logits = jnp.log(jnp.array(OWN) / (1 - jnp.array(OWN)))
    weights = expected_weights(solve(game, OWN, OTHER, 1.0), Shaping(), 1.0, "naive")
    # d log p / d logit is 1 - p when cooperating, -p when defecting.
    naive = weights[:, 0] * (1 - jnp.array(OWN)) - weights[:, 1] * jnp.array(OWN)
    np.testing.assert_allclose(20 * naive, jax.grad(total)(logits), rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["naive", "loqa", "advantage_alignment"])
def test_the_sampled_update_converges_to_the_exact_one_as_the_batch_grows(algorithm):
    game, shaping = IPD(episode_length=10), Shaping()
    solved = solve(game, OWN, OTHER, DISCOUNT)
    exact = expected_weights(solved, shaping, DISCOUNT, algorithm)
    other_values = solve(game, OTHER, OWN, DISCOUNT).values[:, OTHER_VIEW]

    def sampled(key):
        """Weights of one episode, with the critics' values exact, by situation and action."""
        players = (MemoryOne(OWN), MemoryOne(OTHER))
        episode = play_episode(key, game, players, ((), ()))
        situations = episode.observations[:, 0].argmax(-1)
        steps = jnp.arange(11)
        advantages = gae(episode.rewards[:, 0], solved.values[steps, situations], DISCOUNT, 0.0)
        view = two_sides(
            advantages,
            advantages,
            solved.other_action_values[steps[:-1], situations[:-1]],
            episode.actions[:, 1],
            episode.rewards[:, 1],
            gae(episode.rewards[:, 1], other_values[steps, situations], DISCOUNT, 0.0),
        )
        own, aligned = ALGORITHMS[algorithm](view, shaping.model, DISCOUNT)
        weights = (own + shaping.weight * aligned) / 10
        return jnp.zeros((5, 2)).at[situations[:-1], episode.actions[:, 0]].add(weights)

    samples = jax.jit(jax.vmap(sampled))(jax.random.split(jax.random.key(0), 40_000))
    errors = [np.abs(samples[:batch].mean(0) - exact).max() for batch in (400, 40_000)]
    standard_error = np.asarray(samples.std(0) / np.sqrt(len(samples)))
    assert (np.abs(samples.mean(0) - exact) < 5 * standard_error + 1e-5).all()
    assert errors[1] < errors[0] / 3  # a hundredfold batch: a tenth of the error, or thereabouts


def test_mean_rewards_are_what_play_gives():
    game = IPD(episode_length=10)
    players = (MemoryOne(OWN), MemoryOne(OTHER))
    keys = jax.random.split(jax.random.key(1), 20_000)
    episodes = jax.jit(jax.vmap(lambda key: play_episode(key, game, players, ((), ()))))(keys)
    # A mean reward has a standard deviation below 1, so 5 standard errors are 0.035.
    np.testing.assert_allclose(
        episodes.rewards.mean((0, 1)), mean_rewards(game, OWN, OTHER), atol=0.035
    )


def test_mean_rewards_of_pure_players_are_exact():
    np.testing.assert_allclose(mean_rewards(IPD(), ALWAYS_COOPERATE, ALWAYS_DEFECT), [-3, 0])
    # tit for tat loses the first of 50 steps only: (-3 - 49 * 2) / 50 and (0 - 49 * 2) / 50
    np.testing.assert_allclose(
        mean_rewards(IPD(), TIT_FOR_TAT, ALWAYS_DEFECT), [-2.02, -1.96], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("other", "total", "last_defection"),
    [
        (ALWAYS_COOPERATE, 0.0, 50),
        (ALWAYS_DEFECT, -100.0, 50),
        # Cooperate with tit for tat up to the last step, and take 0 there: 49 * -1.
        (TIT_FOR_TAT, -49.0, 1),
    ],
)
def test_the_best_response_to_pure_players_is_known(other, total, last_defection):
    values, cooperates = best_response(IPD(), other)
    assert values[0, 0] == pytest.approx(total)
    on_path = cooperates[:, 1 if last_defection == 1 else 4]
    assert on_path.tolist() == [True] * (50 - last_defection) + [False] * last_defection


@pytest.mark.slow
def test_no_memory_one_player_does_better_than_the_best_response():
    game = IPD(episode_length=8)
    best = best_response(game, OTHER)[0][0, 0] / 8
    for pure in product((0.0, 1.0), repeat=5):
        assert mean_rewards(game, pure, OTHER)[0] <= best + 1e-5


def test_an_algorithm_without_a_closed_form_is_refused():
    solved = solve(IPD(), OWN, OTHER, DISCOUNT)
    with pytest.raises(ValueError, match="got 'loqa_n_step'"):
        expected_weights(solved, Shaping(), DISCOUNT, "loqa_n_step")
