"""Best responses: trained ones against exact ones, and both against arithmetic."""

import jax
import numpy as np
import pytest

from loqa_agents import load_agent
from loqa_agents.exact import best_response
from loqa_agents.league import Entrant
from loqa_agents.league.best_response import Budget, memory_one, train_responders
from loqa_agents.league.entrants import seat, table_of
from loqa_agents.league.tables import Tables
from loqa_envs import IPD, CoinGame, MatrixGame


def responds(game, player, budget, episodes=256):
    """What a fresh responder gets, and what it leaves to the player."""
    device = jax.devices()[:1]
    other = seat(Entrant("player", player), game)
    found = train_responders(jax.random.key(0), game, [other], budget, device)
    responder = seat(Entrant("responder", found.agent(0, 0)), game)
    met = Tables(table_of(game), device).play(
        [jax.random.key(1)], responder.seats, other.seats,
        [(responder.params, other.params)], episodes,
    )  # fmt: skip
    return np.mean(met.rewards, (0, 1))


def exactly(game, player):
    table = memory_one(game, seat(Entrant("player", player), game))
    return float(best_response(game, table)[0][0, 0]) / game.episode_length


@pytest.mark.slow
@pytest.mark.parametrize(
    "player", ["tit_for_tat", "memory_one:0.95,0.97,0.15,0.96,0.11", "memory_one:.5,.9,.4,.6,.2"]
)
def test_in_the_prisoners_dilemma_the_trained_responder_comes_close_to_the_exact_one(player):
    game = IPD()
    exact = exactly(game, player)
    found = responds(game, player, Budget(restarts=1), 1024)[0]
    # The exact one is the best there is; what is above it is chance.
    assert abs(found - exact) <= 0.02 * abs(exact)


def test_the_exact_response_to_tit_for_tat_defects_in_the_last_step():
    # 49 steps of -1, and 0 in the last.
    assert exactly(IPD(), "tit_for_tat") == pytest.approx(-49 / 50)
    assert exactly(IPD(), "always_cooperate") == 0
    assert exactly(IPD(), "always_defect") == -2


def test_each_seat_has_its_own_exact_response():
    game = MatrixGame(((3, 0, 5, 1), (2, 0, 1, 1)), episode_length=4)
    table = memory_one(game, seat(Entrant("player", "always_cooperate"), game))
    first, second = (float(best_response(game, table, seat=place)[0][0, 0]) / 4 for place in (0, 1))
    assert (first, second) == (5, 2)


def test_players_with_memory_have_no_table():
    assert memory_one(IPD(), seat(Entrant("grim", "grim"), IPD())) is None
    assert memory_one(CoinGame(), seat(Entrant("random", "random"), CoinGame())) is None


@pytest.mark.slow
def test_against_a_cooperator_of_the_coin_game_a_responder_learns_to_take_everything():
    game = CoinGame()
    cooperator, defector = (
        responds(game, name, Budget(150, restarts=1))
        for name in ("always_cooperate", "always_defect")
    )
    # Always-defect gets 0.63 from it (published league of LOQA).
    assert cooperator[0] > 0.58
    assert cooperator[1] < -0.2
    # Nothing beats mutual defection, which is worth 0; the noise of 256 episodes is about 0.01.
    assert -0.1 < defector[0] < 0.03


class Stubborn:
    """Plays the same action for ever, and notices if it was reset where it should not be."""

    def __init__(self, action):
        self.action, self.step = action, None

    def reset(self):
        assert self.step in (None, 6)
        self.step = 0

    def act(self, observation):
        self.step += 1
        return self.action


@pytest.mark.parametrize("action", [0, 1])
def test_a_player_of_the_host_is_responded_to_in_many_episodes_at_once(action):
    game = MatrixGame((1, 0, 0, 1), episode_length=6)  # to do as the other does is all that pays
    device = jax.devices()[:1]
    player = seat(Entrant("stubborn", Stubborn(action)), game)
    found = train_responders(jax.random.key(0), game, [player], Budget(60, 16, 2), device)
    for restart in range(2):
        other = f"memory_one:{','.join([str(1 - action)] * 5)}"
        assert responds_as(game, found.agent(0, restart), other) > 0.9


def responds_as(game, responder, name):
    pair = [seat(Entrant(name, player), game) for player in (responder, name)]
    met = Tables(game, jax.devices()[:1]).play(
        [jax.random.key(1)], pair[0].seats, pair[1].seats, [(pair[0].params, pair[1].params)], 64
    )
    return float(np.mean(met.rewards[..., 0]))


def test_players_of_the_host_are_responded_to_one_by_one():
    players = [seat(Entrant("stubborn", Stubborn(0)), IPD())] * 2
    with pytest.raises(ValueError, match="one by one"):
        train_responders(jax.random.key(0), IPD(), players, Budget(1), jax.devices()[:1])


def test_one_program_responds_to_all_seeds():
    game = CoinGame(episode_length=4)
    agents = [load_agent(f"coin3x3/loqa/{seed}") for seed in (42, 43)]
    players = [seat(Entrant(str(agent.seed), agent), game) for agent in agents]
    budget = Budget(updates=1, episodes=2, restarts=2)
    found = train_responders(jax.random.key(0), game, players, budget, jax.devices()[:1])
    assert {leaf.shape[:2] for leaf in jax.tree.leaves(found.params)} == {(2, 2)}
    first, second = (found.agent(0, n).params for n in (0, 1))
    assert any((a != b).any() for a, b in zip(*map(jax.tree.leaves, (first, second)), strict=True))


@pytest.mark.parametrize("name", ["updates", "episodes", "restarts"])
def test_a_budget_of_nothing_is_refused(name):
    with pytest.raises(ValueError, match=f"needs {name} of at least 1, got 0"):
        Budget(**{name: 0})
