"""One fresh learner against one frozen player, as pure functions."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.losses import Batch, LearnerState
from loqa_agents.common.rollout import Trajectory, play_episode
from loqa_agents.networks.policy import NetworkPolicy
from loqa_agents.responses.clock import Clocked, ClockedPolicy
from loqa_envs.coin_game.game import CoinGame
from loqa_envs.coin_game.translation import Translated, translated
from loqa_envs.game import Game, Params, Policy


@dataclass(frozen=True)
class Responding:
    """A learner in the seat ``place`` of ``table``, and ``other``, who does not learn."""

    table: Any
    learner: Learner
    other: Policy
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
        """Updates start, ..., stop - 1 against ``other`` with ``params``."""
        me = self.at_table(self.learner.behaviour(self.seen).in_seat(0), self.place)

        def update(i: jax.Array, state: LearnerState) -> LearnerState:
            keys = jax.random.split(jax.random.fold_in(key, i), self.episodes)
            seats, actors = (me, self.other), (state.params.actor, params)
            if self.place:
                seats, actors = seats[::-1], actors[::-1]
            episodes = jax.vmap(lambda key: play_episode(key, self.table, seats, actors))(keys)

            def row(episode: Trajectory) -> Batch:
                own = self.view(_exchanged(episode) if self.place else episode)
                view = self.learner.view(self.seen, state.params, own, 0)
                return self.learner.row(self.seen, state, view)

            return self.learner.learn(self.seen, state, jax.vmap(row)(episodes), i)[0]

        advanced: LearnerState = jax.lax.fori_loop(start, stop, update, state)
        return advanced


class AroundItself(Responding):
    """In the Coin Game, what is learned in one place of the board holds everywhere."""

    @property
    def seen(self) -> CoinGame:
        game: CoinGame = replace(self.table, observation="index", shift_view=True)
        return game

    def at_table(self, policy: NetworkPolicy, place: int) -> Policy:
        return translated(policy, self.seen, self.table, place)

    def view(self, episode: Trajectory) -> Trajectory:
        me = Translated(self.other, self.seen, self.table, self.place)
        observations: Any = jax.vmap(me.see)(episode.observations[:, 0])
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
    table: Game, learner: Learner, other: Policy, episodes: int, place: int
) -> Responding:
    """The way to respond that suits the game."""
    kind = AroundItself if isinstance(table, CoinGame) else ByTheClock
    return kind(table, learner, other, episodes, place)


def _exchanged(episode: Trajectory) -> Trajectory:
    """The episode with its two seats exchanged."""
    observations, actions, rewards, continues, info = jax.tree.map(
        lambda rows: rows[:, ::-1], episode[:5]
    )
    backwards = episode.extras[::-1], episode.carries[::-1]
    return Trajectory(observations, actions, rewards, continues, info, *backwards)
