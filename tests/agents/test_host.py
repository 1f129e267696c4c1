"""Learners in environments of others, written in Python."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, MultiBinary, MultiDiscrete, Text
from host_environments import Dilemma, Leavers, Masked

from loqa_agents import DenseGRU, HostEpisodes, HostTrainer, Learner, Training, play_episode
from loqa_agents.training.host.trainer import HostTable
from loqa_agents.training.lineup import Lineup
from loqa_agents.training.table import Occupant, Table
from loqa_agents.training.updates import TrainState
from loqa_envs import IPD, environment, make_player
from loqa_envs.adapters.host.game import HostGame
from loqa_envs.adapters.host.spaces import parts_of
from loqa_envs.adapters.pettingzoo import parallel_env
from loqa_envs.keys import key

QUICK = {"actor_steps": 1, "critic_steps": 1}
ENDLESS = Learner(algorithm="naive", critic=DenseGRU(memory=3), finite_horizon=False, **QUICK)


def same(one, other, tolerance=0.0):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, tolerance, tolerance), one, other)


@dataclass(frozen=True)
class Replay:
    """Does what is written down, and notes what a learner would have noted."""

    policy: object

    def initial_carry(self):
        return np.int32(0), self.policy.initial_carry()

    def act(self, key, params, carry, observation):
        actions, actor = params
        _, memory, extras = self.policy.act(key, actor, carry[1], observation)
        return actions[carry[0]], (carry[0] + 1, memory), extras


@pytest.mark.slow
def test_a_game_through_its_own_adapter_teaches_the_same_as_under_jax():
    game = IPD(episode_length=6)
    learner = Learner(actor=DenseGRU(memory=3), critic=DenseGRU(), **QUICK)
    episodes = HostEpisodes(environment(lambda: parallel_env(game), seats_alike=True))
    assert episodes.game.observation_spec.tree.shape == game.observation_spec.tree.shape
    own = TrainState((learner.init(key(0), game),), None)
    policy, actor = learner.behaviour(game), own.learners[0].params.actor
    host = episodes.play_columns(key(1), (policy,) * 2, (actor,) * 2, (False,) * 2, 4, 1)
    assert 0 < host.actions.mean() < 1

    def replayed(actions):
        params = [(actions[:, seat], actor) for seat in (0, 1)]
        return play_episode(key(0), game, [Replay(policy)] * 2, params)

    ours = jax.vmap(jax.vmap(replayed))(host.actions)
    ours = ours._replace(carries=tuple(carry for _, carry in ours.carries), info=host.info)
    same(host, ours, 1e-6)

    def learned(game, kind, played):
        lineup = Lineup(game, (learner,), Training(episodes=4))

        @jax.jit
        def learn(state, played):
            ((_, table),) = lineup.tables(key(2), state)
            table = kind(game, table.occupants, 4)
            return lineup.learn(key(2), np.int32(0), state, [(table, played)])

        return learn(own, played)

    found, expected = learned(episodes.game, HostTable, host), learned(game, Table, ours)
    same(found, expected, 1e-5)
    found = found[0]
    assert not np.allclose(found.learners[0].params.actor["params"]["Dense_0"]["kernel"],
                           actor["params"]["Dense_0"]["kernel"])  # fmt: skip


@pytest.fixture(scope="module")
def left():
    """Episodes ``[2]`` of agents that leave, with what a learner makes of them in each seat."""
    episodes = HostEpisodes(Leavers)
    game = episodes.game
    state = ENDLESS.init(key(0), game)
    seats = tuple(ENDLESS.behaviour(game).in_seat(seat) for seat in range(3))
    actors = (state.params.actor,) * 3
    played = episodes.play_columns(key(1), seats, actors, (False,) * 3, 2, 1)
    table = HostTable(game, tuple(Occupant(seat, actors[0], False, ENDLESS, state.params, 0)
                                  for seat in seats), 2)  # fmt: skip
    views = [view for *_, view in table.views(jax.tree.map(jnp.asarray, played))]
    rows = [jax.vmap(jax.vmap(lambda view: ENDLESS.row(game, state, view)))(v) for v in views]
    return played, views, rows


def test_what_happens_to_agents_that_leave_is_recorded(left):
    played = left[0]
    assert played.observations["place"].shape == (2, 1, 6, 3, 2)
    assert played.observations["kind"][0, 0, :, 2].tolist() == [0, 1, 2, 0, 1, 2]
    rewards = [[1, 2, 0, 0, 0], [1.5, 2.5, 3.5, 0, 0], [2, 3, 4, 5, 6]]
    assert played.rewards[1, 0].T.tolist() == rewards
    assert played.continues[0, 0].T.tolist() == [[1, 0, 1, 1, 1], [1] * 5, [1] * 5]
    assert played.info["truncated"][0, 0].T.tolist() == [[0] * 5, [0, 0, 1, 0, 0], [0] * 5]
    place = played.observations["place"][0, 0]
    assert (place[2:, 0] == place[2, 0]).all()
    assert (place[3:, 1] == place[3, 1]).all()
    assert not (place[1:, 2] == place[:-1, 2]).any()


@pytest.mark.parametrize("seat", [0, 1, 2])
def test_advantages_of_those_who_leave_are_those_by_hand(left, seat):
    played, views, rows = left
    length, bootstraps = [(2, 0), (3, 1), (5, 1)][seat]
    values, rewards = np.asarray(views[seat].values), played.rewards[..., seat]
    assert abs(values[0, 0, length]) > 1e-3  # so that it makes a difference
    expected, after = np.zeros((2, 5)), np.zeros(2)
    for t in reversed(range(length)):
        following = values[:, 0, t + 1] * (bootstraps if t == length - 1 else 1)
        error = rewards[:, 0, t] + ENDLESS.discount * following - values[:, 0, t]
        after = error + ENDLESS.discount * ENDLESS.gae_decay * after
        expected[:, t] = after
    np.testing.assert_allclose(rows[seat].advantages[:, 0], expected, 1e-5, 1e-5)
    np.testing.assert_allclose(
        rows[seat].targets[:, 0, :length], (expected + values[:, 0, :5])[:, :length], 1e-5, 1e-5
    )
    assert rows[seat].alive[0, 0].tolist() == [1] * length + [0] * (5 - length)


@pytest.mark.slow
def test_a_finite_horizon_is_refused_where_an_episode_is_cut_off_before_it():
    trainer = HostTrainer(Leavers, Learner(algorithm="naive", **QUICK), Training(episodes=1), (0,))
    with pytest.raises(ValueError, match=r"^finite_horizon must be False .* before 5 steps\.$"):
        trainer.advance(trainer.init(), 0, 1)


@pytest.mark.slow
def test_whole_updates_repeat_and_go_on_where_they_were():
    trainer = HostTrainer(Leavers, ENDLESS, Training(episodes=2), (3, 4))
    at_once, metrics = trainer.advance(trainer.init(), 0, 3)
    assert metrics["entropy"].shape == (2,)
    first, _ = trainer.advance(trainer.init(), 0, 1)
    same(trainer.advance(first, 1, 3)[0], at_once)
    actor = at_once.learners[0].params.actor["params"]
    assert not any(np.allclose(leaf[0], leaf[1]) for leaf in jax.tree.leaves(actor))


@pytest.mark.slow
@pytest.mark.parametrize(
    "training",
    [
        Training(episodes=12, pool=2, opponents=2, pool_interval=1, scripted=("random",)),
        Training(episodes=6, rival="naive"),
    ],
)
def test_loqa_meets_past_selves_scripted_players_and_rivals(training):
    learner = Learner(finite_horizon=False, **QUICK)
    trainer = HostTrainer(Leavers, learner, training, (0,))
    state = trainer.init()
    learned, metrics = trainer.advance(state, 0, 2)
    assert isinstance(learned, TrainState)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((learned, metrics)))
    for before, after in zip(state.learners, learned.learners, strict=True):
        pairs = zip(*map(jax.tree.leaves, (before.params, after.params)), strict=True)
        assert not all(np.allclose(a, b) for a, b in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["info", "observation"])
def test_masked_actions_are_never_taken_and_never_learned(where):
    learner = Learner(
        algorithm="naive", exploration=0.0, actor_learning_rate=0.1, entropy=0.01, **QUICK
    )
    trainer = HostTrainer(lambda: Masked(where), learner, Training(episodes=16), (0,))
    game = trainer.game
    players = [make_player("random", game, seat) for seat in (0, 1)]
    at_random = trainer.episodes.play(key(1), players, ((), ()), 64)
    allowed = at_random.observations["action_mask"][:, :-1]
    share = np.array([(at_random.actions == action).mean() for action in range(4)])
    np.testing.assert_allclose(share, 0.25, atol=0.05)
    state, _ = trainer.advance(trainer.init(), 0, 12)  # the environment refuses what is forbidden
    actor = jax.tree.map(lambda leaf: leaf[0], state.learners[0].params.actor)
    seats = [learner.policy(game).in_seat(seat) for seat in (0, 1)]
    played = trainer.episodes.play(key(2), seats, (actor, actor), 64)
    said = np.stack([extras["log_probabilities"] for extras in played.extras], 2)
    assert (said[allowed == 0] < -1e8).all()
    assert played.rewards[:, [0, 1, 2]].mean() > at_random.rewards[:, [0, 1, 2]].mean() + 0.2
    assert not played.rewards[:, 3].any()


@pytest.mark.slow
def test_exploration_is_among_allowed_actions():
    """One that only explores does what a random player does; Masked refuses what is forbidden."""
    game = environment(lambda: Masked("info"))
    learner = Learner(exploration=1.0)
    actor = learner.init(key(0), game).params.actor
    players = [learner.behaviour(game).in_seat(seat) for seat in (0, 1)]
    played = HostEpisodes(game).play(key(1), players, (actor, actor), 200)
    allowed = played.observations["action_mask"][:, :-1]
    for step in range(4):
        share = np.array([(played.actions[:, step] == action).mean() for action in range(4)])
        np.testing.assert_allclose(share, allowed[0, step, 0] / 3, atol=0.07)
    said = np.stack([extras["log_probabilities"] for extras in played.extras], 2)
    explored = players[0].explored(said)
    np.testing.assert_allclose(explored, allowed / 3, atol=1e-6)


@pytest.mark.slow
def test_the_prisoners_dilemma_as_somebody_writes_it_is_learned():
    learner = Learner(algorithm="naive", actor_learning_rate=0.05)
    trainer = HostTrainer(
        environment(Dilemma, seats_alike=True), learner, Training(episodes=16), (0,)
    )
    state, _ = trainer.advance(trainer.init(), 0, 40)
    actor = jax.tree.map(lambda leaf: leaf[0], state.learners[0].params.actor)
    played = trainer.episodes.play(key(1), [learner.policy(trainer.game)] * 2, (actor, actor), 16)
    assert played.actions.mean() > 0.9


@pytest.mark.slow
def test_loqa_learns_to_reciprocate_in_somebodys_prisoners_dilemma():
    learner = Learner()
    game = environment(lambda: Dilemma(50), seats_alike=True)
    trainer = HostTrainer(game, learner, Training(episodes=32), (42,))
    state, _ = trainer.advance(trainer.init(), 0, 400)
    actor = jax.tree.map(lambda leaf: leaf[0], state.learners[0].params.actor)
    policy = learner.policy(trainer.game)
    situations = jnp.eye(5, dtype=jnp.float32)  # both cooperated, CD, DC, both defected, start
    cooperation = jnp.exp(policy.log_probabilities(actor, situations))[:, 0]
    assert cooperation[0] > 0.8
    assert cooperation[4] > 0.8
    assert cooperation[1] < 0.3


def test_spaces_become_named_arrays_of_numbers_categories_and_images():
    inner = Dict(cards=MultiDiscrete([3, 5], start=[1, 0]), flags=MultiBinary(2))
    space = Dict(
        view=Box(0, 255, (4, 5, 3), np.uint8), hand=inner, speed=Box(-np.inf, 9, (2,), np.int64)
    )
    parts = {part.name: part for part in parts_of("a", space)}
    kinds = {name: (part.leaf.kind, part.leaf.shape) for name, part in parts.items()}
    assert kinds == {
        "hand/cards": ("categories", (2,)),
        "hand/flags": ("numbers", (2,)),
        "speed": ("numbers", (2,)),
        "view": ("image", (4, 5, 3)),
    }
    assert parts["hand/cards"].leaf.table_sizes == (3, 5)
    assert parts["hand/cards"].read({"hand": {"cards": [3, 4]}}).tolist() == [2, 4]
    with pytest.raises(ValueError, match=r"^speed must have the shape \(2,\) .*, got \(3,\)\.$"):
        parts["speed"].read({"speed": [1, 2, 3]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"observation_space": lambda self, agent: Text(3)}, r"a Dict of .*; a has Text\("),
        ({"action_space": lambda self, agent: Box(0, 1, (1,))}, r"must be Discrete; a has Box\("),
        ({"max_cycles": None}, r"^episode_length must be given, since leavers"),
    ],
)
def test_what_cannot_be_learned_in_is_refused_in_one_line(change, said):
    with pytest.raises(ValueError, match=said) as refusal:
        HostGame.of(type("Changed", (Leavers,), change)())
    assert "\n" not in str(refusal.value)


def test_what_an_environment_raises_names_the_copy_and_the_step():
    class Broken(Leavers):
        def step(self, actions):
            if self.clock == 1:
                raise ZeroDivisionError("a wall")
            return super().step(actions)

    episodes = HostEpisodes(Broken)
    players = [make_player("random", episodes.game, seat) for seat in range(3)]
    said = r"^copy 0 of leavers raised ZeroDivisionError in step 1: a wall$"
    with pytest.raises(RuntimeError, match=said):
        episodes.play(key(0), players, ((),) * 3, 2)


def test_categories_outside_their_space_are_refused():
    class Stray(Leavers):
        def _seen(self, agents):
            seen, infos = super()._seen(agents)
            return {agent: row | {"kind": 7} for agent, row in seen.items()}, infos

    episodes = HostEpisodes(Stray)
    players = [make_player("random", episodes.game, seat) for seat in range(3)]
    with pytest.raises(ValueError, match=r"^what agents see .*; kind of leavers does not\.$"):
        episodes.play(key(0), players, ((),) * 3, 1)
