"""Where seats differ, a player is told its own, learns in each and is measured in each."""

from dataclasses import replace

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.algorithms.algorithm import ActorCritic
from loqa_agents.algorithms.learner import Learner
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.inputs import Inputs
from loqa_agents.players.agent import Agent, load_agent, save_agent
from loqa_agents.runs.report import Episode
from loqa_agents.runs.results import evaluate_agents
from loqa_agents.training.evaluation import Evaluator
from loqa_agents.training.means import mean_rewards
from loqa_agents.training.trainer import Trainer
from loqa_agents.training.updates import Training
from loqa_envs import (
    IPD,
    CoinGame,
    Leaf,
    MatrixGame,
    ObservationSpec,
    SwitchPolicy,
    Tremble,
    make_player,
)

SIDES = MatrixGame(((1, 1, 0, 0), (0, 0, 1, 1)), episode_length=6)
"""The first seat is paid for action 0, the second for action 1, whatever the other does."""


def knowing() -> Agent:
    """An agent that does what pays in either seat: who forgets where it sits gets 0 in one."""
    learner = Learner()
    params = learner.init(jax.random.key(0), SIDES).params
    actor = jax.tree.map(lambda leaf: _of_sides(leaf.shape), params.actor)
    return Agent(SIDES, learner, ActorCritic(actor, jax.device_get(params.critic)), 7)


def _of_sides(shape):
    assert shape == (10, 2)  # a table for each seat
    return np.repeat(np.array([[20, -20], [-20, 20]], np.float32), 5, axis=0)


VECTORS = [Leaf((3,)), Leaf((3,), "categories", (3, 1, 3))]


@pytest.mark.slow
@pytest.mark.parametrize("leaf", VECTORS, ids=lambda leaf: leaf.kind)
@pytest.mark.parametrize("network", [DenseGRU(), DenseGRU(hidden=(7,), memory=5)])
def test_each_seat_has_first_weights_of_its_own(network, leaf):
    inputs, both = (Inputs(ObservationSpec(leaf), seats=seats) for seats in (1, 2))
    params = network.init(jax.random.key(0), both, 2)
    rows = np.array([[0, 1, 3], [2, 0, 2], [3, 1, 0]], np.int32 if leaf.table_sizes else float)
    sizes = leaf.table_sizes or (1, 1, 1)
    widths = np.repeat(sizes, 2) if leaf.table_sizes else np.array([3, 3])
    parts = [
        np.arange(start - width, start)
        for start, width in zip(widths.cumsum(), widths, strict=True)
    ]
    for seat in (0, 1):
        # What is left of the weights is those of a network that knows of one seat only.
        own = np.concatenate(parts[seat::2])
        first = "table" if leaf.table_sizes else "Dense_0"

        def cut(path, leaf, own=own, first=first):
            names = [part.key for part in path]
            return leaf[own] if first in names and leaf.ndim == 2 else leaf

        alone = jax.tree_util.tree_map_with_path(cut, params)
        placed = jax.vmap(lambda row, seat=seat: both.placed(row, seat))(rows)
        np.testing.assert_allclose(
            network.unroll(params, both, placed, 2),
            network.unroll(alone, inputs, rows, 2),
            atol=1e-6,
        )


def test_where_seats_are_alike_nothing_is_told():
    assert Inputs.of(IPD()) == Inputs(ObservationSpec(Leaf((5,))))
    policy = Learner().policy(IPD())
    assert policy.in_seat(0) is policy.in_seat(1) is policy
    assert Inputs.of(SIDES).seats == 2
    assert Inputs.of(CoinGame(num_players=3, tie="first")).seats == 3


def test_a_player_that_must_be_told_its_seat_does_not_guess_it():
    agent = knowing()
    seen = SIDES.observe(SIDES.reset(jax.random.key(0)))[1]
    with pytest.raises(ValueError, match=r"tells 2 seats apart must be told its own, as make_pl"):
        agent.act(jax.random.key(0), (), agent.initial_carry(), seen)


