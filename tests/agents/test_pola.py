"""Proximal LOLA: its objective, and that it finds tit for tat."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents import Trainer, Training
from loqa_agents.algorithms.gradient_play.derivatives import Derivatives
from loqa_agents.algorithms.gradient_play.lola_exact import LolaExact
from loqa_agents.algorithms.gradient_play.pola import Pola, divergence
from loqa_envs import IPD


@pytest.fixture(scope="module")
def here():
    """Two players with two parameters each."""
    weights = np.random.default_rng(1).normal(size=(2, 4, 4)).astype(np.float32)

    def losses(at):
        return jnp.sin(jnp.einsum("pij,i,j->p", weights, at.ravel(), at.ravel()) / 3)

    return Derivatives(losses, jnp.array([[0.3, -0.2], [0.5, 0.1]], jnp.float32))


@pytest.mark.slow
def test_one_step_is_a_step_of_lola(here):
    moved = Pola(steps=1, learning_rate=0.2, opponent_rate=0.7).moved(here.at[1], here, 1)
    direction = LolaExact(form="step", opponent_rate=0.7).direction(here)[1]
    np.testing.assert_allclose(moved, here.at[1] - 0.2 * direction, rtol=1e-5)


@pytest.mark.slow
def test_many_steps_solve_the_proximal_problem(here):
    learner = Pola(steps=2000, learning_rate=0.1, penalty=2.0, opponent_rate=0.3)
    solution = learner.moved(here.at[0], here, 0)

    def objective(own):
        other = (
            here.at[1]
            - 0.3 * Derivatives(here.losses, jnp.stack([own, here.at[1]])).simultaneous[1]
        )
        return here.losses(jnp.stack([own, other]))[0] + 2.0 * divergence(here.at[0], own)

    least = float(objective(solution))
    assert least < float(objective(here.at[0])) - 1e-3
    for index in range(2):
        for way in (-0.05, 0.05):
            assert float(objective(solution.at[index].add(way))) > least


@pytest.mark.slow
def test_a_large_penalty_holds_a_player_where_it_is(here):
    free, held = (
        Pola(penalty=penalty, learning_rate=1e-3, steps=500).moved(here.at[0], here, 0)
        for penalty in (0.0, 500.0)
    )
    assert float(jnp.abs(held - here.at[0]).max()) < 0.1 * float(jnp.abs(free - here.at[0]).max())


def test_steps_of_the_others_feel_their_penalty_from_the_second_on(here):
    def answer(**settings):
        learner = Pola(opponent_rate=0.5, **settings)
        return np.asarray(learner._answered(here, here.at, 0)[1])

    np.testing.assert_allclose(answer(opponent_penalty=2.0), answer(), rtol=1e-6)
    twice, held = answer(opponent_steps=2), answer(opponent_steps=2, opponent_penalty=2.0)
    assert np.linalg.norm(held - here.at[1]) < np.linalg.norm(twice - here.at[1])


def test_the_divergence_is_that_of_two_coins():
    old, new = np.array([0.3, 0.8]), np.array([0.6, 0.5])
    expected = np.mean(old * np.log(old / new) + (1 - old) * np.log((1 - old) / (1 - new)))
    odds = (np.log(p / (1 - p)).astype(np.float32) for p in (old, new))
    assert float(divergence(*odds)) == pytest.approx(expected, rel=1e-5)


def test_polas_players_find_tit_for_tat_in_the_contribution_game():
    path = Path(__file__).parents[2] / "benchmarks" / "results" / "pola.json"
    row = json.loads(path.read_text())["rows"]["pola"]
    returns, cooperation = np.array(row["returns"]), np.array(row["cooperation"])
    assert cooperation.shape == (10, 2, 5)
    found = (returns.mean(1) > 0.8 * 0.33) & (cooperation[..., [2, 4]] < 0.65).all((1, 2))
    assert found.sum() >= 8
    assert row["found"] == found.tolist()


@pytest.mark.slow
def test_pola_finds_tit_for_tat_in_sixty_updates():
    learner, game = Pola(), IPD("pola")
    trainer = Trainer(game, learner, Training(rival="pola", updates=60), seeds=range(3))
    state, _ = trainer.advance(trainer.init(), 0, 60)
    cooperation = jax.nn.sigmoid(np.stack(state.learners, 1))
    assert float(cooperation[..., [0, 1, 3]].min()) > 0.8
    assert float(cooperation[..., [2, 4]].max()) < 0.65
