"""Who sits where, who learns from which seat, and what is seen of the others."""

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from public_good import PublicGood

from loqa_agents import (
    ActorCritic,
    Agent,
    Algorithm,
    DenseGRU,
    Learner,
    Trainer,
    Training,
    load_agent,
    register_algorithm,
    save_agent,
)
from loqa_agents.algorithms.dice.lola_dice import LolaDice
from loqa_agents.algorithms.evolution.shaper import Shaper
from loqa_agents.algorithms.gradient_play.mfos import MFOS
from loqa_agents.algorithms.ppo.ippo import IPPO
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.policy import NetworkPolicy
from loqa_agents.training import pool as ring
from loqa_agents.training.lineup import Lineup
from loqa_agents.training.updates import TrainState
from loqa_envs import IPD, CoinGame, MatrixGame, SwitchPolicy

POOL = {"pool": 4, "pool_interval": 1, "opponents": 4, "episodes": 8, "updates": 4}
THREE = CoinGame(num_players=3, observation="index", episode_length=3)


def _lineup(game, training, **learner):
    learners = (Learner(**learner),)
    if training.rival:
        learners += (replace(learners[0], algorithm=training.rival),)
    return Lineup(game, learners, training)


def _tables(lineup):
    states = tuple(
        jax.eval_shape(partial(each.init, game=lineup.game), jax.random.key(0))
        for each in lineup.learners
    )
    states = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), states)
    pool = None
    if lineup.training.pool:
        pool = ring.create(lineup.learners[0].params(states[0]), lineup.training.pool_places)
    return [table for _, table in lineup.tables(jax.random.key(0), TrainState(states, pool))]


def _kinds(table):
    """Seat by seat: s for scripted players, p for past selves, a number for who learns there."""
    return "".join(
        "s"
        if isinstance(occupant.policy, SwitchPolicy)
        else "p"
        if occupant.learns is None
        else str(occupant.learns)
        for occupant in table.occupants
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("training", "seats"),
    [
        ({}, ["000"]),
        ({"rival": "naive"}, ["011"]),
        (POOL, ["0pp"]),
        (POOL | {"scripted": ("always_defect",)}, ["0pp", "0sp"]),
        (POOL | {"scripted": ("always_defect",) * 2}, ["0pp", "0sp", "0ps"]),
        (POOL | {"scripted": ("always_defect+always_defect",)}, ["0pp", "0ss"]),
        (POOL | {"newest": 1, "both_seats": True}, ["000"]),
    ],
)
def test_who_sits_where_at_a_table_of_three(training, seats):
    assert [_kinds(table) for table in _tables(_lineup(THREE, Training(**training)))] == seats


def test_where_seats_differ_the_learner_sits_in_each_with_everyone_whom_it_meets():
    game = replace(THREE, tie="first")
    scripted = POOL | {"episodes": 12, "scripted": ("always_defect",)}
    tables = _tables(_lineup(game, Training(**scripted)))
    assert [_kinds(table) for table in tables] == ["0pp", "0sp", "p0p", "p0s", "pp0", "sp0"]
    rivals = _tables(_lineup(game, Training(rival="naive", episodes=6)))
    assert [_kinds(table) for table in rivals] == ["011", "101", "110"]
    assert {table.episodes for table in tables} == {1}


def test_all_episodes_of_an_update_are_played():
    training = Training(**POOL, scripted=("always_defect", "tit_for_tat", "always_cooperate"))
    tables = _tables(_lineup(THREE, training))
    assert sum(table.episodes * table.columns for table in tables) == training.episodes


def test_a_scripted_player_must_leave_a_seat_to_the_learner():
    with pytest.raises(ValueError, match=r"must leave a seat to the learner in a game of 2; got"):
        _lineup(IPD(), Training(**POOL, scripted=("always_defect+always_defect",)))


@pytest.mark.slow
def test_the_others_are_seen_in_turn_from_the_next_seat_on():
    lineup = _lineup(PublicGood(4), Training(episodes=2))
    (table,) = _tables(lineup)
    played = table.play(jax.random.key(1), None)
    for seat, (*_, view) in enumerate(table.views(played)):
        np.testing.assert_array_equal(view.rewards, played.rewards[..., seat])
        for ahead, other in enumerate(view.others, 1):
            np.testing.assert_array_equal(other.actions, played.actions[..., (seat + ahead) % 4])


