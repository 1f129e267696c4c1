"""Best responses: trained ones against exact ones, and both against arithmetic."""

from dataclasses import dataclass

import jax
import numpy as np
import pytest

from loqa_agents import DenseGRU, Inputs, NetworkPolicy
from loqa_agents.league import Entrant, PlayerError
from loqa_agents.league.entrants import seat, table_of
from loqa_agents.league.pairs.tables import Tables
from loqa_agents.players.with_params import WithParams
from loqa_agents.responses.best_response import Budget, memory_one, train_responders
from loqa_envs import IPD, CoinGame, MatrixGame, Random, Rules
from loqa_envs.arrays import array_namespace
from loqa_envs.matrix_games.solve import best_response

pytestmark = pytest.mark.slow


def responds(game, player, budget, episodes=256):
    """What the best of some fresh responders gets, and what it leaves to the player."""
    device = jax.devices()[:1]
    other = seat(Entrant("player", player), game)
    found = train_responders(jax.random.key(0), game, [other], budget, device)
    tries = [found.seated(0, *[n] * len(found.params)) for n in range(budget.restarts)]
    met = Tables(table_of(game), device).play(
        [jax.random.key(1)] * len(tries), found.seats, other.seats,
        [(each.params, other.params) for each in tries], episodes,
    ).result  # fmt: skip
    return max(np.mean(met.rewards, 1).tolist())


def exactly(game, player):
    table = memory_one(game, seat(Entrant("player", player), game), 1)
    return float(best_response(game, table)[0][0, 0]) / game.episode_length


@pytest.mark.slow
@pytest.mark.parametrize("player", ["tit_for_tat", "memory_one:0.95,0.97,0.15,0.96,0.11"])
def test_in_the_prisoners_dilemma_the_trained_responder_comes_close_to_the_exact_one(player):
    game = IPD(episode_length=20)
    exact = exactly(game, player)
    found = responds(game, player, Budget(120, 64), 1024)[0]
    # The exact one is the best there is; what is above it is chance.
    assert abs(found - exact) <= 0.02 * abs(exact)


def test_the_exact_response_to_tit_for_tat_defects_in_the_last_step():
    # 49 steps of -1, and 0 in the last.
    assert exactly(IPD(), "tit_for_tat") == pytest.approx(-49 / 50)
    assert exactly(IPD(), "always_cooperate") == 0
    assert exactly(IPD(), "always_defect") == -2


def test_each_seat_has_its_own_exact_response():
    game = MatrixGame(((3, 0, 5, 1), (2, 0, 1, 1)), episode_length=4)
    table = memory_one(game, seat(Entrant("player", "always_cooperate"), game), 0)
    first, second = (float(best_response(game, table, seat=place)[0][0, 0]) / 4 for place in (0, 1))
    assert (first, second) == (5, 2)


def test_players_with_memory_have_no_table():
    assert memory_one(IPD(), seat(Entrant("grim", "grim"), IPD()), 0) is None
    assert memory_one(CoinGame(), seat(Entrant("random", "random"), CoinGame()), 0) is None


@pytest.mark.slow
def test_against_a_cooperator_of_the_coin_game_a_responder_learns_to_take_everything():
    game = CoinGame()
    cooperator, defector = (
        responds(game, name, Budget(updates, 64, restarts=1))
        for name, updates in (("always_cooperate", 100), ("always_defect", 50))
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


@pytest.mark.slow
def test_a_player_of_the_host_is_responded_to_in_many_episodes_at_once():
    action = 1
    game = MatrixGame((1, 0, 0, 1), episode_length=6)  # to do as the other does is all that pays
    device = jax.devices()[:1]
    player = seat(Entrant("stubborn", Stubborn(action)), game)
    found = train_responders(jax.random.key(0), game, [player], Budget(60, 16, 2), device)
    for restart in range(2):
        other = f"memory_one:{','.join([str(1 - action)] * 5)}"
        assert responds_as(game, found.seated(0, restart), other) > 0.9


def responds_as(game, responder, name):
    other = seat(Entrant(name, name), game)
    met = (
        Tables(game, jax.devices()[:1])
        .play([jax.random.key(1)], responder.seats, other.seats, [(responder.params, ())], 64)
        .result
    )
    return float(np.mean(met.rewards[..., 0]))


def test_players_of_the_host_are_responded_to_one_by_one():
    players = [seat(Entrant("stubborn", Stubborn(0)), IPD())] * 2
    with pytest.raises(ValueError, match="one by one"):
        train_responders(jax.random.key(0), IPD(), players, Budget(1), jax.devices()[:1])


def test_each_player_has_responders_of_its_own():
    """Two tables of one architecture, one of a cooperator and one of a defector."""
    game = MatrixGame((1, 0, 0, 1), episode_length=6)  # to do as the other does is all that pays
    policy = NetworkPolicy(DenseGRU(), Inputs.of(IPD()), 2)
    template = policy.init(jax.random.key(0))
    cooperates = jax.tree.map(lambda leaf: np.tile([20.0, -20.0], (5, 1)), template)
    defects = jax.tree.map(lambda leaf: -leaf, cooperates)
    agents = [Table(policy, params, game) for params in (cooperates, defects)]
    players = [seat(Entrant(str(n), agent), game) for n, agent in enumerate(agents)]
    budget = Budget(updates=60, episodes=16, restarts=3)
    found = train_responders(jax.random.key(0), game, players, budget, jax.devices()[:1])
    assert found.restarts == 3
    for number, name in enumerate(("always_cooperate", "always_defect")):
        for restart in range(3):
            assert responds_as(game, found.seated(number, restart), name) > 0.9


@dataclass(frozen=True, eq=False)
class Table(WithParams):
    """An agent without memory."""

    policy: NetworkPolicy
    params: dict
    game: MatrixGame


@dataclass(frozen=True)
class Sides(Rules):
    """A game of nobody's kind: the first seat is paid for action 0, the second for action 1."""

    name = "sides"
    num_players = 2
    num_actions = 2
    action_names = ("left", "right")
    observation_shape = (1,)
    episode_length = 4
    reward_range = (0.0, 1.0)

    def initial_state(self, noise):
        return array_namespace(noise).zeros(1, np.float32)

    def transition(self, state, actions, noise):
        xp = array_namespace(actions)
        return state, (actions == xp.asarray([0, 1])).astype(np.float32), {}

    def observe(self, state):
        return array_namespace(state).ones((2, 1), np.float32)

    def scripted_players(self, seat):
        return {"random": Random(2)}

    def render(self, state):
        return ""


@pytest.mark.slow
def test_in_a_game_whose_seats_differ_each_seat_has_its_own_responder():
    """One of both seats would get 1 in the first, 0 in the second, and 0.5 on average."""
    assert responds(Sides(), "random", Budget(40, 16, 1), 64)[0] > 0.97


class Tires(Stubborn):
    def act(self, observation):
        if observation[4] > 0.5:
            raise RuntimeError("enough")
        return 1


def test_a_player_of_the_host_that_fails_is_named():
    game = MatrixGame((1, 0, 0, 1), episode_length=6)
    player = seat(Entrant("mine", Tires(1)), game)
    with pytest.raises(PlayerError, match=r"player mine .* step \d against .*RuntimeError: enough"):
        train_responders(jax.random.key(0), game, [player], Budget(20, 8, 1), jax.devices()[:1])


@pytest.mark.parametrize("name", ["updates", "episodes", "restarts"])
def test_a_budget_of_nothing_is_refused(name):
    with pytest.raises(ValueError, match=f"Budget.{name} must be an integer from 1 to .*, got 0"):
        Budget(**{name: 0})
