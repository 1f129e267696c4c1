"""SHAPER: trials, what is remembered in them, and the step that follows from them."""

import json
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents import DenseGRU, load_agent
from loqa_agents.algorithms.algorithm import Context
from loqa_agents.algorithms.evolution import trials
from loqa_agents.algorithms.evolution.shaper import Shaper, centred_ranks
from loqa_agents.algorithms.evolution.trials import Teacher
from loqa_agents.cli import main as cli
from loqa_agents.networks.network import Network
from loqa_envs import IPD, PublicGoods

GAME = IPD(episode_length=4)
CONTEXT = Context(jnp.int32(0), (), (0,), lambda key, actors, episodes: None, 2)
CERTAIN = 100.0


@dataclass(frozen=True)
class Counter(Network):
    """A network whose memory is a number, and whose parameter says what it does with it."""

    def init(self, key, inputs, num_outputs):
        return jnp.zeros(())

    def initial_carry(self):
        return np.zeros((), np.float32)

    def counts(self, observation):
        return 1.0

    def cooperates(self, memory, params):
        return memory < params

    def apply(self, params, inputs, carry, observation, num_outputs, clock=None):
        carry = carry + self.counts(observation)
        sign = jnp.where(self.cooperates(carry, params), CERTAIN, -CERTAIN)
        return jnp.stack([sign, -sign]), carry


class CountsDefections(Counter):
    """Defects while what it remembers is no whole number."""

    def counts(self, observation):
        return observation[2] + observation[4]  # it sees what both did, the other's D in CD and DD

    def cooperates(self, memory, params):
        return abs(memory - jnp.round(memory)) < 0.2


def learner_gets(network, params, inner_episodes, game=GAME, episodes=2):
    shaper = Shaper(actor=network, inner_episodes=inner_episodes)
    context = CONTEXT._replace(episodes=episodes)
    trial = jax.jit(lambda params: went(shaper, params, context, game))
    return float(trial(jnp.float32(params))[1])


def went(shaper, params, context, game=GAME):
    player = Teacher(shaper.policy(game), params, shaper.inner_episodes)
    return trials.trial(jax.random.key(0), game, player, shaper.opponent, context)


@pytest.mark.slow
def test_memory_goes_on_from_episode_to_episode():
    # One that forgot would never come to its ninth step, and always cooperate.
    always = learner_gets(Counter(), 99, 3)
    assert learner_gets(Counter(), 13, 3) == always
    assert learner_gets(Counter(), 9, 3) < always - 0.4  # -2 in 4 of 12 steps


@pytest.mark.slow
def test_memory_is_the_mean_over_a_batch():
    # With 65 episodes the mean of whole numbers is none but by chance.
    game = IPD(episode_length=2)
    assert learner_gets(CountsDefections(), 0, 2, game, 65) < -1.2
    assert learner_gets(CountsDefections(), 0, 2, game, 1) > -0.8


def test_ranks_are_spread_evenly():
    np.testing.assert_allclose(centred_ranks(jnp.array([3.0, -9.0, 1e6])), [0, -0.5, 0.5])
    np.testing.assert_allclose(centred_ranks(jnp.array([2.0, 2.0, 2.0])), [0, 0, 0])
    np.testing.assert_allclose(centred_ranks(jnp.array([2.0, 1.0, 2.0])), [0.25, -0.5, 0.25])


@pytest.mark.slow
def test_a_naive_learner_comes_to_defect_against_a_cooperator():
    shaper = Shaper(actor=DenseGRU(), inner_episodes=30)
    always = jnp.tile(jnp.array([CERTAIN, -CERTAIN]), (5, 1))
    actor = jax.tree.map(lambda leaf: always, shaper.init(jax.random.key(0), GAME).actor)
    context = CONTEXT._replace(episodes=16)
    own, other = went(shaper, actor, context)
    assert own < -2.4
    assert other > -0.4


@pytest.mark.slow
def test_a_step_goes_where_trials_were_better(monkeypatch):
    shaper = Shaper(actor=DenseGRU(), pairs=64, learning_rate=0.01)
    state = shaper.init(jax.random.key(0), GAME)

    def trial(key, game, player, learner, context):  # best where this one is highest
        return jnp.stack([jax.tree.leaves(player.params)[0][2, 1], 0.0])

    monkeypatch.setattr("loqa_agents.algorithms.evolution.shaper.trial", trial)
    after, metrics = shaper.update(jax.random.key(1), GAME, state, [], CONTEXT)
    (moved,) = jax.tree.leaves(jax.tree.map(jnp.subtract, after.actor, state.actor))
    assert moved[2, 1] == pytest.approx(0.01, rel=1e-3)  # Adam's first step
    assert metrics["shaper"] == jax.tree.leaves(state.actor)[0][2, 1]


def test_a_game_of_three_is_refused():
    with pytest.raises(ValueError, match="shaper needs two players whose seats are alike"):
        Shaper().init(jax.random.key(0), PublicGoods(num_players=3))


@pytest.mark.slow
def test_it_trains_and_plays(tmp_path, capsys):
    out = tmp_path / "run"
    cli.main([
        "train", "ipd", "--algorithm", "shaper", "--actor.memory", "4", "--episode-length", "5",
        "--episodes", "2", "--inner-episodes", "2", "--pairs", "2", "--seeds", "0",
        "--updates", "2", "--evaluate-every", "1", "--out", str(out),
    ])  # fmt: skip
    assert "Results, agents and pictures are in" in capsys.readouterr().out
    agent = load_agent(out / "agents" / "0.safetensors")
    assert agent.learner.label == "shaper"
    assert agent.learner.knows == frozenset()
    results = json.loads((out / "results.json").read_text())
    assert results["env_steps"] == 2 * (2 * 2 + 1) * 2 * 2 * 5


@pytest.mark.slow
def test_it_comes_to_extort_a_naive_learner():
    # Defectors get -1.7 of this learner and leave -2.1; see the lab book for ten seeds.
    game, shaper = IPD(episode_length=20), Shaper(actor=DenseGRU())
    state, context = shaper.init(jax.random.key(0), game), CONTEXT._replace(episodes=4)
    update = jax.jit(lambda key, state: shaper.update(key, game, state, [], context))
    for number in range(60):
        state, metrics = update(jax.random.fold_in(jax.random.key(0), number), state)
    assert metrics["shaper"] > -1.3
    assert metrics["learner"] < metrics["shaper"]
