"""What networks make of images and of named arrays, and what agents of 0.1.0 still say."""

import json
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loqa_agents import (
    CNN,
    Agent,
    DenseGRU,
    Inputs,
    Learner,
    Network,
    Trainer,
    Training,
    load_agent,
    mean_rewards,
)  # fmt: skip
from loqa_agents.networks.cnn import Convolutions
from loqa_agents.networks.network import networks
from loqa_envs import CoinGame, Leaf, ObservationSpec, make_player
from loqa_envs.adapters.pettingzoo import parallel_env

BYTES = Inputs(ObservationSpec(Leaf((5, 4, 2), "image")))
FLOATS = Inputs(ObservationSpec(Leaf((5, 4, 2), "image", dtype="float32")))
EVERYTHING = Inputs(
    ObservationSpec(
        {
            "board": Leaf((5, 4, 2), "image"),
            "map": Leaf((3, 3, 1), "image", dtype="float32"),
            "last": Leaf((2,), "categories", (2, 4)),
            "owner": Leaf((), "categories", 3),
            "tilt": Leaf((3,), low=-1),
            "stock": Leaf((2,), high=100, dtype="int32"),
        }
    ),
    clock=True,
)
NETWORKS = [
    DenseGRU(),
    DenseGRU((7,), memory=3),
    CNN(channels=(3,)),
    CNN((7,), memory=3, channels=(3, 4), circular=True, stride=2),
]


def seen(inputs: Inputs, seed: int, steps: int = 4) -> Any:
    """Observations of so many steps, anywhere within the bounds."""
    generator = np.random.default_rng(seed)

    def draw(leaf: Leaf) -> Any:
        low, high = leaf.bounds
        unit = generator.random((steps, *leaf.shape))
        values = low + unit * (high.astype(float) - low + (leaf.dtype != "float32"))
        return values.astype(leaf.dtype)

    return jax.tree.map(draw, inputs.spec.tree)


@pytest.mark.slow
@given(
    image=arrays(np.uint8, (1, 6, 5, 2)),
    down=st.integers(-6, 6),
    right=st.integers(-5, 5),
    kernel=st.sampled_from([2, 3, 5]),
)
def test_on_a_torus_what_is_seen_moves_with_the_image(image, down, right, kernel):
    see = on_a_torus(kernel)
    moved = np.roll(image, (down, right), (1, 2))
    np.testing.assert_allclose(
        see(moved.astype(np.float32)),
        np.roll(see(image.astype(np.float32)), (down, right), (1, 2)),
        rtol=1e-4, atol=1e-3,
    )  # fmt: skip


@cache
def on_a_torus(kernel):
    look = Convolutions(CNN(channels=(3, 2), kernel=kernel, circular=True))
    params = look.init(jax.random.key(kernel), jnp.zeros((1, 6, 5, 2)))
    return jax.jit(partial(look.apply, params))


def test_without_a_torus_an_edge_is_an_edge():
    image = jnp.zeros((1, 6, 5, 1)).at[0, 0, 0].set(1.0)
    for circular, reaches in ((False, False), (True, True)):
        look = Convolutions(CNN(channels=(4,), circular=circular))
        params = look.init(jax.random.key(0), image)
        assert bool(look.apply(params, image)[0, -1, -1].any()) is reaches


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS[::3], ids=str)
def test_bytes_are_scaled_to_between_zero_and_one(network: Any):
    images = seen(BYTES, 0)
    params = network.init(jax.random.key(0), BYTES, 3)
    as_floats = images.astype(np.float32) / np.float32(255)
    np.testing.assert_allclose(
        network.unroll(params, BYTES, images, 3),
        network.unroll(params, FLOATS, as_floats, 3),
        rtol=1e-5, atol=1e-5,
    )  # fmt: skip
    vector = BYTES.vector(images[0])
    np.testing.assert_allclose(vector, as_floats[0].ravel(), rtol=1e-6)
    assert 0 <= vector.min() < 0.1
    assert 0.9 < vector.max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS[1::2], ids=str)
