"""Agents that others trained, as their authors stored them."""

import json
import math
import os
import pickle
from functools import partial
from pathlib import Path

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.core import FrozenDict

from loqa_agents import play_episode
from loqa_agents.players.published.reader import MAX_BYTES, PublishedAgent, load
from loqa_envs import CoinGame, make_player

WIDTH, MEMORY = 6, 5


def dense(random, inputs, outputs):
    return {"kernel": matrix(random, inputs, outputs), "bias": matrix(random, outputs)}


def matrix(random, *shape):
    return random.normal(size=shape).astype(np.float32)


def flax_actor(random, layers):
    """What flax 0.7 stores of an actor with one or two dense layers before its GRU."""
    gru = {f"i{gate}": dense(random, WIDTH, MEMORY) for gate in "rzn"}
    gru |= {f"h{gate}": {"kernel": matrix(random, MEMORY, MEMORY)} for gate in "rz"}
    gru["hn"] = dense(random, MEMORY, MEMORY)
    actor = {"GRUCell": gru, "linear1": dense(random, 36, WIDTH)}
    if layers == 2:
        actor["linear2"] = dense(random, WIDTH, WIDTH)
    return actor | {"linear_end": dense(random, MEMORY, 4)}


def loqa(seed=0, layers=2, **settings):
    random = np.random.default_rng(seed)
    first, second = ({"params": {"params": {"actor_head": {"ScanPOLAGruCell_0": actor}}}}
                     for actor in (flax_actor(random, layers) for _ in range(2)))  # fmt: skip
    game = {"height": 3, "width": 3, "gnumactions": 4, "game_length": 50}
    return {"agent0": first, "agent1": second, "hp": {"seed": 45, "game": game} | settings}


def advantage_alignment(seed=0):
    return loqa(seed, layers=1, proximal=False)


def pola(seed=0):
    random = np.random.default_rng(seed)
    return [FrozenDict({"params": flax_actor(random, 1)}) for _ in range(2)]


def mfos(seed=0):
    random = np.random.default_rng(seed)
    channels = 3
    shapes = {
        "conv_a_0": (channels, 7, 3, 3),
        "conv_a_1": (channels, channels, 3, 3),
        "linear_a_0": (WIDTH, 9 * channels),
        "linear_a": (4, MEMORY),
        "linear_v": (1, MEMORY),
    }
    arrays = {f"{name}.weight": matrix(random, *shape) for name, shape in shapes.items()}
    arrays |= {f"{name}.bias": matrix(random, shape[0]) for name, shape in shapes.items()}
    for kind, width in [("ih", WIDTH), ("hh", MEMORY)]:
        arrays[f"GRU_a.weight_{kind}_l0"] = matrix(random, 3 * MEMORY, width)
        arrays[f"GRU_a.bias_{kind}_l0"] = matrix(random, 3 * MEMORY)
    return arrays


MAKERS = {"loqa": loqa, "advantage_alignment": advantage_alignment, "pola": pola, "mfos": mfos}


@pytest.fixture
def stored(tmp_path, write):
    """Store what one of the makers makes, and say where."""

    def store(agent, name="agent.pth"):
        torch = isinstance(agent, dict) and "conv_a_0.weight" in agent
        path = tmp_path / name
        path.write_bytes(write.saved_by_torch(agent) if torch else pickle.dumps(agent, 4))
        return path

    return store


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def gru_step(state, inputs, gates):
    """One unit after the other, from ``(weights, bias, own weights, own bias)`` of each gate.

    Kernels are ``[in, out]``.
    """
    new_state = []
    for unit in range(MEMORY):
        into, own = {}, {}
        for gate, (kernel, bias, own_kernel, own_bias) in gates.items():
            into[gate] = sum(kernel[i, unit] * inputs[i] for i in range(WIDTH)) + bias[unit]
            own[gate] = sum(own_kernel[i, unit] * state[i] for i in range(MEMORY)) + own_bias[unit]
        reset = sigmoid(into["r"] + own["r"])
        update = sigmoid(into["z"] + own["z"])
        new = math.tanh(into["n"] + reset * own["n"])
        new_state.append((1 - update) * new + update * state[unit])
    return np.array(new_state)


