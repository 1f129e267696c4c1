"""Strategies of the library Axelrod as players."""

import importlib
import importlib.util
import pickle
from functools import partial

import gymnasium
import jax
import numpy as np
import pytest

from loqa_agents.cli.resolve import find_entrants, find_player, gathered
from loqa_agents.common import versions
from loqa_agents.league import Entrant, play_league
from loqa_agents.league.entrants import seat
from loqa_agents.players.axelrod import AxelrodPlayer, AxelrodStrategy
from loqa_agents.players.python.fingerprint import fingerprint
from loqa_envs import IPD, CoinGame, MatrixGame

from .conftest import KEY

GAMES = (IPD(), IPD("pola"), MatrixGame(payoffs=(3, 0, 5, 1)))


def test_without_axelrod_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(versions, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'axelrod:TitForTat needs .*"loqa\[axelrod\]"'):
        find_entrants(["axelrod:TitForTat"])


@pytest.fixture(scope="module")
def axl():
    if importlib.util.find_spec("axelrod") is None:
        pytest.skip("the extra loqa[axelrod] is missing")
    return importlib.import_module("axelrod")


slow = pytest.mark.slow  # to import Axelrod takes ten seconds


def moves_of(player: AxelrodPlayer, other: AxelrodPlayer, steps: int, seeds=(0, 1)):
    """``[T, 2]``: what two players do."""
    views = np.eye(5)
    seen, actions = (0, 0), []
    for each, seed in zip((player, other), seeds, strict=True):
        each.reset(seed)
    for _ in range(steps):
        one, two = player.act(views[seen[0]]), other.act(views[seen[1]])
        seen = 1 + 2 * one + two, 1 + 2 * two + one
        actions.append((one, two))
    return actions


@slow
@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("axelrod:Tit For Tat", "TitForTat"),
        ("axelrod:titfortat", "TitForTat"),
        ("axelrod:Win-Stay Lose-Shift", "WinStayLoseShift"),
        ("axelrod:$\\phi$", "Golden"),
        ("axelrod:Adaptive Pavlov 2006", "APavlov2006"),
        ("axelrod:Darwin", "Darwin"),
    ],
)
def test_a_strategy_has_one_name_however_it_is_written(axl, word, name):
    (entrant,) = find_entrants([word])
    assert entrant.name == f"axelrod:{name}"
    assert type(find_player(word).prototype) is getattr(axl, name)


@slow
def test_groups_are_entrants_each_a_team_of_its_own(axl):
    basic = find_entrants(["axelrod:basic"])
    assert [type(entrant.player.prototype) for entrant in basic] == axl.basic_strategies
    everyone = {entrant.in_team for entrant in find_entrants(["axelrod:all"])}
    assert len(everyone) == len(axl.short_run_time_strategies) > 200
    assert not everyone & {"axelrod:Darwin", "axelrod:DBS", "axelrod:MetaWinner"}


@slow
def test_an_unknown_strategy_is_refused_with_those_that_are_similar(axl):
    with pytest.raises(ValueError, match=r"got 'axelrod:titfortats'; similar are .*TitForTat"):
        find_entrants(["axelrod:titfortats"])


@slow
@pytest.mark.parametrize("game", [CoinGame(), MatrixGame(payoffs="chicken")], ids=repr)
def test_only_a_dilemma_can_be_played(axl, game):
    (entrant,) = find_entrants(["axelrod:TitForTat"])
    with pytest.raises(ValueError, match=r"entrant axelrod:TitForTat: .* prisoner's dilemma"):
        seat(entrant, game)


@slow
@pytest.mark.parametrize("game", GAMES, ids=lambda game: str(game.payoffs[0]))
def test_every_strategy_plays_as_in_a_match_of_axelrod(axl, game):
    reward, sucker, temptation, punishment = game.dilemma
    told = axl.Game(r=reward, s=sucker, t=temptation, p=punishment)
    player = partial(AxelrodPlayer, payoffs=game.dilemma, length=30)
    opponent = axl.Random(0.6)
    different = []
    for entrant in find_entrants(["axelrod:all"]):
        prototype = entrant.player.prototype
        pair = prototype.clone(), opponent.clone()
        try:
            match = axl.Match(pair, turns=30, seed=3, game=told)
            expected = [(one.value, two.value) for one, two in match.play()]
        except ValueError:  # its own numbers are for the usual payoffs
            assert game is not GAMES[2]
            match = axl.Match(pair, turns=30, seed=3)
            expected = [(one.value, two.value) for one, two in match.play()]
        words = axl.RandomGenerator(seed=3)  # a match draws seeds for those that are stochastic
        stochastic = [axl.Classifiers["stochastic"](each) for each in (prototype, opponent)]
        seeds = [words.random_seed_int() if each else 0 for each in stochastic]
        if moves_of(player(prototype), player(opponent), 30, seeds) != expected:
            different.append(entrant.name)
    assert not different


