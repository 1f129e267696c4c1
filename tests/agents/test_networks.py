import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.common.rollout import play_episode
from loqa_agents.networks.critic import Critic
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs import IPD, Leaf, ObservationSpec

KINDS = [DenseGRU(), DenseGRU(hidden=(7,)), DenseGRU(memory=6), DenseGRU(hidden=(7, 5), memory=6)]


def numbers(size: int, clock: bool = False) -> Inputs:
    return Inputs(ObservationSpec(Leaf((size,))), clock)


@pytest.mark.parametrize("network", KINDS)
def test_a_sequence_is_the_steps_one_after_another(network):
    params = network.init(jax.random.key(0), numbers(3), 2)
    inputs = jax.random.normal(jax.random.key(1), (5, 3))
    carry, outputs = network.initial_carry(), []
    for row in inputs:
        output, carry = network.apply(params, numbers(3), carry, row, 2)
        outputs.append(output)
    np.testing.assert_allclose(
        network.unroll(params, numbers(3), inputs, 2), jnp.stack(outputs), atol=1e-6
    )


@pytest.mark.parametrize("network", [DenseGRU(memory=6), DenseGRU(hidden=(7,), memory=6)])
def test_memory_reaches_later_steps_but_not_earlier_ones(network):
    params = network.init(jax.random.key(0), numbers(3), 2)
    inputs = jax.random.normal(jax.random.key(1), (5, 3))
    changed = inputs.at[2].add(1.0)
    differs = jnp.any(
        network.unroll(params, numbers(3), inputs, 2)
        != network.unroll(params, numbers(3), changed, 2),
        axis=1,
    )
    assert differs.tolist() == [False, False, True, True, True]


@pytest.mark.slow
@pytest.mark.parametrize("clock", [False, True])
def test_integers_are_looked_up_as_one_hot_inputs_would_be(clock):
    """The table's rows are a dense layer's weights of one-hot inputs."""
    network, sizes = DenseGRU(hidden=(7,), memory=6), (4, 2, 4)
    inputs = Inputs(ObservationSpec(Leaf((3,), "categories", np.array(sizes) - 1)), clock)
    params = network.init(jax.random.key(0), inputs, 2)
    rows = np.array([[0, 1, 3], [2, 0, 2], [3, 1, 0]])
    one_hot = np.concatenate([np.eye(n)[rows[:, i]] for i, n in enumerate(sizes)], axis=1)
    time = jnp.linspace(0, 1, 3) if clock else None
    layers = dict(params["params"])
    dense = layers.pop("Dense_0") if clock else {"kernel": np.zeros((0, 7)), "bias": np.zeros(7)}
    kernel = jnp.concatenate([layers.pop("table"), dense["kernel"]])
    # Without a clock the first dense layer has no place among the parameters of the other network.
    others = {name: leaf for name, leaf in layers.items() if name.startswith("Dense")}
    names = sorted(others)
    renamed = {f"Dense_{i + 1}": others[name] for i, name in enumerate(names)}
    same = {"Dense_0": {"kernel": kernel, "bias": dense["bias"]}, "memory": layers["memory"]}
    expected = network.unroll({"params": same | renamed}, numbers(10, clock), one_hot, 2, time)
    np.testing.assert_allclose(network.unroll(params, inputs, rows, 2, time), expected, atol=1e-6)


def test_a_network_of_nothing_is_a_table():
    params = DenseGRU().init(jax.random.key(0), numbers(5), 2)
    (table,) = jax.tree.leaves(params)
    np.testing.assert_array_equal(DenseGRU().unroll(params, numbers(5), jnp.eye(5), 2), table)


def test_actions_follow_the_probabilities():
    policy = NetworkPolicy(DenseGRU(), numbers(1), 3)
    probabilities = jnp.array([0.2, 0.5, 0.3])
    params = jax.tree.map(lambda leaf: jnp.log(probabilities)[None], policy.init(jax.random.key(0)))
    act = jax.jit(jax.vmap(lambda key: policy.act(key, params, (), jnp.ones(1))[0]))
    actions = act(jax.random.split(jax.random.key(1), 50_000))
    assert actions.dtype == jnp.int32
    # The standard error of a rate is below 0.0023.
    np.testing.assert_allclose(np.bincount(actions) / 50_000, probabilities, atol=0.011)
    logits = policy.log_probabilities(params, jnp.ones((4, 1)))
    np.testing.assert_allclose(jnp.exp(logits), jnp.tile(probabilities, (4, 1)), rtol=1e-5)


@pytest.mark.parametrize("finite_horizon", [True, False])
def test_only_the_finite_horizon_critic_knows_the_end(finite_horizon):
    critic = Critic(DenseGRU(hidden=(4,)), numbers(5, finite_horizon), 2, 0.9)
    params = critic.init(jax.random.key(0))
    values = critic.action_values(params, jnp.ones((4, 5)))
    assert values.shape == (4, 2)
    if finite_horizon:
        np.testing.assert_array_equal(values[-1], 0.0)
        assert (values[0] != values[1]).any()
    else:
        np.testing.assert_allclose(values[0], values[-1], rtol=1e-6)


def test_the_critic_scales_its_output_by_the_discounted_steps_that_remain():
    critic = Critic(DenseGRU(), numbers(1, True), 1, 0.5)
    params = jax.tree.map(jnp.zeros_like, critic.init(jax.random.key(0)))
    params = jax.tree.map(lambda leaf: leaf.at[0].set(1.0), params)  # one a step, whatever is seen
    values = critic.action_values(params, jnp.ones((4, 1)))
    # 1 + 0.5 + 0.25; 1 + 0.5; 1; 0
    np.testing.assert_allclose(values[:, 0], [1.75, 1.5, 1.0, 0.0])


@pytest.mark.parametrize("wrong", [{"hidden": (0,)}, {"hidden": (2,) * 65}, {"memory": -1}])
def test_widths_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=f"DenseGRU.{next(iter(wrong))} must be .*got"):
        DenseGRU(**wrong)


@pytest.mark.parametrize("network", KINDS)
def test_what_is_noted_in_play_is_what_the_actor_says_to_the_whole_episode(network):
    game = IPD(episode_length=5)
    player = NetworkPolicy(network, Inputs.of(game), 2, 0.3)
    params = player.init(jax.random.key(0))
    episode = play_episode(jax.random.key(1), game, (player,) * 2, (params,) * 2)
    said = player.log_probabilities(params, episode.observations[:, 1])
    np.testing.assert_allclose(episode.extras[1]["log_probabilities"], said[:-1], atol=1e-6)
    last, _ = player.step(params, episode.carries[1], episode.observations[-1, 1])
    np.testing.assert_allclose(last, said[-1], atol=1e-6)


def test_matrices_are_decomposed_one_at_a_time():
    """jaxlib 0.10 hangs where two batches of decompositions wait for each other's threads."""
    init = jax.vmap(jax.vmap(lambda key: DenseGRU(memory=6).init(key, numbers(3), 2)))
    program = jax.jit(init).lower(jax.random.split(jax.random.key(0), (2, 3))).as_text()
    calls = re.findall(r"custom_call @lapack\w+\(.*: \(tensor<([^>]*)xf32>", program)
    assert calls
    assert all(shape == "6x6" for shape in calls)
