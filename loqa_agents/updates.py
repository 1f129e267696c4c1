"""Whom a learner meets in one update of training, and what it makes of the meeting."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, NamedTuple

import jax
import jax.numpy as jnp
from annotated_types import Interval
from jax.sharding import NamedSharding

from loqa_agents import pool as ring
from loqa_agents.algorithms import ALGORITHMS
from loqa_agents.exact import expected_weights, solve
from loqa_agents.learner import Learner
from loqa_agents.lesson import Brain, LearnerState, Lesson, Metrics
from loqa_agents.pool import Pool
from loqa_agents.rollout import OneOf, Trajectory, play_episode
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game, Params, Policy
from loqa_envs.matrix_game import MatrixGame
from loqa_envs.validation import Count, Settings


@dataclass(frozen=True)
class Training(Settings):
    """Whom a learner meets in training, and for how long.

    Raises:
        ValueError: for a setting out of its range or a combination that means nothing.
    """

    rival: str | None = None
    """Algorithm of a second, separate learner in the other seat; without it, self-play."""
    pool: Annotated[int, Interval(ge=0, le=10**6)] = 0
    """How many past selves self-play keeps as opponents; 0 plays the present self only."""
    pool_interval: Count = 10
    """Updates from one past self to the next."""
    opponents: Annotated[int, Interval(ge=1, le=10_000)] = 8
    """How many opponents from the pool share the episodes of an update."""
    newest: Annotated[int, Interval(ge=0, le=10_000)] = 0
    """How many of those opponents are always the newest self."""
    scripted: tuple[str, ...] = ()
    """Scripted players, each in the place of one of those opponents; they cannot be shaped."""
    both_seats: bool = False
    """Whether episodes with the newest self are lessons from its seat, too."""
    exact: bool = False
    """Follow the exact expected gradient (matrix games, players without memory)."""
    episodes: Count = 32
    """Episodes an update."""
    updates: Count = 600
    """Updates of a run."""
    evaluate_every: Count = 50
    """Updates between evaluations."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.newest > self.opponents:
            raise ValueError(
                f"newest must be from 0 to opponents, of which it is a part; got {self.newest} of "
                f"{self.opponents}."
            )
        past_selves = self.opponents - len(self.scripted)
        if self.scripted and not (self.pool and 1 <= past_selves >= self.newest):
            raise ValueError(
                "scripted players need a pool, and at least one place among the opponents must be "
                f"left to it and enough to newest; got scripted={self.scripted}, "
                f"opponents={self.opponents}, newest={self.newest}, pool={self.pool}."
            )
        if self.both_seats and not (self.pool and self.newest):
            raise ValueError(
                "both_seats needs newest opponents in a pool, so that the learner sits in the "
                f"other seat, too; got pool={self.pool}, newest={self.newest}."
            )
        if (self.rival is not None) + (self.pool > 0) + self.exact > 1:
            raise ValueError(
                "rival, pool and exact exclude each other: each says whom the learner meets; "
                f"got rival={self.rival}, pool={self.pool}, exact={self.exact}."
            )
        if self.pool and self.episodes % self.opponents:
            raise ValueError(
                "episodes must be a multiple of opponents, so that each past self plays as many; "
                f"got episodes={self.episodes}, opponents={self.opponents}."
            )
        if self.rival is not None and self.rival not in ALGORITHMS:
            raise ValueError(f"rival must be one of {', '.join(ALGORITHMS)}; got {self.rival!r}.")

    @property
    def pool_places(self) -> int:
        """How many places of the pool the run can reach: one for each past self, one open."""
        return min(self.pool, self.updates // self.pool_interval + 1)


class TrainState(NamedTuple):
    learners: tuple[LearnerState, ...]
    """One learner in self-play, else one for each seat."""
    pool: Pool | None


@dataclass(frozen=True)
class Meeting:
    """The update that a training asks for, as a pure function of key, number and state.

    Raises:
        ValueError: if the exact update is asked of a game or a player that it cannot solve, or if
            the game has no scripted player of a name in the training.
    """

    game: Game
    learners: tuple[Learner, ...]
    training: Training
    episodes: NamedSharding | None = None
    """Where the episodes of an update are played; None for the device that the update runs on."""

    def __post_init__(self) -> None:
        if self.training.exact and not (
            isinstance(self.game, MatrixGame) and self.learners[0].actor.memory == 0
        ):
            raise ValueError(
                "the exact update needs a matrix game and an actor without memory, so that there "
                f"are five situations to solve; got {self.game!r} and {self.learners[0].actor!r}."
            )

        _ = self._anyone

    @property
    def update(
        self,
    ) -> Callable[[jax.Array, jax.Array, TrainState], tuple[TrainState, Metrics]]:
        if self.training.exact:
            return self._exact
        if self.training.rival is not None:
            return self._rival
        return self._past_selves if self.training.pool else self._self

    def _self(self, key: jax.Array, i: jax.Array, state: TrainState) -> tuple[TrainState, Metrics]:
        """Meet the present self, and learn from both seats."""
        (learner,), (self_state,) = self.learners, state.learners
        actor = self_state.brain.actor
        trajectories = self._play(key, (actor, actor))
        lessons = [
            jax.vmap(
                lambda episode, seat=seat: learner.lesson(
                    self.game, self_state, self_state.brain, episode, seat
                )
            )(trajectories)
            for seat in range(2)
        ]
        both = jax.tree.map(lambda *leaves: _flat(jnp.stack(leaves, 1)), *lessons)
        self_state, metrics = learner.learn(self.game, self_state, both, i)
        return TrainState((self_state,), None), metrics

    def _past_selves(
        self, key: jax.Array, i: jax.Array, state: TrainState
    ) -> tuple[TrainState, Metrics]:
        """Keep the present self now and then; meet past selves from the first seat."""
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

        def teach(opponent: Brain | None, episode: Trajectory, seat: int = 0) -> Lesson:
            return learner.lesson(self.game, self_state, opponent, episode, seat)

        episodes = self._meet_each(play_key, self_state.brain, opponents.actor, number)
        lessons = jax.vmap(jax.vmap(teach), in_axes=(None, 0))(opponents, episodes)
        parts = [lessons]
        if self.training.both_seats:
            own = jax.tree.map(lambda leaf: leaf[:, : self.training.newest], episodes)
            parts.append(jax.vmap(jax.vmap(partial(teach, self_state.brain, seat=1)))(own))
        if self.training.scripted:
            numbers = jnp.arange(len(self.training.scripted))
            met = self._meet_each(
                scripted_key, self_state.brain, numbers, len(numbers), self._anyone
            )
            parts.append(jax.vmap(jax.vmap(partial(teach, None)))(met))
        lessons = jax.tree.map(lambda *leaves: _flat(jnp.concatenate(leaves, 1)), *parts)
        self_state, metrics = learner.learn(self.game, self_state, lessons, i)
        return TrainState((self_state,), pool), metrics

    def _meet_each(
        self,
        key: jax.Array,
        brain: Brain,
        opponents: Params,
        number: int,
        other: Policy | None = None,
    ) -> Trajectory:
        """Episodes ``[B, number]`` of a brain in the first seat with each of several opponents.

        Episodes are in front, where devices share them.
        """
        episodes = self.training.episodes // self.training.opponents

        def meet(key: jax.Array, opponent: Params) -> Trajectory:
            return self._play(key, (brain.actor, opponent), episodes, other)

        met: Trajectory = jax.vmap(meet, out_axes=1)(jax.random.split(key, number), opponents)
        return met

    def _rival(self, key: jax.Array, i: jax.Array, state: TrainState) -> tuple[TrainState, Metrics]:
        """Two separate learners meet, and each learns from its own seat."""
        brains = [learner_state.brain for learner_state in state.learners]
        trajectories = self._play(key, (brains[0].actor, brains[1].actor))
        learned = []
        for seat, (learner, own) in enumerate(zip(self.learners, state.learners, strict=True)):
            lessons = jax.vmap(
                lambda episode, learner=learner, own=own, seat=seat: learner.lesson(
                    self.game, own, brains[1 - seat], episode, seat
                )
            )(trajectories)
            learned.append(learner.learn(self.game, own, lessons, i))
        return TrainState(tuple(own for own, _ in learned), None), learned[0][1]

    def _exact(self, key: jax.Array, i: jax.Array, state: TrainState) -> tuple[TrainState, Metrics]:
        """Meet the present self in expectation instead of in episodes."""
        (learner,), (self_state,) = self.learners, state.learners
        assert isinstance(self.game, MatrixGame)
        game, policy = self.game, learner.policy(self.game)
        situations = jnp.eye(5)

        def loss(actor):  # type: ignore[no-untyped-def]
            logits = jax.vmap(lambda s: policy.log_probabilities(actor, s[None])[0])(situations)
            slip = learner.exploration
            cooperation = (1 - slip) * jnp.exp(logits[:, 0]) + slip / 2
            solved = solve(game, cooperation, cooperation, learner.discount)
            weights = expected_weights(solved, learner.shaping, learner.discount, learner.algorithm)
            return -jnp.sum(jax.lax.stop_gradient(weights) * logits)

        value, gradient = jax.value_and_grad(loss)(self_state.brain.actor)
        self_state = learner.follow(self_state, gradient)
        return TrainState((self_state,), None), {"actor_loss": value}

    def _play(
        self,
        key: jax.Array,
        actors: tuple[Params, Params],
        episodes: int | None = None,
        other: Policy | None = None,
    ) -> Trajectory:
        """Episodes of players that explore, with a leading axis of episodes.

        ``other`` sits in the second seat instead of a learner.
        """
        keys = jax.random.split(key, episodes or self.training.episodes)
        if self.episodes is not None:
            keys = jax.lax.with_sharding_constraint(keys, self.episodes)
        first, second = (self.learners[i].behaviour(self.game) for i in (0, -1))
        seats = first, other or second
        return jax.vmap(lambda key: play_episode(key, self.game, seats, actors))(keys)

    @property
    def _anyone(self) -> OneOf:
        """The scripted players of the training, in the second seat."""
        return OneOf(tuple(make_player(name, self.game, 1) for name in self.training.scripted))


def _flat(leaf: jax.Array) -> jax.Array:
    """The first two axes as one."""
    return leaf.reshape(-1, *leaf.shape[2:])
