"""Leagues and scorecards in environments of others, which are stepped in Python."""

from dataclasses import dataclass
from functools import partial

import host_environments
import jax
import numpy as np
import pytest
from host_environments import Dilemma, Leavers, Masked

from loqa_agents import Agent, DenseGRU, Learner, save_agent
from loqa_agents.cli import main as cli
from loqa_agents.league import Entrant, PlayerError, play_league
from loqa_agents.responses.best_response import Budget
from loqa_agents.scorecard.card import scorecard
from loqa_agents.training.host.episodes import EnvironmentFailed
from loqa_envs import environment, make_player
from loqa_envs.policy import Random

KEY = jax.random.key(3)
DILEMMA = environment(Dilemma, 10, seats_alike=True)
FIXED = [Entrant(name, name) for name in ("always:0", "always:1", "random")]


@dataclass(frozen=True)
class Slips(Random):
    """Answers with 7 in the episodes that begin with that number."""

    def choose(self, carry, observation, noise):
        return np.int32(7) + 0 * noise[0].astype(np.int32), carry


def agent(seed: int, game=DILEMMA) -> Agent:
    learner = Learner(actor=DenseGRU(hidden=(8,)), critic=DenseGRU(hidden=(8,)))
    return Agent(game, learner, learner.init(jax.random.key(seed), game).params, seed)


@pytest.fixture(scope="module")
def league():
    return play_league(KEY, DILEMMA, FIXED, 40)


def test_fixed_actions_earn_what_the_environment_pays(league):
    means = league.rewards.mean(-1)
    np.testing.assert_allclose(means[:2, :2], [[-1, -3], [0, -2]])
    assert means[0, 2] == pytest.approx(-2, abs=0.2)
    assert means[1, 2] == pytest.approx(-1, abs=0.2)
    assert league.rewards.shape == (3, 3, 40)
    assert league.references == {}


def test_the_others_of_a_league_change_no_pair(league):
    turned = play_league(KEY, DILEMMA, [FIXED[2], FIXED[0]], 40)
    np.testing.assert_array_equal(turned.rewards[0, 1], league.rewards[2, 0])
    np.testing.assert_array_equal(turned.rewards[1, 0], league.rewards[0, 2])


@pytest.mark.parametrize("focal", [1, 2])
def test_seats_are_held_in_turn_among_three_who_leave_early(focal):
    """What a, b, c of Leavers earn is known: 3, 7.5 and 20 in episodes of 5 steps."""
    entrants = [Entrant("one", "always:1"), Entrant("other", "always:2")]
    league = play_league(KEY, environment(Leavers), entrants, 6, focal=focal)
    seats = np.array([3, 7.5, 20]) / 5
    np.testing.assert_allclose(league.rewards.mean(-1), np.full((2, 2), seats.mean()), rtol=1e-6)
    expected = seats if focal == 1 else [seats[[0, 1]].mean(), seats[[0, 2]].mean(), 2.75]
    np.testing.assert_allclose(league.rewards[0, 1, :3], expected, rtol=1e-6)


@pytest.mark.parametrize("where", ["info", "observation"])
def test_a_fixed_action_that_is_forbidden_gives_way_to_the_first_that_is_not(where):
    """Masked asserts that nobody does what is forbidden; action 2 earns 1 and is so in step 3."""
    game = environment(partial(Masked, where))
    league = play_league(KEY, game, [Entrant("two", "always:2"), Entrant("zero", "always:0")], 2)
    np.testing.assert_allclose(league.rewards.mean(-1), [[0.75, 0.75], [0, 0]])


def test_a_fixed_action_must_be_one_of_the_environment():
    game = environment(Leavers)
    assert make_player("always:1", game, 0).action == 0
    with pytest.raises(ValueError, match=r"^always:N must .* one of 1, 2; got '0'\.$"):
        make_player("always:0", game, 0)


def test_a_policy_that_answers_with_no_action_is_named():
    entrants = [FIXED[0], Entrant("slips", Slips(2))]
    with pytest.raises(PlayerError, match=r"^player slips must play on; in episode 1, step 1 "):
        play_league(KEY, DILEMMA, entrants, 4)
    league = play_league(KEY, DILEMMA, [*entrants, FIXED[1]], 4, keep_going=True)
    assert set(league.failed) == {"slips"}
    assert league.rewards[0, 2].mean() == -3


def test_an_environment_that_breaks_off_ends_a_league():
    class Breaks(Dilemma):
        def step(self, actions):
            raise OSError("gone")

    with pytest.raises(EnvironmentFailed, match=r"raised OSError in step 0: gone$"):
        play_league(KEY, environment(Breaks), FIXED, 4)


