"""Three players: a public good whose means are known in closed form, and what is made of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from public_good import GAME, PAID, PublicGood, pays

from loqa_agents import DenseGRU, Evaluator, Inputs, NetworkPolicy, mean_rewards
from loqa_envs import make_player


def policy_of(game: PublicGood) -> NetworkPolicy:
    return NetworkPolicy(DenseGRU(), Inputs.of(game), 2)


def actor(game: PublicGood, action: int) -> dict:
    """A network that always takes that action."""
    params = policy_of(game).init(jax.random.key(0))
    logits = jnp.array([30.0, -30.0], jnp.float32) * (1 - 2 * action)
    return jax.tree.map(lambda leaf: jnp.broadcast_to(logits, leaf.shape), params)


def together(*actors: dict) -> dict:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *actors)


@pytest.mark.parametrize("actions", [(0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 1, 1)])
def test_three_players_get_what_arithmetic_says(actions):
    names = [("always_cooperate", "always_defect")[action] for action in actions]
    policies = [make_player(name, GAME, seat) for seat, name in enumerate(names)]
    found = mean_rewards(jax.random.key(0), GAME, policies, [()] * 3, 2)
    np.testing.assert_allclose(found, [pays(a, actions.count(0)) for a in actions])


@pytest.mark.slow
@pytest.mark.parametrize("players", [1, 2, 3, pytest.param(4, marks=pytest.mark.slow)])
def test_an_agent_meets_scripted_players_in_one_to_all_other_seats(players):
    game = PublicGood(num_players=players)
    actors = together(actor(game, 0), actor(game, 1))
    found = Evaluator(game, policy_of(game)).evaluate(jax.random.key(0), actors, 1)
    itself = [pays(0, players), pays(1, 0)]
    np.testing.assert_allclose(found.self_play, np.repeat(np.array([itself]).T, players, 1))
    np.testing.assert_allclose(found.info["gave"], [[1] * players, [0] * players])
    expected = {}
    for theirs, name in enumerate(("always_cooperate", "always_defect")):
        for number in range(1, players):
            row = name if players == 2 else f"{name} x{number}"
            givers = [(players - number) * (own == 0) + number * (theirs == 0) for own in (0, 1)]
            expected[row] = [[pays(who, n) for who, n in zip(pair, givers, strict=True)]
                             for pair in ((0, 1), (theirs, theirs))]  # fmt: skip
    assert list(found.versus) == list(expected)
    for row, (agent, opponent) in expected.items():
        np.testing.assert_allclose(found.versus[row].agent.mean(-1), agent)
        np.testing.assert_allclose(found.versus[row].opponent.mean(-1), opponent)


@pytest.mark.slow
def test_where_seats_differ_each_is_measured():
    actors = together(actor(PAID, 0))
    found = Evaluator(PAID, policy_of(PAID)).evaluate(jax.random.key(0), actors, 1)
    np.testing.assert_allclose(found.self_play, [[0.5, 1.5, 2.5]])
    one, two = found.versus["always_defect x1"], found.versus["always_defect x2"]
    np.testing.assert_allclose(one.agent, [[0, 1, 2]])
    # 1 for a free ride, and the mean wage of the other seats: while the agent sits in seat 0,
    # whichever of seats 1 and 2 is not its copy's.
    np.testing.assert_allclose(one.opponent, [[1 + 1.5, 1 + 1, 1 + 0.5]])
    np.testing.assert_allclose(two.agent, [[-0.5, 0.5, 1.5]])
    np.testing.assert_allclose(two.opponent, [[0.5 + 1.5, 0.5 + 1, 0.5 + 0.5]])


@pytest.mark.slow
@pytest.mark.parametrize("game", [GAME, PAID])
def test_seeds_meet_in_cross_play_one_among_two_of_the_other(game):
    actors = together(actor(game, 0), actor(game, 1), actor(game, 1))
    found = Evaluator(game, policy_of(game)).cross_play(jax.random.key(0), actors, 1)
    # The giver among two keepers gets -1/2, the keeper among two givers 1.
    wages = np.arange(3) * game.wages
    np.testing.assert_allclose(found, np.array([[0.25], [0.25], [0]]) + wages)
