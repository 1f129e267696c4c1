"""A player in a loop of anyone's own."""

import gymnasium
import numpy as np
import pettingzoo
import pytest

import loqa_envs  # noqa: F401
from loqa_agents import load_agent
from loqa_agents.players.by_step import StepPlayer
from loqa_envs import IPD, CoinGame
from loqa_envs.adapters.single import Match

AGENT = load_agent("coin3x3/loqa/42")


def episode(game, seat, seed=3, other="tit_for_tat"):
    """Actions of the agent in that seat against a player whose chance is the same every time."""
    match, random = Match(game, 20), np.random.default_rng(0)
    agent, opponent = AGENT.player(game, seat, seed), StepPlayer(other, game, 1 - seat)
    agent.reset()
    opponent.reset()
    match.reset(random)
    moves = []
    for _ in range(20):
        seen = match.observe()
        pair = [opponent.act(seen[1 - seat])] * 2
        pair[seat] = agent.act(seen[seat])
        moves.append(game.action_names[pair[seat]])
        match.play(pair, random)
    return moves


@pytest.mark.slow
@pytest.mark.parametrize("seat", [0, 1])
def test_it_plays_alike_in_every_view(seat):
    moves = episode(CoinGame(), seat)
    assert len(set(moves)) > 1
    assert moves == episode(CoinGame(observation="index"), seat)
    assert moves == episode(CoinGame(observation="flat"), seat)


def test_its_chance_comes_from_its_seed():
    player = AGENT.player()
    seen = player.game.observation_spec.zeros()

    def moves():
        return [player.act(seen) for _ in range(40)]

    first, second = moves(), moves()
    player.reset(0)
    assert moves() == first
    player.reset()  # begins an episode, and not its chance anew
    assert moves() != first
    assert len(set(first) | set(second)) > 1


def test_environments_say_which_game_it_is():
    env = gymnasium.make("loqa/CoinGame-v0", opponent="always_cooperate", observation="flat")
    player = AGENT.player(env)
    observation, _ = env.reset(seed=0)
    taken = []
    for _ in range(50):
        observation, reward, *_, truncated, _ = env.step(player.act(observation))
        taken.append(reward)
    assert truncated
    assert sum(taken) / 50 > 0.15  # what a random player gets is far below
    parallel = pettingzoo.make("parallel", "loqa/coin_game-v0", preset="loqa")
    seats = {name: AGENT.player(parallel, i) for i, name in enumerate(parallel.possible_agents)}
    observations, _ = parallel.reset(seed=0)
    while parallel.agents:
        actions = {name: seats[name].act(observations[name]) for name in parallel.agents}
        observations, *_ = parallel.step(actions)


@pytest.mark.parametrize(
    ("place", "options", "words"),
    [
        (IPD(), {}, "must be made for it"),
        (CoinGame(size=4), {}, "size must be"),
        (3, {}, "game_or_env must be a Game, got 3"),
        (CoinGame(), {"seat": 2}, "seat must be an integer from 0 to 1, got 2"),
        (CoinGame(), {"seed": -1}, "seed must be an integer of at least 0"),
    ],
)
def test_what_it_cannot_play_is_refused(place, options, words):
    with pytest.raises(ValueError, match=words):
        AGENT.player(place, **options)


@pytest.mark.parametrize("seen", [np.zeros(3), "board", None, [["a"]]])
def test_an_observation_of_another_kind_is_refused(seen):
    with pytest.raises(ValueError, match="coin_game must be numbers of the form"):
        AGENT.player(CoinGame()).act(seen)