@slow
@pytest.mark.parametrize("name", ["SoftJoss", "TitFor2Tats"])
def test_a_strategy_is_the_opponent_in_an_environment(axl, name):
    env = gymnasium.make("loqa/IPD-v0", opponent=f"axelrod:{name}")
    env = pickle.loads(pickle.dumps(env))
    moves = [int(t in (2, 3, 7, 8, 9)) for t in range(20)]
    seen = []
    for seed in (1, 2, 1):
        env.reset(seed=seed)
        rewards = [env.step(move)[1] for move in moves]
        # -1 and -3 after cooperation, 0 and -2 after defection: what the opponent did.
        seen.append([int(reward < -1) for reward in rewards])
    player = AxelrodPlayer(getattr(axl, name)(), IPD().dilemma, 50)
    them = axl.MockPlayer([axl.Action(move) for move in moves])
    match = axl.Match((player._prototype.clone(), them), turns=20, seed=0)
    if name == "TitFor2Tats":  # without chance
        assert seen[0] == [one.value for one, _ in match.play()]
    assert seen[0] == seen[2]


@slow
def test_strategies_that_cannot_be_an_opponent_are_refused(axl):
    with pytest.raises(ValueError, match=r"^an opponent must be one strategy; axelrod:basic are "):
        gymnasium.make("loqa/IPD-v0", opponent="axelrod:basic")
    with pytest.raises(ValueError, match=r"must play an iterated prisoner's dilemma"):
        gymnasium.make("loqa/CoinGame-v0", opponent="axelrod:TitForTat")
    with pytest.raises(ValueError, match=r'must run under JAX, .* "async" with it; got'):
        gymnasium.make_vec("loqa/IPD-v0", 2, opponent="axelrod:TitForTat")


@slow
@pytest.mark.parametrize("game", GAMES, ids=lambda game: str(game.payoffs[0]))
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("generous_tit_for_tat", "GTFT"), ("extort_2", "ZDExtort2"), ("tit_for_tat", "TitForTat"),
     ("win_stay_lose_shift", "WinStayLoseShift"), ("suspicious_tit_for_tat", "SuspiciousTitForTat"),
     ("always_cooperate", "Cooperator"), ("always_defect", "Defector"), ("grim", "Grudger")],
)  # fmt: skip
def test_our_players_play_as_those_of_axelrod(axl, game, ours, theirs):
    if ours == "generous_tit_for_tat":
        game = GAMES[2]  # Axelrod's forgives as often in all others
    policy = game.scripted_players(0)[ours]
    player = AxelrodStrategy(getattr(axl, theirs)())(game)
    if (probabilities := getattr(policy, "cooperation", None)) is not None:
        player.reset(0)
        vector = getattr(player._player, "_four_vector", None)
        if vector is not None:  # it is a player with memory one there, too
            moves = axl.Action.C, axl.Action.D
            table = [vector[own, other] for own in moves for other in moves]
            opening = float(player._player._initial == moves[0])
            assert probabilities == pytest.approx([opening, *table])
            return
    generator = np.random.default_rng(0)
    views = np.eye(5, dtype=np.float32)
    for _ in range(20):  # episodes in which both slip now and then
        player.reset(0)
        carry, situation = policy.initial_carry(), 0
        for _ in range(30):
            move, carry = policy.choose(carry, views[situation], generator.random(1, np.float32))
            assert move == player.act(views[situation])
            own = int(move) ^ int(generator.random() < 0.1)
            situation = 1 + 2 * own + int(generator.random() < 0.4)


@slow
def test_a_league_of_strategies_is_repeated_by_its_key_and_measures_as_ours_does(axl):
    game = IPD(episode_length=10)
    words = ["axelrod:TitForTat", "axelrod:Random", "axelrod:Defector", "tit_for_tat"]
    game, entrants = gathered(words, name="ipd")
    one, two = (play_league(KEY, game, entrants, 6) for _ in range(2))
    np.testing.assert_array_equal(one.rewards, two.rewards)
    against_defector = one.rewards[:, 2].mean(-1)
    assert against_defector[0] == against_defector[3]
    assert one.rewards[0, 0].mean() == one.rewards[0, 3].mean() == -1
    episodes = one.rewards[1, 1]
    assert len(set(episodes.tolist())) > 1  # new chance for each of them
    other = play_league(jax.random.key(8), game, entrants, 6)
    assert (other.rewards[1, 1] != episodes).any()


@slow
def test_a_strategy_with_parameters_is_a_player_in_python(axl):
    game = IPD()
    never = Entrant("never", AxelrodStrategy(axl.Random(0.0)))
    league = play_league(KEY, game, [never, Entrant("always_defect", "always_defect")], 2)
    assert (league.rewards == -2).all()


@slow
def test_what_is_stored_of_a_strategy_is_found_again(axl):
    first, second = (find_entrants(["axelrod:all"]) for _ in range(2))
    marks = [[fingerprint(entrant.player) for entrant in all_of] for all_of in (first, second)]
    assert marks[0] == marks[1]
    assert len(set(marks[0])) > 0.9 * len(marks[0])