@pytest.mark.parametrize("seats", [1, 2])
def test_every_named_array_matters_and_so_do_the_weights_behind_it(network: Any, seats: int):
    inputs = EVERYTHING._replace(seats=seats)
    params = network.init(jax.random.key(0), inputs, 3)
    time = jnp.linspace(0, 1, 4, dtype=jnp.float32)

    def placed(observations: Any, seat: int) -> Any:
        return jax.vmap(lambda row: inputs.placed(row, seat))(observations)

    @partial(jax.jit, static_argnums=2)
    def outputs(params: Any, observations: Any, seat: int = 0) -> jax.Array:
        return network.unroll(params, inputs, placed(observations, seat), 3, time)

    one, other = seen(inputs, 1), seen(inputs, 2)
    before = outputs(params, one)
    for name in one:
        assert (outputs(params, one | {name: other[name]}) != before).any(), name
    if seats == 2:
        assert (outputs(params, one, 1) != before).any()
    gradient = jax.jit(jax.grad(lambda params: (outputs(params, one) ** 2).sum()))(params)
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradient):
        assert (leaf != 0).any(), jax.tree_util.keystr(path)
    convolutions = [name for name in params["params"] if name.startswith("Convolutions")]
    assert len(convolutions) == (2 if isinstance(network, CNN) else 0)


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS, ids=str)
@pytest.mark.parametrize("inputs", [BYTES, EVERYTHING], ids=["bytes", "everything"])
def test_a_sequence_is_the_steps_one_after_another(network: Any, inputs: Inputs):
    params = network.init(jax.random.key(0), inputs, 2)
    rows, time = seen(inputs, 0), jnp.linspace(0, 1, 4, dtype=jnp.float32)
    clock = time if inputs.clock else None
    unrolled = network.unroll(params, inputs, rows, 2, clock)
    by_step = Network.unroll(network, params, inputs, rows, 2, clock)  # what `apply` gives
    np.testing.assert_allclose(unrolled, by_step, atol=1e-5)


@pytest.mark.parametrize("inputs", [BYTES, EVERYTHING, EVERYTHING._replace(seats=3)], ids=str)
def test_a_vector_has_all_that_is_seen_as_numbers(inputs: Inputs):
    row = jax.tree.map(lambda rows: rows[0], seen(inputs, 5))
    clock = jnp.float32(0.25) if inputs.clock else None
    last = inputs.seats - 1
    vector = np.asarray(inputs.vector(inputs.placed(row, last), clock))
    assert vector.shape == (inputs.vector_size,)
    assert vector.dtype == np.float32
    if not inputs.clock:
        return
    assert vector[-1] == 0.25
    # In the order of the names; the categories' ones are in the block of the seat.
    board, last_two, world = 40 * inputs.seats, 8 * inputs.seats, 9 * inputs.seats
    ones = np.flatnonzero(vector[board : board + last_two])
    start = 3 * last, 3 * inputs.seats + 5 * last
    assert ones.tolist() == [start[0] + row["last"][0], start[1] + row["last"][1]]
    found = vector[board + last_two :][:world].reshape(inputs.seats, 9)
    np.testing.assert_array_equal(found[last], row["map"].ravel())
    assert not found[:last].any()


@pytest.mark.parametrize("seats", [2, 3])
def test_each_seat_has_channels_of_its_own(seats: int):
    """What is left of a kernel is that of a network that knows of one seat only."""
    network, told = CNN((6,), channels=(3,)), BYTES._replace(seats=seats)
    params = network.init(jax.random.key(0), told, 2)
    images = seen(BYTES, 0)
    for seat in range(seats):
        layers = dict(params["params"])
        convolution = layers["Convolutions_0"]["Conv_0"]
        kernel = convolution["kernel"][:, :, 2 * seat : 2 * seat + 2]
        layers["Convolutions_0"] = {"Conv_0": convolution | {"kernel": kernel}}
        rows = jax.vmap(lambda row, seat=seat: told.placed(row, seat))(images)
        np.testing.assert_allclose(
            network.unroll(params, told, rows, 2),
            network.unroll({"params": layers}, BYTES, images, 2),
            atol=1e-5,
        )