class Copycat:
    """Does what the other did in Dilemma, whose observations are CC, CD, DC, DD, START."""

    def reset(self):
        self.steps = 0

    def act(self, observation):
        self.steps += 1
        return int(observation[1] + observation[3])


class Pairs:
    """Sees dictionaries and does the lower action of Leavers; says how often it was asked."""

    episodes: list[list[str]] = []  # noqa: RUF012

    def reset(self):
        self.seen = []
        Pairs.episodes.append(self.seen)

    def act(self, observation):
        self.seen.append("anything")
        assert observation.keys() == {"place", "kind"}
        return 0


def test_python_players_meet_others_in_an_environment():
    entrants = [Entrant("copycat", Copycat()), *FIXED[:2]]
    league = play_league(KEY, DILEMMA, entrants, 6)
    np.testing.assert_allclose(league.rewards.mean(-1)[0], [-1, -1, -2.1], atol=1e-6)
    np.testing.assert_allclose(league.rewards.mean(-1)[:, 0], [-1, -1, -1.8], atol=1e-6)


def test_a_python_player_that_left_is_asked_until_all_have_left():
    Pairs.episodes.clear()
    entrants = [Entrant("pairs", Pairs()), Entrant("two", "always:2")]
    league = play_league(KEY, environment(Leavers), entrants, 3, rows=["pairs"])
    seats = np.array([3, 7.5, 20]) / 5
    np.testing.assert_allclose(league.rewards[0, 1], seats, rtol=1e-6)
    assert {len(seen) for seen in Pairs.episodes} == {5}


def test_an_environment_that_breaks_off_under_a_python_player_is_named():
    class Breaks(Dilemma):
        def step(self, actions):
            raise OSError("gone")

    with pytest.raises(EnvironmentFailed, match=r"raised OSError in step 0: gone$"):
        play_league(KEY, environment(Breaks), [Entrant("c", Copycat()), FIXED[0]], 4)


def test_an_episode_can_be_watched(tmp_path, capsys):
    words = ["always:1", "--game", "host_environments:Leavers"]
    cli.main(["play", *words])
    out = capsys.readouterr().out
    assert "One episode of host_environments:Leavers" in out
    assert "random 1.500, random 4.000" in out
    with pytest.raises(SystemExit):
        cli.main(["play", *words, "--gif", str(tmp_path / "a.gif")])
    assert 'pictures need an environment made with render_mode="rgb_array"' in (
        capsys.readouterr().err
    )
    cli.main(["play", "always:0", "--game", f"{__name__}:shown", "--gif", str(tmp_path / "b.gif")])
    assert (tmp_path / "b.gif").read_bytes().startswith(b"GIF8")


class Shown(Dilemma):
    """The same, with a picture of how many steps there were."""

    render_mode = "rgb_array"

    def render(self):
        return np.full((8, 8, 3), 10 * self.clock, np.uint8)


def shown():
    return Shown(4)


@pytest.mark.slow
def test_agents_have_a_scorecard_without_best_responses():
    agents = [Entrant(str(seed), agent(seed)) for seed in (1, 2)]
    card = scorecard(KEY, DILEMMA, agents, 8, None)
    assert [line["name"] for line in card["lines"]] == ["self_play", "cross_play", "random"]
    assert all(-3 <= line["agent"]["mean"] <= 0 for line in card["lines"])
    with pytest.raises(ValueError, match=r"leave it out \(--response-updates 0\)"):
        scorecard(KEY, DILEMMA, agents, 8, Budget(1, 1, 1))


@pytest.mark.slow
def test_commands_play_agents_of_an_environment_that_is_named(tmp_path, capsys):
    name = f"{host_environments.__name__}:Dilemma"
    for seed in (1, 2):
        save_agent(tmp_path / f"{seed}.safetensors", agent(seed))
    files = [str(tmp_path / f"{seed}.safetensors") for seed in (1, 2)]
    out = tmp_path / "league"
    words = ["--game", name, "--episodes", "4"]
    cli.main(["league", *files, "always:1", *words, "--out", str(out)])
    assert "always:1" in capsys.readouterr().out
    assert {"league.json", "heat_map.png", "pairs"} <= {path.name for path in out.iterdir()}
    cli.main(["league", *files, "always:1", *words, "--out", str(out), "--resume"])
    cli.main(["evaluate", files[0], *words])
    assert "Best response: none was trained" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        cli.main(["league", "always:0", "always:1", *words, "--size", "3", "--out", str(out)])
    assert end.value.code == 2
    assert "--size goes with" in capsys.readouterr().err
