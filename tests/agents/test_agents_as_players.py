"""A trained agent sits wherever a scripted player can."""

from dataclasses import dataclass, replace

import gymnasium
import jax
import numpy as np
import pytest

from loqa_agents import Agent, DenseGRU, Learner, load_agent, save_agent
from loqa_agents.league import Entrant
from loqa_agents.league.entrants import seat, table_of
from loqa_envs import CoinGame, SwitchPolicy, Tremble, make_player


@pytest.fixture
def agent() -> Agent:
    game, learner = CoinGame(), Learner(actor=DenseGRU(memory=4))
    return Agent(game, learner, learner.init(jax.random.key(0), game).params, 0)


@pytest.fixture(scope="module")
def trained() -> Agent:
    """What it does depends on what it sees, whose view is not the one of environments."""
    return load_agent("coin3x3/loqa/42")


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


@dataclass(frozen=True)
class Around:
    """Anyone's player around others, which it keeps in a list, and of which it asks one."""

    name: str
    others: list
    num_actions: int = 4

    def initial_carry(self):
        return self.others[0].initial_carry()

    def act(self, key, params, carry, observation):
        return self.others[0].act(key, params, carry, observation)


class Stays(Agent):
    """An agent that always moves to the left."""

    def act(self, key, params, carry, observation):
        return np.int32(0), carry, {}


class First(SwitchPolicy):
    params = np.int32(0)


WRAPPERS = {
    "Tremble": lambda agent: Tremble(agent, 0.0),
    "SwitchPolicy": lambda agent: First((agent, agent)),
    "one of anyone's own": lambda agent: Around("mine", [agent]),
    "two around it": lambda agent: Tremble(Around("mine", [agent]), 0.0),
}


def of_a_league(player, game):
    return seat(Entrant("player", player), game).seats, table_of(game)


def of_environments(player, game):
    return [make_player(player, game, number) for number in (0, 1)], game


@pytest.mark.slow
@pytest.mark.parametrize("seated", [of_a_league, of_environments])
@pytest.mark.parametrize("wrapped", WRAPPERS.values(), ids=WRAPPERS)
def test_a_player_around_an_agent_sees_and_does_what_the_agent_would(trained, wrapped, seated):
    player = wrapped(trained)
    params = getattr(player, "params", ())
    seats, game = seated(player, CoinGame(moves=("down", "up", "left", "right")))
    for number, around in enumerate(seats):
        act = jax.jit(around.act)
        for key in jax.random.split(jax.random.key(0), 6):
            state = game.reset(key)
            inner_key = jax.random.split(key, 3)[0] if isinstance(player, Tremble) else key
            own = trained.game.observe(state)[number]
            expected, *_ = trained.act(inner_key, (), trained.initial_carry(), own)
            seen = game.observe(state)[number]
            action, *_ = act(key, params, around.initial_carry(), seen)
            assert game.action_names[action] == trained.game.action_names[expected]


@pytest.mark.slow
def test_an_agent_whose_author_has_changed_what_it_does_is_not_taken_for_its_network(trained):
    other = Stays(trained.game, trained.learner, trained.actor_critic, 0)
    seats, game = of_a_league(other, CoinGame())
    for key in jax.random.split(jax.random.key(0), 6):
        seen = game.observe(game.reset(key))[0]
        action, *_ = seats[0].act(key, (), seats[0].initial_carry(), seen)
        assert game.action_names[action] == "left"


@pytest.mark.parametrize("wrapped", WRAPPERS.values(), ids=WRAPPERS)
def test_a_player_around_an_agent_of_another_board_is_refused(agent, wrapped):
    with pytest.raises(ValueError, match=r"size must be \(4, 4\), is \(3, 3\)"):
        make_player(wrapped(agent), CoinGame(size=4), 0)


def test_a_player_around_agents_of_two_games_is_refused(agent):
    other = replace(agent, game=CoinGame(observation="flat"))
    with pytest.raises(ValueError, match="must have them all for the same game"):
        make_player(SwitchPolicy((agent, other)), CoinGame(), 0)


def test_the_name_of_several_agents_is_no_opponent():
    with pytest.raises(ValueError, match="one of those that coin3x3/loqa names: coin3x3/loqa/42,"):
        gymnasium.make("loqa/CoinGame-v0", opponent="coin3x3/loqa")


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
