"""Learners of their own for groups of seats, and agents of one environment that see and do other
things."""

from dataclasses import replace

import host_environments
import jax
import numpy as np
import pytest
from host_environments import Dilemma, Hunt

from loqa_agents import (
    Agent,
    Context,
    DenseGRU,
    HostTrainer,
    Learner,
    Separately,
    Trainer,
    Training,
    load_agent,
    run,
    save_agent,
)
from loqa_agents.algorithms.ppo.ippo import IPPO
from loqa_agents.algorithms.separately import by_spaces
from loqa_agents.cli import main as cli
from loqa_agents.cli.training import train
from loqa_agents.training.lineup import Lineup
from loqa_envs import IPD, MatrixGame, environment
from loqa_envs.observation import MASK

SMALL = Learner(actor=DenseGRU(hidden=(8,)), critic=DenseGRU(hidden=(8,)), actor_steps=1)
BATTLE = MatrixGame("battle_of_the_sexes", episode_length=4)
HUNT = environment(Hunt)
TRAINING = Training(episodes=4, updates=2, evaluate_every=1)


def test_arrays_that_only_others_have_are_empty_and_actions_are_masked():
    assert HUNT.groups == (0, 1, 1)
    assert HUNT.num_actions == 3
    shapes = {name: leaf.shape for name, leaf in HUNT.observation_spec.tree.items()}
    assert shapes == {"observation": (3,), "way": (), MASK: (3,)}
    seen = HUNT.read(0, np.array([0, 1, 0], np.float32), {})
    assert seen.keys() == {"observation", MASK}
    np.testing.assert_array_equal(seen[MASK], [1, 1, 1])
    hare = HUNT.read(2, {"way": 6}, {})
    assert hare["way"] == 1
    np.testing.assert_array_equal(hare[MASK], [1, 1, 0])


def test_arrays_of_one_name_and_other_shapes_are_told_apart():
    class Wide(Hunt):
        def observation_space(self, agent):
            return host_environments.Box(0, 1, (5,) if agent == "hare_1" else (3,))

    spec = environment(Wide).observation_spec.tree
    assert {name: leaf.shape for name, leaf in spec.items()} == {
        "hunter": (3,),
        "hare_1": (5,),
        MASK: (3,),
    }
    assert environment(Wide).groups == (0, 1, 2)
    with pytest.raises(ValueError, match=r"^seats_alike must be False where agents' spaces differ"):
        environment(Wide, seats_alike=True)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"pool": 3, "opponents": 2, "newest": 1}])
def test_each_group_learns_what_it_would_learn_alone_from_its_seats(settings):
    """A plain learner's update with the views of some seats only is that of a group of them."""
    training = replace(TRAINING, **settings)
    team = Separately(SMALL, (0, 1))
    state = Trainer(BATTLE, team, training, [3]).init()
    state = jax.tree.map(lambda leaf: leaf[0], state)
    lineup, key, i = Lineup(BATTLE, (team,), training), jax.random.key(5), np.int32(0)
    kept = lineup.kept(i, state)
    played = [(table, table.play(own, None)) for own, table in lineup.tables(key, kept)]
    learned, metrics = lineup.learn(key, i, kept, played)
    views = [(seat, view) for table, episodes in played for _, seat, view in table.views(episodes)]
    for group in (0, 1):
        mine = [view for seat, view in views if seat == group]
        assert mine
        own = state.learners[0][group]
        context = Context(i, (), (group,) * len(mine), lambda *_: None, 4)
        alone, _ = SMALL.update(key, BATTLE, own, mine, context)
        jax.tree.map(
            lambda x, y: np.testing.assert_allclose(x, y, atol=1e-6),
            learned.learners[0][group], alone,
        )  # fmt: skip
        moved = jax.tree.map(lambda x, y: np.abs(x - y).max(), own.params, alone.params)
        assert max(jax.tree.leaves(moved)) > 0
    assert metrics.keys() >= {"actor_loss"}


