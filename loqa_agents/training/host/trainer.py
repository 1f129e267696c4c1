"""Training in somebody's environment: whom a learner meets is as in every training."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents.algorithms.algorithm import Algorithm, Metrics
from loqa_agents.algorithms.separately import by_spaces
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.common.rollout import Trajectory
from loqa_agents.common.seatings import in_turn
from loqa_agents.training.host.episodes import HostEpisodes, Workers
from loqa_agents.training.host.evaluation import HostEvaluator
from loqa_agents.training.lineup import Lineup
from loqa_agents.training.table import Table
from loqa_agents.training.trainer import Trainer, Update
from loqa_agents.training.updates import Training, TrainState
from loqa_envs import keys
from loqa_envs.adapters.host.copies import MakeEnv
from loqa_envs.adapters.host.game import HostGame
from loqa_envs.game import Policy
from loqa_envs.validation import checked


class HostTrainer:
    """Trains one learner for each of ``seeds`` in a PettingZoo ``ParallelEnv``, one by one.

    It is used as a `Trainer` is: ``init``, then ``advance``. Randomness of update i comes from
    ``fold_in(key(seed), i)``, seeds of the environments included. So whole updates repeat, and a
    run that is cut between two of them and continued equals one that was not, if the environment is
    deterministic under its seed.

    Agents may leave at different times. After a termination there is no value, after a truncation
    there is the critic's. A critic with ``finite_horizon`` takes the end of ``episode_length``
    steps for the end of all rewards; that suits environments whose episodes are as long as that or
    terminate before. Where they are cut off earlier it is refused: set ``finite_horizon=False``.
    Opponents' returns stop with their episodes, as in games. Of actions that are masked, LOQA's
    model of the opponent knows nothing.

    Args:
        game: the environment, as `loqa_envs.environment` knows it, or a function that makes it.
        learner: who learns, with shared parameters in all seats in self-play; where agents have
            different spaces, one for each kind of agent, see `Separately`.
        training: whom it meets; not ``exact``.
        seeds: one training for each.
        workers: number of processes that share the copies, see `HostEpisodes`.
        devices: the first of them learns; by default of all that JAX has.

    Raises:
        ValueError: for what `HostEpisodes`, `Training` or `Lineup` refuse.
    """

    @checked
    def __init__(
        self,
        game: HostGame | MakeEnv,
        learner: Algorithm,
        training: Training,
        seeds: Sequence[int],
        workers: Workers = 0,
        devices: list[jax.Device] | None = None,
    ) -> None:
        if training.exact:
            raise ValueError("exact must be False: an environment has no rules to be solved.")
        self.episodes = HostEpisodes(game, workers)
        self.game = game = self.episodes.game
        self.training = training
        learner = by_spaces(game, learner)
        self._trainer = Trainer(game, learner, training, seeds, (devices or jax.devices())[:1])
        self.learners, self.seeds = self._trainer.learners, self._trainer.seeds
        for each in self.learners:
            each.behaviour(game)  # refuses what it cannot play
        self._lineup = Lineup(game, self.learners, training)
        self._keys = keys.key(np.array(self.seeds))
        self._seatings: list[_Seating] = []
        self._deal = jax.jit(self._dealt)
        self._learn = jax.jit(self._learned)

    @property
    def steps_per_update(self) -> int:
        """Environment steps of one update of one seed, at the most."""
        return self.training.episodes * self.game.episode_length

    def init(self) -> TrainState:
        """The state before the first update; leaves have a leading axis of seeds."""
        return self._trainer.init()

    def shapes(self) -> TrainState:
        """A state without its numbers: leaves have a shape and a type."""
        return self._trainer.shapes()

    def place(self, state: TrainState) -> TrainState:
        """Put a state on the device, as `init` does."""
        return self._trainer.place(state)

    def compile(self, state: TrainState) -> None:
        """Nothing: what is compiled depends on what the environment answers."""

    def bytes_needed(self) -> int:
        """Bytes of memory that the episodes of an update take, without what learning takes."""
        return self.episodes.bytes_needed(self.training.episodes)

    def evaluator(self) -> HostEvaluator:
        """What plays the actors of (the first) learner, in the same copies."""
        policy = self.learners[0].policy(self.game)
        return HostEvaluator(self.episodes, policy, self.training.episodes)

    @keys.boundary
    @checked
    def advance(self, state: TrainState, start: Update, stop: Update) -> tuple[TrainState, Metrics]:
        """Run updates start, ..., stop - 1; metrics are the last update's, ``[seeds]`` each."""
        done = []
        for number, key in enumerate(self._keys):
            own: Any = jax.tree.map(lambda leaf, n=number: leaf[n], state)
            metrics: Metrics = {}
            for i in range(start, stop):
                own, metrics = self.update(jax.random.fold_in(key, i), i, own)
            done.append((own, metrics))
        stacked: tuple[TrainState, Metrics] = jax.tree.map(lambda *x: jnp.stack(x), *done)
        return stacked

    @keys.boundary
    def update(self, key: jax.Array, i: int, state: TrainState) -> tuple[TrainState, Metrics]:
        """The update of number i of one seed, whose state has no axis of seeds."""
        number = np.int32(i)
        dealt = self._deal(key, number, state)
        played = []
        for seating, (table_key, params) in zip(self._seatings, dealt, strict=True):
            episodes = self.episodes.play_columns(
                table_key, seating.policies, params, seating.varies, *seating.shape
            )
            self._check_ends(episodes)
            played.append(episodes)
        state, metrics = self._learn(key, number, state, played)
        return state, metrics

    def close(self) -> None:
        """Close all copies of the environment, and end the workers."""
        self.episodes.close()

    def _dealt(self, key: jax.Array, i: jax.Array, state: TrainState) -> Any:
        """The keys and parameters of all tables; who sits there is kept when this is traced."""
        tables = self._lineup.tables(key, self._lineup.kept(i, state))
        self._seatings = [_Seating.of(table) for _, table in tables]
        return [(key, tuple(o.params for o in table.occupants)) for key, table in tables]

    def _learned(
        self, key: jax.Array, i: jax.Array, state: TrainState, played: Sequence[Trajectory]
    ) -> tuple[TrainState, Metrics]:
        state = self._lineup.kept(i, state)
        tables = [
            HostTable(table.game, table.occupants, table.episodes, table.columns)
            for _, table in self._lineup.tables(key, state)
        ]
        return self._lineup.learn(key, i, state, list(zip(tables, played, strict=True)))

    def _check_ends(self, played: Trajectory) -> None:
        known = any(getattr(each, "finite_horizon", False) for each in self.learners)
        if known and np.any(played.info["truncated"]):
            raise ValueError(
                "finite_horizon must be False where episodes are cut off before episode_length "
                f"steps, since rewards would have gone on; {self.game.name} cut one off before "
                f"{self.game.episode_length} steps."
            )