def flax_logits(actor, observations):
    state, rows = np.zeros(MEMORY), []
    nothing = np.zeros(MEMORY)
    gru = actor["GRUCell"]
    gates = {
        gate: (gru[f"i{gate}"]["kernel"], gru[f"i{gate}"]["bias"], gru[f"h{gate}"]["kernel"],
               gru[f"h{gate}"].get("bias", nothing))
        for gate in "rzn"
    }  # fmt: skip
    for observation in observations:
        features = np.maximum(
            observation @ actor["linear1"]["kernel"] + actor["linear1"]["bias"], 0
        )
        if "linear2" in actor:
            features = features @ actor["linear2"]["kernel"] + actor["linear2"]["bias"]
        state = gru_step(state, features, gates)
        rows.append(state @ actor["linear_end"]["kernel"] + actor["linear_end"]["bias"])
    return np.array(rows)


def torus_convolution(weight, bias, planes):
    """As torch's with ``padding=1, padding_mode="circular"``: a weighted sum of the neighbours."""
    out = np.zeros((len(weight), 3, 3))
    for o, row, column in np.ndindex(out.shape):
        out[o, row, column] = bias[o] + sum(
            weight[o, c, i, j] * planes[c, (row + i - 1) % 3, (column + j - 1) % 3]
            for c, i, j in np.ndindex(weight.shape[1:])
        )
    return out


def mfos_logits(layers, planes_of_steps):
    state, rows = np.zeros(MEMORY), []
    third = [slice(i * MEMORY, (i + 1) * MEMORY) for i in range(3)]
    gates = {
        gate: (layers["GRU_a.weight_ih_l0"][part].T, layers["GRU_a.bias_ih_l0"][part],
               layers["GRU_a.weight_hh_l0"][part].T, layers["GRU_a.bias_hh_l0"][part])
        for gate, part in zip("rzn", third, strict=True)
    }  # fmt: skip
    for planes in planes_of_steps:
        for name in ("conv_a_0", "conv_a_1"):
            planes = torus_convolution(layers[f"{name}.weight"], layers[f"{name}.bias"], planes)
            planes = np.maximum(planes, 0)
        features = layers["linear_a_0.weight"] @ planes.ravel() + layers["linear_a_0.bias"]
        state = gru_step(state, np.maximum(features, 0), gates)
        rows.append(layers["linear_a.weight"] @ state + layers["linear_a.bias"])
    return np.array(rows)


def said(agent, observations):
    """The agent's logits at each step."""
    carry, rows = agent.initial_carry(), []
    for observation in observations:
        logits, carry = agent.policy.logits(agent.params, carry, observation)
        rows.append(logits)
    return np.array(rows)


@pytest.mark.parametrize("name", ["loqa", "advantage_alignment", "pola"])
def test_the_networks_of_flax_say_what_slow_arithmetic_says(stored, name):
    agent = MAKERS[name]()
    first = agent[0]["params"] if name == "pola" else (
        agent["agent0"]["params"]["params"]["actor_head"]["ScanPOLAGruCell_0"]
    )  # fmt: skip
    observations = np.random.default_rng(1).integers(0, 2, (4, 36)).astype(np.float32)
    expected = flax_logits(first, observations)
    np.testing.assert_allclose(said(load(stored(agent)), observations), expected, rtol=1e-4)


def board(me, them, mine=None, theirs=None):
    planes = np.zeros((4, 3, 3), np.float32)
    for plane, cell in zip(planes, (me, them, mine, theirs), strict=True):
        if cell is not None:
            plane[divmod(cell, 3)] = 1
    return planes


# Each step's coin is taken by who stands on its cell at the next one. Only in the first step and
# after the last but one does nobody stand there.
EPISODE = [
    (board(0, 1, mine=2), (0, 0)),
    (board(2, 4, theirs=5), (1, 0)),  # I took my coin
    (board(5, 3, theirs=6), (1, -2)),  # I took theirs
    (board(5, 6, mine=4), (0, 1)),  # they took theirs
    (board(8, 4, mine=7), (-2, 1)),  # they took mine
    (board(7, 7, theirs=1), (-1, 1)),  # both took mine: 1 - 2 and 1
    (board(1, 1, theirs=2), (1, -1)),  # both took theirs
    (board(0, 1, theirs=2), (0, 0)),
]


