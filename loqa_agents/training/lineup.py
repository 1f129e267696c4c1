"""Whom a learner meets in one update of training, and what it makes of that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding

from loqa_agents.algorithms.exact_update import exact_loss, require_exact
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.lesson import Brain, LearnerState, Lesson, Metrics
from loqa_agents.common.rollout import OneOf, Trajectory, play_episode
from loqa_agents.training import pool as ring
from loqa_agents.training.updates import Training, TrainState
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game, Params, Policy
from loqa_envs.matrix_games.game import MatrixGame


@dataclass(frozen=True)
class Lineup:
    """The update that a training asks for, as a pure function of key, number and state.

    Where the seats of the game are alike, a learner that meets others sits in the first. Where they
    differ, it sits in each for as many episodes with everyone whom it meets, and learns from all.
    Self-play is a lesson from both seats in any game.

    Raises:
        ValueError: if the exact update is asked of a game or a learner that it cannot solve, if the
            game has no scripted player of a name in the training, or if episodes cannot be shared
            evenly by seats that differ.
    """

    game: Game
    learners: tuple[Learner, ...]
    training: Training
    episodes: NamedSharding | None = None
    """Where the episodes of an update are played; None for the device that the update runs on."""

    def __post_init__(self) -> None:
        if self.training.exact:
            require_exact(self.game, self.learners[0])
        opponents = self.training.opponents if self.training.pool else 1
        shares = opponents * len(self.seats)
        if (self.training.pool or self.training.rival) and self.training.episodes % shares:
            raise ValueError(
                f"where the seats of a game differ, every opponent is met as often from each, so "
                f"episodes must be a multiple of {shares}; got {self.training.episodes}."
            )
        _ = self._anyone(1)

    @property
    def update(
        self,
    ) -> Callable[[jax.Array, jax.Array, TrainState], tuple[TrainState, Metrics]]:
        if self.training.exact:
            return self._exact
        if self.training.rival is not None:
            return self._rival
        return self._past_selves if self.training.pool else self._self

    @property
    def seats(self) -> tuple[int, ...]:
        """Where the learner sits when it meets others."""
        return (0,) if self.game.seats_alike else (0, 1)

    def self_lessons(self, key: jax.Array, state: LearnerState) -> Lesson:
        """Episodes of the learner with itself, as ``[2 B]`` lessons from both seats."""
        (learner,) = self.learners
        players = [(self._behaviour(learner, seat), state.brain.actor) for seat in (0, 1)]
        trajectories = self._play(key, players, self.training.episodes)
        lessons = [
            jax.vmap(self._teach(learner, state, seat), (None, 0))(state.brain, trajectories)
            for seat in (0, 1)
        ]
        both: Lesson = jax.tree.map(lambda *leaves: _flat(jnp.stack(leaves, 1)), *lessons)
        return both

    def _self(self, key: jax.Array, i: jax.Array, state: TrainState) -> tuple[TrainState, Metrics]:
        """Meet the present self."""
        (learner,), (self_state,) = self.learners, state.learners
        lessons = self.self_lessons(key, self_state)
        self_state, metrics = learner.learn(self.game, self_state, lessons, i)
        return TrainState((self_state,), None), metrics

    def _past_selves(
        self, key: jax.Array, i: jax.Array, state: TrainState
    ) -> tuple[TrainState, Metrics]:
        """Keep the present self now and then; meet past selves, and scripted players."""
        (learner,), (self_state,) = self.learners, state.learners
        assert state.pool is not None
        sample_key, play_key, scripted_key = jax.random.split(key, 3)
        number = self.training.opponents - len(self.training.scripted)
        # Written before it is read: the other way round, XLA copies the whole ring for safety.
        keep = (i > 0) & (i % self.training.pool_interval == 0)
        pool = ring.push(state.pool, self_state.brain, keep)
        opponents = ring.sample(sample_key, pool, number - self.training.newest)
        if self.training.newest:
            opponents = jax.tree.map(
                lambda own, past: jnp.concatenate([*[own[None]] * self.training.newest, past]),
                self_state.brain,
                opponents,
            )
        scripted = jnp.arange(len(self.training.scripted), dtype=jnp.int32)
        parts = []
        play_keys, scripted_keys = self._by_seat(play_key), self._by_seat(scripted_key)
        for seat, play_key, scripted_key in zip(self.seats, play_keys, scripted_keys, strict=True):
            teach = self._teach(learner, self_state, seat)
            meet = partial(self._meet, actor=self_state.brain.actor, seat=seat)
            other = self._behaviour(learner, 1 - seat)
            episodes = meet(play_key, other=other, params=opponents.actor, number=number)
            parts.append(jax.vmap(jax.vmap(teach), (None, 0))(opponents, episodes))
            if self.training.both_seats:
                own = jax.tree.map(lambda leaf: leaf[:, : self.training.newest], episodes)
                from_there = partial(self._teach(learner, self_state, 1 - seat), self_state.brain)
                parts.append(jax.vmap(jax.vmap(from_there))(own))
            if self.training.scripted:
                anyone = self._anyone(1 - seat)
                met = meet(scripted_key, other=anyone, params=scripted, number=len(scripted))
                parts.append(jax.vmap(jax.vmap(partial(teach, None)))(met))
        lessons = jax.tree.map(lambda *leaves: _flat(jnp.concatenate(leaves, 1)), *parts)
        self_state, metrics = learner.learn(self.game, self_state, lessons, i)
        return TrainState((self_state,), pool), metrics

    def _rival(self, key: jax.Array, i: jax.Array, state: TrainState) -> tuple[TrainState, Metrics]:
        """Two separate learners meet, and each learns from where it sits."""
        brains = [learner_state.brain for learner_state in state.learners]
        episodes = self.training.episodes // len(self.seats)
        parts: list[list[Lesson]] = [[], []]
        for first_seat, seat_key in zip(self.seats, self._by_seat(key), strict=True):
            order = (0, 1) if first_seat == 0 else (1, 0)  # who sits in which seat
            players = [
                (self._behaviour(self.learners[who], seat), brains[who].actor)
                for seat, who in enumerate(order)
            ]
            trajectories = self._play(seat_key, players, episodes)
            for seat, who in enumerate(order):
                teach = self._teach(self.learners[who], state.learners[who], seat)
                teach_all = jax.vmap(teach, (None, 0))
                parts[who].append(teach_all(brains[1 - who], trajectories))
        learned = [
            learner.learn(self.game, own, jax.tree.map(lambda *x: jnp.concatenate(x), *lessons), i)
            for learner, own, lessons in zip(self.learners, state.learners, parts, strict=True)
        ]
        return TrainState(tuple(own for own, _ in learned), None), learned[0][1]

    def _exact(self, key: jax.Array, i: jax.Array, state: TrainState) -> tuple[TrainState, Metrics]:
        """Meet the present self in expectation, not in episodes; the actor makes one step."""
        (self_state,), learner = state.learners, replace(self.learners[0], actor_steps=1)
        assert isinstance(self.game, MatrixGame)
        loss_of = partial(exact_loss, learner, self.game)
        loss, gradient = jax.value_and_grad(loss_of)(self_state.brain.actor, i)
        self_state = learner.follow(self_state, gradient)
        return TrainState((self_state,), None), {"actor_loss": loss}

    def _teach(
        self, learner: Learner, state: LearnerState, seat: int
    ) -> Callable[[Brain | None, Trajectory], Lesson]:
        """What an episode with an opponent of that brain teaches a learner that sat there."""
        return lambda opponent, episode: learner.lesson(self.game, state, opponent, episode, seat)

    def _meet(
        self, key: jax.Array, actor: Params, seat: int, other: Policy, params: Params, number: int
    ) -> Trajectory:
        """Episodes ``[B, number]`` of an actor in ``seat`` with each of several opponents.

        Episodes are in front, where devices share them.
        """
        episodes = self.training.episodes // self.training.opponents // len(self.seats)
        me = self._behaviour(self.learners[0], seat), actor

        def meet(key: jax.Array, params: Params) -> Trajectory:
            players = [me, (other, params)]
            return self._play(key, players if seat == 0 else players[::-1], episodes)

        met: Trajectory = jax.vmap(meet, out_axes=1)(jax.random.split(key, number), params)
        return met

    def _play(
        self, key: jax.Array, players: list[tuple[Policy, Params]], episodes: int
    ) -> Trajectory:
        """Episodes of players with their parameters, seat by seat, with episodes in front."""
        keys = jax.random.split(key, episodes)
        if self.episodes is not None:
            keys = jax.lax.with_sharding_constraint(keys, self.episodes)
        seats, actors = zip(*players, strict=True)
        return jax.vmap(lambda key: play_episode(key, self.game, seats, actors))(keys)

    def _by_seat(self, key: jax.Array) -> list[jax.Array]:
        """A key for each of `seats`."""
        return [key] if len(self.seats) == 1 else list(jax.random.split(key, len(self.seats)))

    def _behaviour(self, learner: Learner, seat: int) -> Policy:
        """A learner as it plays in training, exploring."""
        return learner.behaviour(self.game).in_seat(seat)

    def _anyone(self, seat: int) -> OneOf:
        """The scripted players of the training."""
        return OneOf(tuple(make_player(name, self.game, seat) for name in self.training.scripted))


def _flat(leaf: jax.Array) -> jax.Array:
    """The first two axes as one."""
    return leaf.reshape(-1, *leaf.shape[2:])
