"""PPO's losses against NumPy, its passes over minibatches, and what it learns anywhere."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from host_environments import Leavers
from public_good import GAME, PAID

from loqa_agents import Agent, DenseGRU, HostTrainer, Trainer, Training, load_agent, save_agent
from loqa_agents.algorithms.ppo.ippo import IPPO
from loqa_agents.algorithms.ppo.losses import Minibatch, clipped_surrogate, value_loss
from loqa_agents.algorithms.ppo.passes import passes
from loqa_envs import IPD, MatrixGame

SHAPE, CLIP = (5, 6), 0.2
COOPERATION_PAYS = MatrixGame((1, 1, 0, 0), episode_length=8)
SMALL = DenseGRU(hidden=(8,))


def _minibatch():
    numbers = np.random.default_rng(0)
    old, new = numbers.normal(-1.0, 0.3, (2, *SHAPE))
    values, now = numbers.normal(0.0, 0.5, (2, *SHAPE))
    advantages = numbers.normal(1.0, 2.0, SHAPE)
    played = np.arange(6)[None] < numbers.integers(2, 7, (5, 1))
    arrays = (old, values, advantages)
    return Minibatch((), jnp.zeros(SHAPE), *map(jnp.array, arrays), jnp.array(played)), new, now


def test_the_surrogate_is_ppos_of_normal_advantages_over_the_steps_that_were_played():
    batch, new, _ = _minibatch()
    played = [place for place in np.ndindex(SHAPE) if batch.played[place]]
    assert 10 < len(played) < 30
    advantages = np.array([batch.advantages[place] for place in played])
    advantages = (advantages - advantages.mean()) / advantages.std(ddof=1)
    total, cut = 0.0, set()
    for advantage, place in zip(advantages, played, strict=True):
        ratio = np.exp(new[place] - float(batch.log_probabilities[place]))
        if advantage > 0:  # no more gain above 1.2
            total += -advantage * min(ratio, 1 + CLIP)
            cut |= {"up"} if ratio > 1 + CLIP else set()
        else:
            total += -advantage * max(ratio, 1 - CLIP)
            cut |= {"down"} if ratio < 1 - CLIP else set()
    assert cut == {"up", "down"}
    found = clipped_surrogate(batch, jnp.array(new), CLIP)
    assert float(found) == pytest.approx(total / len(played), rel=1e-5)


def test_the_loss_of_values_is_half_the_larger_square_of_values_that_move_and_that_are_held():
    batch, _, now = _minibatch()
    losses, held = [], set()
    for place in np.ndindex(SHAPE):
        if not batch.played[place]:
            continue
        old = float(batch.values[place])
        target = old + float(batch.advantages[place])
        near = min(max(now[place], old - CLIP), old + CLIP)
        squares = (now[place] - target) ** 2, (near - target) ** 2
        held.add(int(np.argmax(squares)))
        losses.append(max(squares) / 2)
    assert held == {0, 1}
    assert float(value_loss(batch, jnp.array(now), CLIP)) == pytest.approx(np.mean(losses), 1e-5)


@pytest.mark.slow
def test_the_loss_adds_up_its_parts_and_its_entropy_is_that_of_the_policy():
    learner = IPPO(actor=SMALL, critic=SMALL, entropy=0.3, value_weight=0.7)
    state = learner.init(jax.random.key(0), COOPERATION_PAYS)
    seen = jnp.eye(5)[jnp.array([[0, 1, 2, 3, 4, 1]] * 5)]
    batch, *_ = _minibatch()
    batch = batch._replace(observations=seen, actions=jnp.zeros(SHAPE, jnp.int32))
    loss, parts = learner.loss(state.params, COOPERATION_PAYS, batch)
    said = learner.policy(COOPERATION_PAYS).log_probabilities(state.params.actor, seen[0])
    rates = np.exp(np.array(said, np.float64))
    entropies = np.broadcast_to(-(rates * np.log(rates)).sum(-1), SHAPE)
    assert float(parts["entropy"]) == pytest.approx(entropies[np.array(batch.played)].mean(), 1e-5)
    expected = parts["actor_loss"] + 0.7 * parts["critic_loss"] - 0.3 * parts["entropy"]
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)


def test_every_pass_takes_each_episode_once_and_in_another_order():
    def step(seen, minibatch):
        return seen + 1, minibatch

    steps, taken = passes(jax.random.key(0), jnp.arange(12), 3, 4, step, 0)
    assert steps == 12
    assert taken.shape == (3, 4, 3)
    orders = np.array(taken).reshape(3, 12)
    assert (np.sort(orders) == np.arange(12)).all()
    assert len({tuple(order) for order in orders}) == 3


@pytest.mark.slow
def test_minibatches_that_are_not_of_one_size_are_refused():
    learner = IPPO(actor=SMALL, critic=SMALL, minibatches=5)
    trainer = Trainer(IPD(episode_length=3), learner, Training(episodes=8), seeds=(0,))
    with pytest.raises(ValueError, match=r"minibatches must divide .* got 5 for 16 episodes"):
        trainer.advance(trainer.init(), 0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("network", [DenseGRU(), DenseGRU(hidden=(8,), memory=8)])
def test_it_learns_what_pays_whatever_the_other_does(network):
    learner = IPPO(actor=network, critic=network, learning_rate=0.01)
    trainer = Trainer(COOPERATION_PAYS, learner, Training(updates=60), seeds=(0, 1))
    state, _ = trainer.advance(trainer.init(), 0, 60)
    actors = learner.params(state.learners[0]).actor
    found = trainer.evaluator().evaluate(jax.random.key(0), actors, 128)
    assert found.self_play.min() > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("game", [GAME, PAID])
@pytest.mark.parametrize(
    "training",
    [
        Training(episodes=12),
        Training(episodes=12, pool=2, opponents=2, scripted=("always_defect",)),
    ],
)
def test_it_trains_three_players_with_anyone(game, training):
    learner = IPPO(actor=SMALL, critic=SMALL)
    trainer = Trainer(game, learner, training, seeds=(0,))
    state, metrics = trainer.advance(trainer.init(), 0, 2)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((state, metrics)))


@pytest.mark.slow
def test_it_trains_in_an_environment_of_others():
    learner = IPPO(actor=SMALL, critic=SMALL)
    trainer = HostTrainer(Leavers, learner, Training(episodes=8), seeds=(0,))
    state, metrics = trainer.advance(trainer.init(), 0, 2)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((state, metrics)))
    trainer.close()


def test_its_agents_are_saved_and_loaded(tmp_path: Path):
    learner, game = IPPO(actor=SMALL, critic=SMALL, epochs=2), IPD(episode_length=5)
    params = jax.device_get(learner.params(learner.init(jax.random.key(0), game)))
    save_agent(tmp_path / "agent.safetensors", Agent(game, learner, params, seed=3))
    loaded = load_agent(tmp_path / "agent.safetensors")
    assert loaded.learner == learner
    jax.tree.map(np.testing.assert_array_equal, loaded.actor_critic, params)


@pytest.mark.slow
def test_a_long_way_down_is_no_number_too_large():
    learner = IPPO(anneal=10**6, epochs=1000, minibatches=1000)
    state = learner.init(jax.random.key(0), GAME)
    ones = jax.tree.map(jnp.ones_like, state.params)
    changes, _ = learner._optimizer.update(ones, state.optimizer)
    assert all(np.all(leaf < 0) for leaf in jax.tree.leaves(changes))