def test_an_mfos_agent_works_out_what_both_were_paid(stored):
    agent = load(stored(mfos()))
    carry = agent.initial_carry()
    for observation, rewards in EPISODE:
        planes = agent.policy.planes(carry, observation)
        expected = [*observation, *(np.full((3, 3), r) for r in rewards), np.zeros((3, 3))]
        np.testing.assert_array_equal(planes, expected)
        _, carry = agent.policy.logits(agent.params, carry, observation)


@pytest.mark.slow
def test_an_mfos_agent_is_paid_what_the_game_pays(stored):
    agent = load(stored(mfos()))
    episode = play_episode(jax.random.key(3), agent.game, (agent, agent), ((), ()))
    carry, seen = agent.initial_carry(), []
    for observation in episode.observations[:, 0]:
        seen.append(agent.policy.planes(carry, observation)[4:6, 0, 0])
        _, carry = agent.policy.logits(agent.params, carry, observation)
    np.testing.assert_array_equal(seen[1:], episode.rewards)
    assert np.any(episode.rewards)


def test_the_network_of_mfos_says_what_slow_arithmetic_says(stored):
    layers = mfos()
    planes = [
        np.concatenate([seen, np.broadcast_to(np.array([*paid, 0.0])[:, None, None], (3, 3, 3))])
        for seen, paid in EPISODE
    ]
    expected = mfos_logits(layers, planes)
    logits = said(load(stored(layers)), [seen for seen, _ in EPISODE])
    np.testing.assert_allclose(logits, expected, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_actions_are_drawn_from_the_softmax_of_the_logits(stored, name):
    agent = load(stored(MAKERS[name]()))
    seen = agent.game.observe(agent.game.reset(jax.random.key(0)))[0]
    logits, expected_carry = agent.policy.logits(agent.params, agent.initial_carry(), seen)
    keys = jax.random.split(jax.random.key(1), 10_000)
    actions, carry, _ = jax.vmap(lambda key: agent.act(key, (), agent.initial_carry(), seen))(keys)
    assert actions.dtype == np.int32
    jax.tree.map(lambda has, one: np.testing.assert_array_equal(has[0], one), carry, expected_carry)
    probabilities = jax.nn.softmax(logits)
    # Five standard errors of a share of 10,000 are at most 5 * 0.5 / 100.
    np.testing.assert_allclose(np.bincount(actions, minlength=4) / 1e4, probabilities, atol=0.025)


@pytest.mark.parametrize("name", MAKERS)
def test_each_format_is_recognised(stored, name):
    agent = load(stored(MAKERS[name](), "some agent.pkl"))
    assert (agent.algorithm, agent.name, agent.num_actions) == (name, "some agent", 4)
    assert agent.game.moves[0] == ("right" if name in ("pola", "mfos") else "left")
    assert agent.game.swap_view
    assert agent.game.episode_length == (16 if name == "mfos" else 50)
    assert repr(agent) == f"<published agent some agent by {name}>"


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_agents_of_one_architecture_can_be_played_as_one_batch(stored, name):
    agents = [load(stored(MAKERS[name](seed), f"{seed}.pkl")) for seed in (0, 1)]
    assert agents[0].policy == agents[1].policy
    assert hash(agents[0].policy) == hash(agents[1].policy)
    assert agents[0] != agents[1]
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *(agent.params for agent in agents))
    policy, game = agents[0].policy, agents[0].game
    assert {leaf.dtype for leaf in jax.tree.leaves(stacked)} == {np.dtype(np.float32)}
    play = jax.vmap(
        lambda params: play_episode(jax.random.key(0), game, (policy, policy), (params, params))
    )
    together = play(stacked).actions
    for agent, actions in zip(agents, together, strict=True):
        alone = play_episode(jax.random.key(0), game, (agent, agent), ((), ()))
        np.testing.assert_array_equal(actions, alone.actions)


def resolute(agent, action):
    """The same agent, except that it does one thing only."""
    output = agent[0]["params"]["linear_end"]
    output["kernel"][:] = 0
    output["bias"][:] = 100 * (np.arange(4) == action)
    return agent


def test_the_moves_of_pola_are_numbered_anew(stored):
    game, key = CoinGame(), jax.random.key(0)
    seen = game.observe(game.reset(key))[1]
    for action, name in enumerate(("right", "left", "down", "up")):
        agent = resolute([{"params": flax_actor(np.random.default_rng(0), 1)}], action)
        player = make_player(load(stored(agent)), game, 1)
        chosen, *_ = player.act(key, (), player.initial_carry(), seen)
        assert game.action_names[int(chosen)] == name


