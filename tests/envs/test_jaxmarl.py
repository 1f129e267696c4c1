"""Environments of JaxMARL as games."""

import importlib
import importlib.util
import pickle
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents import Agent, DenseGRU, Learner, load_agent, save_agent
from loqa_agents.league import Entrant, play_league
from loqa_agents.league.summary import summary
from loqa_agents.scorecard.card import scorecard
from loqa_envs import CoinGame, make_game
from loqa_envs.adapters import from_jaxmarl
from loqa_envs.adapters.jaxmarl import game as module
from loqa_envs.keys import key
from loqa_envs.testing import check_game

slow = pytest.mark.slow
SHORT = {"num_inner_steps": 3, "num_outer_steps": 2}


@pytest.fixture(scope="module")
def jaxmarl():
    if importlib.util.find_spec("jaxmarl") is None:
        pytest.skip("the extra loqa[jaxmarl] is missing")
    return importlib.import_module("jaxmarl")


def mean_rewards(game, steps, episodes=8192):
    """``[E]``: mean over seats of what random play is paid in the first ``steps`` steps."""

    def play(episode_key):
        reset_key, *step_keys = jax.random.split(episode_key, steps + 1)
        state, total = game.reset(reset_key), jnp.float32(0)
        for step_key in step_keys:
            moves_key, chance = jax.random.split(step_key)
            moves = jax.random.randint(moves_key, (game.num_players,), 0, game.num_actions)
            state, rewards, info = game.step(chance, state, moves)
            total += rewards.mean()
        return total, rewards, info

    return jax.device_get(jax.jit(jax.vmap(play))(jax.random.split(key(3), episodes)))


def test_without_jaxmarl_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    module._made.cache_clear()
    with pytest.raises(ValueError, match=r'coin_game needs .*"loqa\[jaxmarl\]"'):
        from_jaxmarl("coin_game")


def test_agents_that_differ_are_refused():
    spaces = {"a": SimpleNamespace(n=2), "b": SimpleNamespace(n=3)}
    env = SimpleNamespace(agents=["a", "b"], action_space=spaces.get, max_steps=5)
    with pytest.raises(ValueError, match="same number of discrete actions; got a 2, b 3"):
        from_jaxmarl(env)


def test_an_environment_that_is_made_takes_no_settings():
    with pytest.raises(ValueError, match="got num_inner_steps"):
        from_jaxmarl(SimpleNamespace(agents=["a"]), num_inner_steps=3)


def test_the_length_of_an_episode_must_be_known():
    with pytest.raises(ValueError, match="episode_length must be given"):
        from_jaxmarl(SimpleNamespace(agents=["a"]))


@slow
@pytest.mark.parametrize(
    ("name", "settings", "length"),
    [("coin_game", SHORT, 6), ("coin_game", {"cnn": True, "egocentric": True}, 100),
     ("storm_2p", {"num_inner_steps": 8}, 8)],
)  # fmt: skip
def test_a_game_of_jaxmarl_keeps_the_laws(jaxmarl, name, settings, length):
    game = from_jaxmarl(name, **settings)
    assert game.episode_length == length
    check_game(game, steps=8)


@slow
def test_the_coin_game_pays_random_play_what_our_preset_does(jaxmarl):
    ours = CoinGame.preset("jaxmarl")
    theirs = from_jaxmarl(jaxmarl.make("coin_game"))
    steps = ours.episode_length - 1  # the inner episode's last one is paid by our preset only
    (one, _, _), (two, _, _) = (mean_rewards(game, steps) for game in (ours, theirs))
    error = np.sqrt((one.var() + two.var()) / len(one))
    assert abs(one.mean() - two.mean()) < 3 * error
    assert error < 0.03
    _, last, info = mean_rewards(theirs, steps + 1, 16)
    assert not last.any()
    assert info["inner_episode_done"].all()


@slow
def test_steps_are_those_of_the_environment(jaxmarl):
    env = jaxmarl.make("coin_game", **SHORT)
    game = from_jaxmarl(env)
    generator = np.random.default_rng(0)
    noise = generator.random((7, 2), np.float32)
    observations, inner = env.reset(module._key(noise[0]))
    state = game.initial_state(noise[0])
    for step, chance in enumerate(noise[1:]):
        actions = generator.integers(5, size=2).astype(np.int32)
        both = jax.random.split(module._key(chance))
        joint = dict(zip(env.agents, actions, strict=True))
        observations, inner, rewards, done, _ = env.step_env(both[0], inner, joint)
        assert bool(done["__all__"]) == (step == 5)
        if step == 5:  # the next episode begins at the outer boundary
            observations, inner = env.reset(both[1])
        state, paid, measured = jax.jit(game.transition)(state, actions, chance)
        np.testing.assert_array_equal(
            game.observe(state), np.stack([observations[agent] for agent in env.agents])
        )
        np.testing.assert_array_equal(paid, [rewards[agent] for agent in env.agents])
        assert measured["inner_episode_done"].tolist() == [float(step in (2, 5))] * 2


@slow
def test_leagues_scorecards_and_files_take_a_game_of_jaxmarl(jaxmarl, tmp_path):
    game = from_jaxmarl("coin_game", **SHORT)
    assert make_game("jaxmarl", environment="coin_game", made_with=SHORT) == game
    assert pickle.loads(pickle.dumps(game)) == game
    learner = Learner(actor=DenseGRU(hidden=(8,), memory=4))
    agent = Agent(game, learner, learner.init(key(0), game).params, 0)
    save_agent(tmp_path / "agent.safetensors", agent)
    loaded = load_agent(tmp_path / "agent.safetensors")
    assert loaded.game == game
    entrants = [Entrant("agent", loaded), Entrant("random", "random")]
    data = summary(play_league(key(0), game, entrants, 8))
    assert data["game"]["environment"] == "coin_game"
    card = scorecard(key(0), game, entrants[:1], 8, None)
    assert card["game"] == data["game"]


@slow
def test_an_environment_that_someone_made_enters_a_league(jaxmarl):
    game = from_jaxmarl(jaxmarl.make("storm_2p", num_inner_steps=4))
    with pytest.raises(ValueError, match="must be made anew"):
        summary(play_league(key(0), game, [Entrant("a", "random"), Entrant("b", "random")], 2))