WAYS = {
    "self-play": {},
    "pool": POOL,
    "scripted": POOL | {"scripted": ("always_defect", "always_defect+always_cooperate")},
    "newest": POOL | {"newest": 2, "both_seats": True},
    "rival": {"rival": "naive"},
}


@pytest.mark.slow
@pytest.mark.parametrize("players", [2, 3, 4])
@pytest.mark.parametrize("way", WAYS)
def test_every_player_learns_to_keep_what_giving_costs_it(way, players):
    training = WAYS[way]
    if players == 2 and way == "scripted":
        training = training | {"scripted": ("always_defect", "always_cooperate")}
    settings = {"episodes": 16, "updates": 40, "evaluate_every": 40} | training
    learner = Learner(algorithm="naive", actor_learning_rate=0.1)
    game = PublicGood(players)
    trainer = Trainer(game, learner, Training(**settings), (0,), jax.devices()[:1])
    state, _ = trainer.advance(trainer.init(), 0, 40)
    for own, its in zip(trainer.learners, state.learners, strict=True):
        actor = jax.tree.map(lambda leaf: leaf[0], own.params(its).actor)
        said = own.policy(game).log_probabilities(actor, jnp.array([[1.0, 0.0]]))
        assert np.exp(said)[0, 1] > 0.8


@pytest.mark.slow
def test_a_game_of_one_player_can_be_learned():
    trainer = Trainer(PublicGood(1), Learner(), Training(episodes=4), (0,), jax.devices()[:1])
    trainer.advance(trainer.init(), 0, 2)
    with pytest.raises(ValueError, match="has no seat for an opponent"):
        Trainer(PublicGood(1), Learner(), Training(rival="naive"), (0,), jax.devices()[:1])


@dataclass(frozen=True)
class Imitation(Algorithm):
    """Takes over the mean of what the others are, and says what it was told."""

    rate: float = 0.5

    knows = frozenset({"parameters"})

    def init(self, key, game):
        return self.policy(game).init(key)

    def params(self, state):
        return ActorCritic(state)

    def policy(self, game):
        return NetworkPolicy(Learner().actor, Inputs.of(game), game.num_actions)

    def update(self, key, game, state, views, context):
        others = [other.actor for other in context.others]
        played = context.play(key, [state, *others], 3)
        assert played.actions.shape == (3, 4, 2)
        moved = jax.tree.map(
            lambda own, *those: own + self.rate * (sum(those) - own), state, *others
        )
        played_in_all = views[0].rewards.size + played.rewards[..., 0].size
        return moved, {"update": context.update, "steps": jnp.float32(played_in_all)}


@pytest.mark.slow
def test_an_algorithm_of_ones_own_is_told_what_it_knows_and_is_saved_by_its_name(tmp_path):
    game = IPD(episode_length=4)
    learner = Imitation()
    training = Training(episodes=6, rival="naive")
    trainer = Trainer(game, learner, training, (0, 1), jax.devices()[:1])
    before = trainer.init()
    rival = before.learners[1].params.actor
    expected = jax.tree.map(lambda own, other: own + 0.5 * (other - own), before.learners[0], rival)
    expected = jax.device_get(expected)
    after, metrics = trainer.advance(before, 0, 1)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), after.learners[0], expected
    )
    assert metrics["steps"].tolist() == [36, 36]
    agent = Agent(game, learner, ActorCritic(jax.tree.map(lambda x: x[0], expected)), 3)
    with pytest.raises(ValueError, match="Imitation must be registered"):
        save_agent(tmp_path / "own.safetensors", agent)
    register_algorithm("imitation", Imitation)
    save_agent(tmp_path / "own.safetensors", agent)
    again = load_agent(tmp_path / "own.safetensors")
    assert again.learner == learner
    jax.tree.map(np.testing.assert_array_equal, again.params, agent.params)
    with pytest.raises(ValueError, match="must be a class that inherits from Algorithm"):
        register_algorithm("nothing", Learner())


def test_an_algorithm_that_knows_more_than_it_is_shown_is_refused():
    said = r"is shown, here actions, rewards; imitation asks for parameters"
    with pytest.raises(ValueError, match=said):
        Lineup(IPD(), (Imitation(),), Training(**POOL))


