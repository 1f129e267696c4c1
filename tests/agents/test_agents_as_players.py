"""A trained agent sits wherever a scripted player can."""

import gymnasium
import jax
import numpy as np
import pytest

from loqa_agents import Agent, Learner, Network, save_agent
from loqa_envs import CoinGame, make_player


@pytest.fixture
def agent() -> Agent:
    game, learner = CoinGame(), Learner(actor=Network(memory=4))
    return Agent(game, learner, learner.init(jax.random.key(0), game).brain, 0)


def test_an_agent_is_an_opponent_of_one_game(agent):
    env = gymnasium.make("loqa/CoinGame-v0", opponent=agent, episode_length=5)
    env.reset(seed=0)
    for _ in range(5):
        _, _, _, truncated, info = env.step(0)
        assert info["opponent_reward"] in (-2, -1, 0, 1)
    assert truncated


def test_an_agent_is_an_opponent_of_many_games(agent):
    envs = gymnasium.make_vec("loqa/CoinGame-v0", num_envs=64, opponent=agent)
    envs.reset(seed=0)
    total = sum(envs.step(np.zeros(64, int))[4]["opponent_reward"].sum() for _ in range(49))
    assert total != 0


def test_an_agent_is_an_opponent_by_its_name_and_by_its_file(agent, tmp_path):
    file = tmp_path / "agents" / "7.safetensors"
    file.parent.mkdir()
    save_agent(file, agent)
    for opponent in (file, str(file), str(tmp_path)):
        env = gymnasium.make("loqa/CoinGame-v0", opponent=opponent).unwrapped
        assert env.opponents[1].seed == agent.seed
    envs = gymnasium.make_vec("loqa/CoinGame-v0", num_envs=2, opponent="coin3x3/loqa/42")
    assert envs.unwrapped._batch.players[1].policy.seed == 42
    spec = gymnasium.make("loqa/CoinGame-v0", opponent="coin3x3/loqa/43").spec
    again = gymnasium.make(type(spec).from_json(spec.to_json())).unwrapped
    assert again.opponents[1].policy.seed == 43


def test_an_agent_plays_with_its_own_parameters(agent):
    key, observation = jax.random.key(1), agent.game.observe(agent.game.reset(jax.random.key(2)))[0]
    expected = agent.policy.act(key, agent.params, agent.initial_carry(), observation)
    jax.tree.map(
        np.testing.assert_array_equal,
        agent.act(key, (), agent.initial_carry(), observation),
        expected,
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 4}, r"size must be \(4, 4\), is \(3, 3\)"),
        ({"stay": True}, "stay must be True, is False"),
        ({"rewards": (1, 1, -1), "tie": "first"}, "tie must be first, is both; rewards must be"),
    ],
)
def test_an_agent_of_another_game_is_refused(agent, settings, message):
    with pytest.raises(ValueError, match=message):
        make_player(agent, CoinGame(**settings), 1)
    with pytest.raises(ValueError, match=message):
        gymnasium.make("loqa/CoinGame-v0", opponent=agent, **settings)