@pytest.mark.slow
def test_a_cnn_without_anything_to_convolve_is_refused():
    with pytest.raises(ValueError, match=r"cnn must be given an image.*int32\[4\] without any"):
        CNN().init(jax.random.key(0), Inputs.of(CoinGame(observation="index")), 4)
    CNN().init(jax.random.key(0), Inputs.of(CoinGame(channels_last=True)), 4)


def test_a_network_of_ones_own_needs_only_to_make_and_to_apply_its_parameters():
    @dataclass(frozen=True)
    class Running(Network):
        """Sums up what it saw."""

        def init(self, key: Any, inputs: Inputs, num_outputs: int) -> Any:
            return jnp.ones((inputs.vector_size, num_outputs), jnp.float32)

        def initial_carry(self) -> Any:
            return np.zeros((), np.float32)

        def apply(self, params, inputs, carry, observation, num_outputs, clock=None):  # type: ignore[no-untyped-def]
            outputs = inputs.vector(observation, clock) @ params + carry
            return outputs, outputs[0]

    inputs = Inputs(ObservationSpec(Leaf((2,))), clock=True)
    network, rows, time = Running(), jnp.eye(2), jnp.array([0.5, 0.25])
    params = network.init(jax.random.key(0), inputs, 3)
    assert network.unroll(params, inputs, rows, 3, time).tolist() == [[1.5] * 3, [2.75] * 3]
    assert network.has_memory
    assert not CNN().has_memory
    assert networks()["dense_gru"] is DenseGRU
    assert networks()["cnn"] is CNN


@pytest.mark.slow
@pytest.mark.parametrize("alike", [True, False])
def test_learners_learn_from_named_arrays(mixed_game, alike):
    game = replace(mixed_game, alike=alike)
    learner = Learner(
        algorithm="loqa", actor=CNN((16,), channels=(4,)), critic=DenseGRU((16,)), exploration=0.3
    )
    trainer = Trainer(game, learner, Training(episodes=16, updates=60), (0,), jax.devices()[:1])
    state, _ = trainer.advance(trainer.init(), 0, 60)
    learned = jax.tree.map(lambda leaf: np.asarray(leaf[0]), state.learners[0].params)
    agent = Agent(game, learner, learned, 0)
    seats = [make_player(agent, game, seat) for seat in (0, 1)]
    assert mean_rewards(jax.random.key(0), game, seats, ((), ()), 64).min() > 0.6
    env = parallel_env(game)
    seen, _ = env.reset(seed=0)
    player = agent.player(game, seat=1)
    assert player.act(seen["player_1"]) in range(3)
    with pytest.raises(ValueError, match=r"an observation of mixed must be numbers of the form"):
        player.act(seen["player_1"] | {"last": np.zeros(3)})


STORED = json.loads((Path(__file__).parent / "data" / "shipped.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", STORED)
def test_agents_of_version_0_1_0_say_what_they_said_then(name: str):
    """Log-probabilities and values on eight boards, as 0.1.0 gave them."""
    agent, said = load_agent(name), STORED[name]
    boards = np.array(said["observations"], np.int32)
    policy = agent.policy
    np.testing.assert_allclose(
        policy.log_probabilities(agent.params, boards), said["log_probabilities"], atol=2e-5
    )
    critic = agent.learner._critic(agent.game)  # type: ignore[attr-defined]
    np.testing.assert_allclose(
        critic.action_values(agent.actor_critic.critic, boards), said["values"], atol=1e-4
    )