@pytest.mark.parametrize(
    ("algorithm", "rival", "hidden"),
    [
        ("loqa", LolaDice(), "action_values, values"),
        ("prosocial", LolaDice(), "values"),
        ("loqa", IPPO(), "action_values"),
    ],
)
def test_what_a_rival_does_not_say_cannot_be_known(algorithm, rival, hidden):
    training = Training(rival="naive")
    with pytest.raises(ValueError, match=f"{algorithm} asks for {hidden}."):
        Lineup(IPD(), (Learner(algorithm), rival), training)
    Lineup(IPD(), (rival, Learner("naive")), training)


@pytest.mark.slow
def test_the_values_of_ppo_are_enough_for_those_that_need_no_more():
    """Beside a rival with another critic the learner learns something else."""
    game, training = IPD(episode_length=4), Training(episodes=4, rival="ippo")
    learner = Learner("advantage_alignment", actor=DenseGRU(hidden=(64, 64)))
    trainer = Trainer(game, learner, training, (0,), jax.devices()[:1])
    state = jax.device_get(trainer.init())
    own, other = state.learners
    mad = jax.tree.map(lambda leaf: leaf + 1, other.params.critic)
    maddened = other._replace(params=other.params._replace(critic=mad))
    actors = [
        trainer.advance(state._replace(learners=(own, each)), 0, 1)[0].learners[0].params.actor
        for each in (other, maddened)
    ]
    assert not np.allclose(*map(lambda actor: jax.tree.leaves(actor)[0], actors), atol=1e-5)


@pytest.mark.parametrize("learner", [Shaper(), MFOS()])
@pytest.mark.parametrize("training", [Training(rival="naive"), Training(pool=4, episodes=8)])
def test_whom_a_shaper_would_not_meet_is_refused(learner, training):
    with pytest.raises(ValueError, match=r"makes those that it meets itself|asks for parameters"):
        Lineup(IPD(), (learner, Learner("naive"))[: 1 + bool(training.rival)], training)


@pytest.mark.slow
@pytest.mark.parametrize("opponent_values", ["shared", "learned"])
def test_learned_values_need_nothing_of_the_others_but_what_they_do(opponent_values):
    """Whatever the rival's critic says, who learns its values learns the same."""
    game, learner = IPD(episode_length=4), Learner(opponent_values=opponent_values)
    training = Training(episodes=4, rival="naive")
    trainer = Trainer(game, learner, training, (0,), jax.devices()[:1])
    state = jax.device_get(trainer.init())
    mad = jax.tree.map(lambda leaf: leaf + 5, state.learners[1].params.critic)
    rival = state.learners[1]
    rival = rival._replace(params=rival.params._replace(critic=mad))
    changed = state._replace(learners=(state.learners[0], rival))
    learned = [
        trainer.advance(trainer.place(each), 0, 1)[0].learners[0].params.actor
        for each in (state, changed)
    ]
    same = jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), *learned))
    assert same == (opponent_values == "learned")


@pytest.mark.slow
def test_learned_values_become_what_the_others_earn():
    game = MatrixGame((2, 2, 2, 2), episode_length=6)  # two a step, whatever is done
    learner = Learner(opponent_values="learned", discount=0.9)
    trainer = Trainer(game, learner, Training(episodes=16), (0,), jax.devices()[:1])
    state, _ = trainer.advance(trainer.init(), 0, 200)
    critic = learner._opponents(game).critic
    others = jax.tree.map(lambda leaf: leaf[0], state.learners[0].others)
    outputs = critic.action_values(others, jnp.tile(jnp.eye(5)[1], (7, 1)))
    left = [2 * sum(0.9**k for k in range(6 - t)) for t in range(7)]
    np.testing.assert_allclose(outputs, np.stack([left] * 3, 1), rtol=0.1, atol=0.05)


@pytest.mark.slow
def test_with_learned_values_scripted_players_are_shaped_too():
    settings = POOL | {"scripted": ("always_defect", "tit_for_tat", "always_cooperate")}
    moved = []
    for weight in (0.0, 5.0):
        learner = Learner(
            opponent_values="learned", shaping=replace(Learner().shaping, weight=weight)
        )
        trainer = Trainer(IPD(), learner, Training(**settings), (0,), jax.devices()[:1])
        moved.append(trainer.advance(trainer.init(), 0, 3)[0].learners[0].params.actor)
    leaves = [jax.tree.leaves(actor)[0] for actor in moved]
    assert np.abs(leaves[0] - leaves[1]).max() > 1e-5