WRAPPERS = {
    "itself": lambda agent: agent,
    "trembling": lambda agent: Tremble(agent, 0.0),
    "twice": lambda agent: Tremble(Tremble(agent, 0.0), 0.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("wrapped", WRAPPERS.values(), ids=WRAPPERS)
def test_an_agent_plays_as_what_it_is_in_the_seat_where_it_sits(wrapped):
    agent = wrapped(knowing())
    seats = [make_player(agent, SIDES, seat) for seat in (0, 1)]
    rewards = mean_rewards(jax.random.key(0), SIDES, seats, ((), ()), 4)
    assert rewards.tolist() == [1, 1]
    episode = Episode.play(SIDES, ("a", "b"), (agent, agent), jax.random.key(0))
    assert episode.actions.tolist() == [[0, 1]] * 6


def test_one_of_several_players_sits_where_it_is_seated():
    players = SwitchPolicy((knowing(), Tremble(knowing(), 0.0)))
    for seat in (0, 1):
        action, *_ = make_player(players, SIDES, seat).act(
            jax.random.key(0), 1, make_player(players, SIDES, seat).initial_carry(), jnp.eye(5)[0]
        )
        assert action == seat


@pytest.mark.parametrize("seat", [0, 1])
def test_an_agent_is_an_opponent_from_its_own_seat(seat):
    env = gymnasium.make(
        "loqa/MatrixGame-v0", payoffs=SIDES.payoffs, episode_length=6, opponent=knowing(),
        seat=seat,
    )  # fmt: skip
    env.reset(seed=0)
    assert all(env.step(0)[4]["opponent_reward"] == 1 for _ in range(6))


def test_a_saved_agent_has_a_seat_no_more_than_before(tmp_path):
    save_agent(tmp_path / "a.safetensors", make_player(knowing(), SIDES, 1))
    again = load_agent(tmp_path / "a.safetensors")
    assert again.seat is None
    assert make_player(again, SIDES, 0).seat == 0


@pytest.mark.slow
def test_results_say_what_an_agent_gets_in_each_seat():
    always_first = replace(
        knowing(), actor_critic=ActorCritic(_one_sided(knowing()), knowing().actor_critic.critic)
    )
    results = evaluate_agents([knowing(), always_first], 1)
    assert results["self_play"] == [1, 0.5]
    assert [results["by_seat"][seat]["self_play"] for seat in "01"] == [[1, 1], [1, 0]]
    assert [results["by_seat"][seat]["cross_play"] for seat in "01"] == [[1], [0.5]]
    met = [results["by_seat"][seat]["versus"]["always_defect"] for seat in "01"]
    assert met == [{"agent": [1, 1], "opponent": [1, 1]}, {"agent": [1, 0], "opponent": [0, 0]}]
    assert "cooperation" not in results
    rates = [results["by_seat"][seat]["cooperation"]["CC"] for seat in "01"]
    assert rates == [[1, 1], [0, 1]]
    assert "by_seat" not in evaluate_agents([_new(IPD(episode_length=4))], 1)


def _one_sided(agent):
    return jax.tree.map(lambda leaf: np.tile(leaf[:5], (2, 1)), agent.actor_critic.actor)


def _new(game):
    learner = Learner()
    return Agent(game, learner, learner.init(jax.random.key(0), game).params, 0)


WAYS = {
    "self": {},
    "pool": {
        "pool": 4, "opponents": 4, "newest": 1, "both_seats": True, "scripted": ("random",),
    },
    "rival": {"rival": "naive"},
    "exact": {"exact": True},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=[pytest.mark.slow] * (way != "pool")) for way in WAYS]
)
def test_every_way_of_training_learns_what_pays_in_each_seat(way):
    learner = Learner(algorithm="naive", actor_learning_rate=5e-2, exploration=0.3)
    training = Training(updates=60, episodes=16, evaluate_every=60, **WAYS[way])
    trainer = Trainer(SIDES, learner, training, (0,), jax.devices()[:1])
    state, _ = trainer.advance(trainer.init(), 0, 60)
    for own in state.learners:
        found = Evaluator(SIDES, learner.policy(SIDES)).evaluate(
            jax.random.key(0), own.params.actor, 512
        )
        assert found.self_play.min() > 0.9


@pytest.mark.parametrize(
    ("way", "episodes", "share"),
    [({"pool": 2, "opponents": 4}, 12, 8), ({"rival": "naive"}, 3, 2)],
)
def test_episodes_that_seats_cannot_share_are_refused(way, episodes, share):
    with pytest.raises(
        ValueError, match=rf"episodes must be a multiple of {share}; got {episodes}"
    ):
        Trainer(SIDES, Learner(), Training(episodes=episodes, **way), (0,), jax.devices()[:1])
    Trainer(IPD(), Learner(), Training(episodes=episodes, **way), (0,), jax.devices()[:1])
