import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.common.rollout import play_episode
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs import IPD, Grim, MemoryOne, Random, Tremble

GAME = IPD(episode_length=6)
COOPERATE, DEFECT = MemoryOne((1,) * 5), MemoryOne((0,) * 5)


def test_an_episode_holds_what_was_seen_done_and_earned():
    episode = play_episode(jax.random.key(0), GAME, (Grim(), DEFECT), ((), ()))
    assert episode.observations.shape == (7, 2, 5)
    assert episode.actions.tolist() == [[0, 1]] + [[1, 1]] * 5
    assert episode.rewards.tolist() == [[-3.0, 0.0]] + [[-2.0, -2.0]] * 5
    assert episode.info["cooperated"].tolist() == [[1.0, 0.0]] + [[0.0, 0.0]] * 5
    # START, then CD for the one and DC for the other, then DD.
    assert episode.observations.argmax(-1).tolist() == [[0, 0], [2, 3]] + [[4, 4]] * 5


def test_seats_and_steps_have_random_numbers_of_their_own():
    game = IPD(episode_length=2000)
    actions = play_episode(jax.random.key(0), game, (Random(2), Random(2)), ((), ())).actions
    first, second = np.asarray(actions - 0.5).T
    # Correlations of independent coins have a standard error of 1 / sqrt(2000) = 0.022.
    assert abs((first * second).mean() * 4) < 0.1
    assert abs((first[1:] * first[:-1]).mean() * 4) < 0.1


@pytest.mark.slow
def test_a_key_is_used_once():
    policy = NetworkPolicy(DenseGRU(memory=3), Inputs.of(GAME), 2)
    params = policy.init(jax.random.key(0))
    with jax.debug_key_reuse(True):
        jax.jit(
            lambda key: (
                play_episode(key, GAME, (policy, Tremble(Random(2), 0.5)), (params, ())).rewards
            )
        )(jax.random.key(1))


@pytest.mark.slow
def test_episodes_side_by_side_are_the_episodes_one_by_one():
    keys = jax.random.split(jax.random.key(2), 5)
    players = (Tremble(COOPERATE, 0.3), Random(2))

    def play(key):
        return play_episode(key, GAME, players, ((), ()))

    together = jax.vmap(play)(keys)
    for i, key in enumerate(keys):
        alone = play(key)
        assert jax.tree.all(
            jax.tree.map(lambda a, b, i=i: bool(jnp.array_equal(a[i], b)), together, alone)
        )