@pytest.mark.slow
def test_agents_with_other_spaces_learn_what_each_of_them_is_shown():
    learner = replace(
        SMALL, algorithm="naive", actor=DenseGRU(hidden=(16,)), actor_learning_rate=0.02,
        critic_learning_rate=0.02, entropy=0.03,
    )  # fmt: skip
    training = Training(episodes=16, updates=80, evaluate_every=80)
    trainer = HostTrainer(Hunt, learner, training, [7])
    assert trainer.learners == (Separately(learner, (0, 1, 1)),)
    state = trainer.init()
    evaluate = trainer.evaluator().evaluate
    before = evaluate(jax.random.key(1), trainer.learners[0].params(state.learners[0]).actor, 60)
    state, _ = trainer.advance(state, 0, 80)
    after = evaluate(jax.random.key(1), trainer.learners[0].params(state.learners[0]).actor, 60)
    assert np.all(before.self_play[0] < [0.6, 0.75, 0.75])
    assert np.all(after.self_play[0] > 0.9)


@pytest.mark.slow
def test_a_team_is_one_file_that_plays_each_seat_with_its_parameters(tmp_path):
    results = run(Hunt, SMALL, TRAINING, [1], tmp_path / "run", final_episodes=8)
    agent = load_agent(tmp_path / "run" / "agents" / "1.safetensors")
    assert agent.learner == Separately(SMALL, (0, 1, 1))
    assert set(results["versus"]) == {"random x1", "random x2"}
    save_agent(tmp_path / "again.safetensors", agent)
    jax.tree.map(
        np.testing.assert_array_equal,
        load_agent(tmp_path / "again.safetensors").actor_critic, agent.actor_critic,
    )  # fmt: skip
    assert agent.in_seat(2).policy.place == 1
    with pytest.raises(ValueError, match=r"^a team must be told which seat it plays in"):
        agent.policy.act(jax.random.key(0), agent.params, (), None)


class Asked(Exception):  # noqa: N818 -- nothing went wrong
    """What a command was about to train."""


def test_options_say_who_shares_parameters(monkeypatch):
    def ask(game, learner, *_, **__):
        raise Asked(by_spaces(game, learner))

    monkeypatch.setattr(train, "run", ask)
    monkeypatch.setenv("LOQA_TRACEBACK", "1")
    groups = {}
    words = ["train", "host_environments:Hunt", "--seeds", "1"]
    for option in ("", "--separate", "--share-parameters"):
        with pytest.raises(Asked) as asked:
            cli.main([*words, *option.split()])
        groups[option] = asked.value.args[0].groups
    assert groups == {"": (0, 1, 1), "--separate": (0, 1, 2), "--share-parameters": (0, 0, 0)}
    with pytest.raises(ValueError, match="exclude each other"):
        cli.main([*words, "--separate", "--share-parameters"])
    with pytest.raises(Asked) as asked:
        cli.main([*words, "--algorithm", "ippo", "--minibatches", "2"])
    assert asked.value.args[0] == Separately(IPPO(minibatches=2), (0, 1, 1))


def test_alike_agents_share_a_learner():
    trainer = HostTrainer(environment(Dilemma, 4), SMALL, TRAINING, [1])
    assert trainer.learners == (SMALL,)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Separately(SMALL, (0, 2)), "numbers from 0 on, without gaps"),
        (lambda: Separately(SMALL, (0, 1, 1)).policy(BATTLE), "a group for each of them"),
        (lambda: Separately(SMALL, (0, 1)).policy(IPD()), "which are alike"),
    ],
)
def test_groups_that_do_not_fit_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.slow
def test_a_team_is_known_by_what_its_learners_are():
    game, team = BATTLE, Separately(SMALL, (0, 1))
    agent = Agent(game, team, team.params(team.init(jax.random.key(1), game)), 1)
    assert repr(agent) == "<agent for battle_of_the_sexes by loqa, seed 1>"
