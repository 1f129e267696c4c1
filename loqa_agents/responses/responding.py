"""One fresh learner against one frozen player, as pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.losses import Batch, LearnerState
from loqa_agents.common.rollout import Trajectory, play_episode
from loqa_agents.networks.policy import NetworkPolicy
from loqa_agents.responses.clock import Clocked, ClockedPolicy
from loqa_envs.game import Game, Params, Policy


@dataclass(frozen=True)
class Responding:
    """A learner in the seat ``place`` of ``table``, and copies of a player that does not learn."""

    table: Any
    learner: Learner
    others: tuple[Policy, ...]
    """The player in every other seat, in turn from the next one on."""
    episodes: int
    place: int

    @property
    def seen(self) -> Any:
        """The game as the learner's networks see it."""
        raise NotImplementedError

    def at_table(self, policy: NetworkPolicy, place: int) -> Policy:
        """The player of `table` that plays as ``policy`` plays `seen`."""
        raise NotImplementedError

    def view(self, episode: Trajectory) -> Trajectory:
        """An episode whose first seat is the learner's, as that saw it."""
        raise NotImplementedError

    def init(self, key: jax.Array) -> LearnerState:
        return self.learner.init(jax.random.fold_in(key, np.uint32(0xFFFFFFFF)), self.seen)

    def advance(
        self, key: jax.Array, state: LearnerState, params: Params, start: int, stop: int
    ) -> LearnerState:
        """Updates start, ..., stop - 1 among ``others`` with ``params``."""
        me = self.at_table(self.learner.behaviour(self.seen).in_seat(0), self.place)

        def update(i: jax.Array, state: LearnerState) -> LearnerState:
            keys = jax.random.split(jax.random.fold_in(key, i), self.episodes)
            players = [(me, state.params.actor), *((other, params) for other in self.others)]
            seats, actors = zip(*_turned(players, -self.place), strict=True)
            episodes = jax.vmap(lambda key: play_episode(key, self.table, seats, actors))(keys)

            def row(episode: Trajectory) -> Batch:
                own = self.view(_from_seat(self.place, episode))
                view = self.learner.view(self.seen, state.params, own, 0)
                return self.learner.row(self.seen, state, view)

            return self.learner.learn(self.seen, state, jax.vmap(row)(episodes), i)[0]

        advanced: LearnerState = jax.lax.fori_loop(start, stop, update, state)
        return advanced


class AsLearnersSee(Responding):
    """In games with a version for learners, what is learned in one place holds everywhere."""

    @property
    def seen(self) -> Game:
        game: Game = self.table.version("learner")
        return game

    def at_table(self, policy: NetworkPolicy, place: int) -> Policy:
        adapted: Policy = self.table.adapt(policy, self.seen, place)
        return adapted

    def view(self, episode: Trajectory) -> Trajectory:
        see = partial(self.table.see_as, self.seen, seat=self.place)
        observations: Any = jax.vmap(see)(episode.observations[:, 0])
        return episode._replace(observations=observations[:, None])


class ByTheClock(Responding):
    """In other games, the last steps are what a best response differs by."""

    @property
    def seen(self) -> Clocked:
        return Clocked(self.table)

    def at_table(self, policy: NetworkPolicy, place: int) -> Policy:
        return ClockedPolicy(policy, self.seen)

    def view(self, episode: Trajectory) -> Trajectory:
        return self.seen.seen(episode)


def responding_in(
    table: Game, learner: Learner, others: tuple[Policy, ...], episodes: int, place: int
) -> Responding:
    """The way to respond that suits the game."""
    kind = AsLearnersSee if has_learners_version(table) else ByTheClock
    return kind(table, learner, others, episodes, place)


def has_learners_version(table: Game) -> bool:
    """Whether a game has a version of its own for learners, as games on boards have."""
    return bool(table.version("learner") != table)


def _from_seat(place: int, episode: Trajectory) -> Trajectory:
    """The episode with its seats in turn from that one on."""
    observations, actions, rewards, continues, info = jax.tree.map(
        lambda rows: jnp.roll(rows, -place, axis=1) if place else rows, episode[:5]
    )
    turned = _turned(episode.extras, place), _turned(episode.carries, place)
    return Trajectory(observations, actions, rewards, continues, info, *turned)


def _turned(things: Sequence[Any], number: int) -> tuple[Any, ...]:
    """The same things in turn from that one on."""
    return (*things[number:], *things[:number])