@pytest.mark.parametrize("preset", ["loqa", "pola"])
@pytest.mark.parametrize("name", MAKERS)
def test_a_published_agent_is_an_opponent_in_an_environment(stored, name, preset):
    agent = load(stored(MAKERS[name]()))
    env = gymnasium.make("loqa/CoinGame-v0", preset=preset, opponent=agent, episode_length=5)
    env.reset(seed=0)
    for _ in range(5):
        _, _, _, truncated, info = env.step(0)
        assert info["opponent_reward"] in (-2, -1, 0, 1)
    assert truncated


def test_a_published_agent_of_another_game_is_refused(stored):
    with pytest.raises(ValueError, match=r"size must be \(4, 4\), is \(3, 3\)"):
        make_player(load(stored(loqa())), CoinGame(size=4), 0)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nowhere"):
        load(tmp_path / "nowhere")


def test_a_folder_is_no_agent(tmp_path):
    with pytest.raises(ValueError, match=r"must be a file; .* is a folder"):
        load(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, MAX_BYTES + 1)
    with pytest.raises(ValueError, match=f"at most {MAX_BYTES} bytes; .*large has {MAX_BYTES + 1}"):
        load(path)


def without(tree, *keys):
    *path, last = keys
    inner = tree
    for key in path:
        inner = inner[key]
    del inner[last]
    return tree


def changed(tree, value, *keys):
    *path, last = keys
    inner = tree
    for key in path:
        inner = inner[key]
    inner[last] = value(inner[last]) if callable(value) else value
    return tree


ACTOR = ("agent0", "params", "params", "actor_head", "ScanPOLAGruCell_0")


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        ({"weights": np.ones(2)}, "it must hold agent0 .*; it is a dict with 'weights'"),
        ([], "it must hold agent0 .*; it is a list"),
        ({}, "it is a dict with nothing"),
        (without(loqa(), "hp"), "it must hold agent0 .* and hp"),
        (without(loqa(), *ACTOR, "GRUCell", "hn", "bias"), "must hold GRUCell/hn/bias"),
        (without(loqa(), *ACTOR, "linear1"), "must hold linear1/kernel"),
        (changed(loqa(), {}, *ACTOR, "linear3"), "got a dict with 'linear3' beside"),
        (changed(loqa(), 4, "hp", "game", "width"), r"linear1/kernel must have .*\(48, 'any"),
        (changed(loqa(), 0, "hp", "game", "game_length"), "CoinGame.episode_length must be"),
        (changed(loqa(), [1], "hp", "game", "game_length"), "it must hold agent0"),
        (
            changed(loqa(), lambda a: a[:, 1:], *ACTOR, "GRUCell", "hz", "kernel"),
            r"GRUCell/hz/kernel must have the shape \(5, 5\), it has \(5, 4\)",
        ),
        (
            changed(loqa(), lambda a: a.astype(float), *ACTOR, "linear1", "bias"),
            "linear1/bias must be an array of float32, it is an array of float64",
        ),
        (changed(loqa(), lambda a: a * np.nan, *ACTOR, "linear1", "bias"), "must be finite"),
        (changed(loqa(), lambda a: a[:0], *ACTOR, "GRUCell", "hn", "bias"), r"it has \(0,\)"),
        (changed(loqa(), "text", *ACTOR, "linear1", "bias"), "it is a str"),
        (
            [{"params": changed(flax_actor(np.random.default_rng(0), 1), np.ones((35, 6), "f4"),
                                "linear1", "kernel")}],
            "four square planes, got 35",
        ),
        (without(mfos(), "linear_a.bias"), "must hold linear_a.bias"),
        (changed(mfos(), lambda a: a[:, :4], "conv_a_0.weight"), r"\('any', 7, 3, 3\), it has"),
        (changed(mfos(), lambda a: a[:, :4], "linear_a_0.weight"), "3 square planes, got 4"),
        (changed(mfos(), lambda a: a[1:], "GRU_a.bias_hh_l0"), r"must have the shape \(15,\)"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_its_format_is_refused(stored, agent, message):
    with pytest.raises(ValueError, match=f"agent.pth is not: .*{message}"):
        load(stored(agent))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "neither a pickle .* nor a zip archive"),
        (b"# text\n", "neither a pickle .* nor a zip archive"),
        (b"(dp0\n.", "neither a pickle .* nor a zip archive"),
        (b"PK\x03\x04", "no whole torch archive"),
        (pickle.dumps(loqa(), 4)[:-100], "no whole pickle"),
        (b"\x80\x04cos\nsystem\nX\x04\x00\x00\x00true\x85R.", "it names 'os.system'"),
    ],
)
def test_a_file_of_no_known_format_is_refused(tmp_path, content, message):
    path = tmp_path / "agent.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"agent.pth is not: .*{message}"):
        load(path)