class _Seating(NamedTuple):
    """What of a table is known before anything is computed."""

    policies: tuple[Policy, ...]
    varies: tuple[bool, ...]
    shape: tuple[int, int]
    """Episodes of each column, and columns."""

    @classmethod
    def of(cls, table: Table) -> "_Seating":
        everyone = table.occupants
        return cls(
            tuple(occupant.policy for occupant in everyone),
            tuple(occupant.varies for occupant in everyone),
            (table.episodes, table.columns or 1),
        )


class HostTable(Table):
    """Episodes whose seats may have been cut off before the others'."""

    def _view_of_one(self, seat: int, known: Sequence[Any], played: Trajectory) -> EpisodeView:
        view = super()._view_of_one(seat, known, played)
        cut = played.info["truncated"]
        others = [
            other._replace(continues=other.continues * (1 - cut[:, where]))
            for other, where in zip(
                view.others, in_turn(len(self.occupants), seat)[1:], strict=True
            )
        ]
        return cut_off(view, cut[:, seat])._replace(others=tuple(others))


def cut_off(view: EpisodeView, cut: jax.Array) -> EpisodeView:
    """A view that ends where ``cut[T]`` is 1, with what its critic expected after as a reward.

    That is the same as if the episode had gone on to bootstrap there: the last step's error is
    ``r + discount V(s') - V(s)``, and none follows.
    """
    rewards = view.rewards
    if view.values is not None:
        rewards = rewards + cut * view.discount * view.values[1:]
    return view._replace(rewards=rewards, continues=view.continues * (1 - cut))
