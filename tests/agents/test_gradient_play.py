"""Learners that follow exact gradients: derivatives by hand, and what they come to."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents import ActorCritic, Context, Learner, Trainer, Training, load_agent, run
from loqa_agents.algorithms.algorithm import algorithms
from loqa_agents.algorithms.dice.lola_dice import LolaDice
from loqa_agents.algorithms.dice.pola_dice import PolaDice
from loqa_agents.algorithms.gradient_play.derivatives import Derivatives
from loqa_agents.algorithms.gradient_play.naive_exact import NaiveExact, seated
from loqa_agents.algorithms.named import algorithm_named
from loqa_agents.cli import main as cli
from loqa_envs import IPD, CoinGame, MatrixGame, PublicGoods
from loqa_envs.matrix_games.outcomes import endless_values
from loqa_envs.matrix_games.solve import solve

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "exact_baselines.json"
RATE = 0.5
X, Y = 0.6, -0.8


def made(name, **settings):
    return algorithms()[name](**settings)


@pytest.fixture
def bilinear():
    """The first player loses x y, the second player gets it."""

    def losses(at):
        product = at[0, 0] * at[1, 0]
        return jnp.stack([product, -product])

    return Derivatives(losses, jnp.array([[X], [Y]], jnp.float32))


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("naive_exact", {}, (Y, -X)),
        # H_o ξ = (-x, -y) and χ = (-x, -y).
        ("lookahead", {"opponent_rate": RATE}, (Y + RATE * X, -X + RATE * Y)),
        ("lola_exact", {"opponent_rate": RATE}, (Y + 2 * RATE * X, -X + 2 * RATE * Y)),
        (
            "lola_exact",
            {"opponent_rate": RATE, "form": "shaping"},
            (Y + RATE * X, -X + RATE * Y),
        ),
        # d/dx x (y + η x), and d/dy of -(x - η y) y.
        (
            "lola_exact",
            {"opponent_rate": RATE, "form": "step"},
            (Y + 2 * RATE * X, -X + 2 * RATE * Y),
        ),
        # Shaping points along ξ_0, and |ξ| = 1: nothing is taken back.
        ("sos", {"opponent_rate": RATE}, (Y + 2 * RATE * X, -X + 2 * RATE * Y)),
        (
            "cgd",
            {"opponent_rate": RATE},
            ((Y + RATE * X) / (1 + RATE**2), (RATE * Y - X) / (1 + RATE**2)),
        ),
    ],
)  # fmt: skip
def test_directions_are_those_worked_out_by_hand_for_a_bilinear_game(
    bilinear, name, settings, expected
):
    direction = made(name, **settings).direction(bilinear)
    np.testing.assert_allclose(direction[:, 0], expected, rtol=1e-6)


def test_sos_fades_near_a_fixed_point(bilinear):
    near = Derivatives(bilinear.losses, 0.05 * bilinear.at)
    first = made("lookahead").direction(near)
    shaping = made("lola_exact").direction(near) - first
    # |ξ|² is 0.0025.
    np.testing.assert_allclose(made("sos").direction(near), first + 0.0025 * shaping, rtol=1e-5)


def test_sos_takes_back_no_more_than_its_share_where_shaping_points_against_the_rest():
    def losses(at):  # of a game of two whose shaping leads uphill
        return jnp.stack([at[0, 0] * at[1, 0] + at[1, 0], at[0, 0] * at[1, 0] + at[0, 0]])

    here = Derivatives(losses, jnp.array([[2.0], [2.0]], jnp.float32))
    first = made("lookahead", opponent_rate=0.1).direction(here)
    shaping = made("lola_exact", opponent_rate=0.1).direction(here) - first
    assert jnp.vdot(shaping, first) < -0.1 * jnp.vdot(first, first)
    direction = made("sos", opponent_rate=0.1, alignment=0.1).direction(here)
    kept = jnp.vdot(direction - first, first) / jnp.vdot(first, first)
    assert float(kept) == pytest.approx(-0.1, rel=1e-4)


@pytest.fixture(scope="module")
def three_players():
    """Losses of three players with two parameters each, smooth and of no symmetry."""
    weights = np.random.default_rng(0).normal(size=(3, 6, 6)).astype(np.float32)

    def losses(at):
        flat = at.ravel()
        return jnp.sin(jnp.einsum("pij,i,j->p", weights, flat, flat) / 4)

    return Derivatives(losses, jnp.array([[0.3, -0.2], [0.5, 0.1], [-0.4, 0.2]], jnp.float32))


@pytest.mark.slow
def test_derivatives_of_three_players_are_those_of_finite_differences(three_players):
    here, width = three_players, 1e-2

    def shifted(index, way):
        return here.at.at[index].add(way * width)

    def difference(of, index):
        return (of(shifted(index, 1)) - of(shifted(index, -1))) / (2 * width)

    @jax.jit
    def gradients(at):
        return Derivatives(here.losses, at).simultaneous

    for index in np.ndindex(3, 2):
        np.testing.assert_allclose(
            here.gradients[:, index[0], index[1]], difference(here.losses, index), atol=2e-3
        )
        expected = np.array(difference(gradients, index))
        expected[index[0]] = 0  # of its own parameters nothing counts
        np.testing.assert_allclose(here.mixed[:, :, index[0], index[1]], expected, atol=2e-3)


@pytest.mark.slow
def test_a_small_step_looked_through_is_lola_of_first_order(three_players):
    small = 1e-3
    full, step = (
        made("lola_exact", opponent_rate=small, form=form).direction(three_players)
        for form in ("full", "step")
    )
    naive = three_players.simultaneous
    np.testing.assert_allclose((step - naive) / small, (full - naive) / small, atol=2e-2)
    assert float(jnp.abs(full - naive).max()) / small > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("discount", [0.0, 0.5, 0.9])
def test_endless_values_are_those_of_long_episodes(discount):
    game = MatrixGame(((-1, -3, 0.5, -2), (2, 0, 3, 1)), episode_length=300)
    own, other = jnp.array([0.7, 0.9, 0.3, 0.6, 0.2]), jnp.array([0.4, 0.8, 0.1, 0.7, 0.35])
    values = endless_values(game.outcomes, jnp.stack([own, other]), discount)
    found = [
        solve(game, own, other, discount).values[0, 0],
        solve(game, other, own, discount, seat=1).values[0, 0],
    ]
    np.testing.assert_allclose(values, found, rtol=1e-5, atol=1e-5)


def test_who_sits_where_is_told_from_the_seat_of_the_learner():
    rows = [jnp.array([[0.0], [1.0], [2.0]]), jnp.array([[10.0]]), jnp.array([[20.0]])]
    assert seated(rows, 0)[:, 0].tolist() == [0, 10, 20]
    assert seated(rows, 2)[:, 0].tolist() == [10, 20, 2]


@pytest.mark.slow
def test_where_seats_differ_a_learner_follows_the_gradient_of_each():
    game = MatrixGame("matching_pennies", episode_length=5)
    learner = NaiveExact(learning_rate=0.3)
    trainer = Trainer(game, learner, Training(updates=1), seeds=(0,))
    before = trainer.init().learners[0][0].reshape(2, 5)  # a state is used up
    after, _ = trainer.advance(trainer.init(), 0, 1)
    gradient = jax.grad(lambda at: learner.losses(game, at)[0])(before)[0]
    other = jax.grad(lambda at: learner.losses(game, at)[1])(before)[1]
    np.testing.assert_allclose(
        after.learners[0][0].reshape(2, 5), before - 0.3 * jnp.stack([gradient, other]), atol=1e-5
    )


@pytest.mark.slow
def test_each_of_three_players_follows_its_own_gradient():
    game, learner = PublicGoods(), NaiveExact(learning_rate=0.3, discount=0.8)
    own, second, third = (learner.init(jax.random.key(i), game) for i in range(3))
    context = Context(np.int32(0), (ActorCritic(second), ActorCritic(third)), (), None, 0)
    moved, metrics = learner.update(jax.random.key(0), game, own, (), context)

    def loss(odds):
        table = jax.nn.sigmoid(jnp.stack([odds, second, third]))
        return -endless_values(game.outcomes, table, 0.8)[0]

    np.testing.assert_allclose(moved, own - 0.3 * jax.grad(loss)(own), rtol=1e-4, atol=1e-6)
    assert float(metrics["value"]) == pytest.approx(-0.2 * float(loss(own)), rel=1e-5)


def test_exact_values_are_not_known_of_every_game():
    with pytest.raises(ValueError, match="exact values need a game whose every step is a lookup"):
        NaiveExact().init(jax.random.key(0), CoinGame())


def test_a_rival_must_train_a_player_of_the_same_form():
    training = Training(rival="naive")
    with pytest.raises(ValueError, match="a rival must train a player of the same form"):
        Trainer(IPD(), NaiveExact(), training, seeds=(0,))
    with pytest.raises(ValueError, match="a rival must train a player of the same form"):
        Trainer(IPD(), Learner(), Training(rival="sos"), seeds=(0,))


def test_a_rival_has_the_learners_settings_where_it_has_them():
    learner = made("lola_exact", opponent_rate=0.7, learning_rate=0.2)
    trainer = Trainer(IPD(), learner, Training(rival="sos"), seeds=(0,))
    assert trainer.learners[1] == made("sos", opponent_rate=0.7, learning_rate=0.2)


def test_a_setting_that_means_something_else_is_not_handed_over():
    pola = made("pola", discount=0.9, opponent_rate=4.0, learning_rate=0.2)
    assert algorithm_named("lola_exact", pola) == made("lola_exact", discount=0.9)
    assert algorithm_named("pola_dice", LolaDice(rate=0.7, inner_steps=3)) == PolaDice(
        inner_steps=3
    )


def test_the_pool_shows_no_parameters():
    with pytest.raises(ValueError, match="naive_exact asks for parameters"):
        Trainer(IPD(), NaiveExact(), Training(pool=4), seeds=(0,))


@pytest.mark.slow
def test_an_agent_of_an_exact_algorithm_is_saved_and_played(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cli.main([
        "train", "ipd", "--algorithm", "lola_exact", "--form", "shaping", "--rival", "naive_exact",
        "--updates", "20", "--seeds", "0-1", "--out", "run",
    ])  # fmt: skip
    capsys.readouterr()
    agent = load_agent(tmp_path / "run" / "agents" / "1.safetensors")
    assert agent.learner == made("lola_exact", form="shaping")
    assert agent.learner.label == "lola_exact"
    assert agent.player(seed=3).act(np.eye(5, dtype=np.float32)[0]) in (0, 1)
    cli.main(["play", "run/agents/0.safetensors", "--against", "tit_for_tat"])
    assert "Mean reward per step" in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_of_an_exact_algorithm_that_was_cut_ends_as_one_that_was_not(tmp_path):
    learner = made("sos")
    whole = run(IPD(), learner, Training(updates=6), (0, 1), tmp_path / "a", final_episodes=128)
    run(IPD(), learner, Training(updates=6), (0, 1), tmp_path / "b", final_episodes=128,
        minutes=1e-6)  # fmt: skip
    again = run(IPD(), learner, Training(updates=6), (0, 1), tmp_path / "b", final_episodes=128)
    assert again["self_play"] == whole["self_play"]


@pytest.mark.slow
def test_lola_reciprocates_where_naive_learners_defect():
    cooperation = {}
    for name in ("naive_exact", "lola_exact"):
        trainer = Trainer(IPD(), made(name), Training(rival=name), seeds=range(10))
        state, _ = trainer.advance(trainer.init(), 0, 100)
        cooperation[name] = np.median(jax.nn.sigmoid(state.learners[0]), axis=0)
    assert (cooperation["naive_exact"][[0, 2, 4]] < 0.1).all()
    assert (cooperation["lola_exact"][[0, 1, 3]] > 0.9).all()
    assert (cooperation["lola_exact"][[2, 4]] < 0.3).all()


@pytest.mark.parametrize(
    "row",
    # Means of fifty seeds have an error of their own, see the benchmark.
    [
        row
        for row in json.loads(RESULTS.read_text())["targets"]
        if "return of 50" not in row["what"]
    ],
    ids=lambda row: row["what"],
)
def test_the_reference_is_a_likely_draw_of_fifty_seeds(row):
    assert row["holds"]