PUBLISHED = Path(
    os.environ.get("LOQA_PUBLISHED_AGENTS")
    or Path(__file__).resolve().parents[2].parent / "shared/published_agents"
)
RESULTS = PUBLISHED / "published_league.json"
SCRIPTED = {"Always Cooperate": "always_cooperate", "Always Defect": "always_defect"}


@pytest.fixture(scope="module")
def published() -> dict[str, PublishedAgent]:
    """The real ones, by their names in the published results."""
    agents = {}
    for file in (PUBLISHED / "loqa").iterdir():
        agents[f"loqa_{file.name}"] = load(file)
    for file in (PUBLISHED / "advantage_alignment").iterdir():
        number = file.name.removeprefix("aa_baseline_minimal_state_")
        agents[f"advantage_alignment_new_baseline_{number}"] = load(file)
    for file in (PUBLISHED / "pola").iterdir():  # numbered in the order of seeds
        seed = int(file.stem.split("_seed")[1].split("_")[0])
        agents[f"pola_new_{seed - 1}"] = load(file)
    for file in (PUBLISHED / "mfos_3x3").iterdir():
        agents[f"mfos_{file.stem}"] = load(file)
    return agents


@partial(jax.jit, static_argnames=("game", "policies"))
def mean_rewards_of_episodes(key, game, policies, params):
    keys = jax.random.split(key, 512)
    play = partial(play_episode, game=game, policies=policies, params=params)
    return jax.vmap(lambda key: jnp.mean(play(key).rewards, 0))(keys)


def seated(agents, name, game, seat):
    """Policy and parameters of who has that name in the published results."""
    if name not in agents:
        return make_player(SCRIPTED.get(name, name), game, seat), ()
    agent = agents[name]
    player = make_player(Seen(agent.policy, agent.game), game, seat)
    return player, agent.params


class Seen:
    """A policy that says for which game it is, and compares as both do.

    With parameters as an argument, agents of one architecture share a compiled program.
    """

    def __init__(self, policy, game):
        self.policy, self.game = policy, game
        self.num_actions = policy.num_actions
        self.initial_carry, self.act = policy.initial_carry, policy.act

    def __eq__(self, other):
        return (self.policy, self.game) == (other.policy, other.game)

    def __hash__(self):
        return hash((self.policy, self.game))


@pytest.mark.slow
@pytest.mark.skipif(not RESULTS.is_file(), reason="the published agents are not here")
@pytest.mark.parametrize(
    "table",
    [
        "league_20230924_1503_all_results_matrix.pkl",
        "advantage_alignment_new_baseline.pkl",
        "mfos_results_matrix.pkl",
    ],
)
def test_published_agents_play_their_published_results_again(published, table):
    results = json.loads(RESULTS.read_text())["files"][table]
    game = CoinGame(episode_length=results["episode_length"])
    key, deviations = jax.random.key(0), {}
    for pair, expected in results["pairs_of_the_agents_here"].items():
        key, pair_key = jax.random.split(key)
        players = [seated(published, n, game, seat) for seat, n in enumerate(pair.split(" | "))]
        policies, params = zip(*players, strict=True)
        means = np.asarray(mean_rewards_of_episodes(pair_key, game, policies, params))
        # They played 32 episodes of this spread.
        errors = means.std(0, ddof=1) * np.sqrt(1 / 32 + 1 / len(means))
        deviations[pair] = (means.mean(0) - expected) / errors
    table_of_all = np.array(list(deviations.values()))
    assert len(table_of_all) > 20
    assert np.abs(table_of_all).max() < 4, deviations
    # Were all differences chance, their squares would be one on average.
    assert np.sqrt((table_of_all**2).mean()) < 1.3
