"""Training runs: many seeds at once, compiled whole, resumable to the bit."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Interval, MinLen

from loqa_agents.algorithms.algorithm import Algorithm, Metrics
from loqa_agents.algorithms.exact.self_play import exactly
from loqa_agents.algorithms.named import algorithm_named
from loqa_agents.common.peak import peak_bytes, tree_bytes
from loqa_agents.common.seeds import as_seeds
from loqa_agents.training import pool as ring
from loqa_agents.training.evaluation import Evaluator
from loqa_agents.training.lineup import Lineup
from loqa_agents.training.updates import Training, TrainState
from loqa_envs import keys
from loqa_envs.game import Game
from loqa_envs.memory import give_back_memory
from loqa_envs.validation import checked

Update: TypeAlias = Annotated[int, Interval(ge=0, le=10**9)]
"""The number of an update."""


class Trainer:
    """Trains one learner for each of ``seeds``, all in one compiled program.

    Randomness of update i is ``fold_in(key(seed), i)``: no key is part of the state, and a run
    that is cut anywhere and continued equals one that was not. Where ``devices`` share the seeds
    evenly each trains its own, otherwise all train every seed, each on its share of the episodes.
    """

    @checked
    def __init__(
        self,
        game: Game,
        learner: Algorithm,
        training: Training,
        seeds: Sequence[int],
        devices: Annotated[list[jax.Device], MinLen(1)] | None = None,
    ) -> None:
        seeds = as_seeds(seeds)
        self.game = game
        self.training = training
        self.learners: tuple[Algorithm, ...] = (learner, *_rivals(game, learner, training))
        self.seeds = seeds
        devices = jax.devices() if devices is None else devices
        mesh = jax.sharding.Mesh(np.array(devices), ("devices",))
        spread = jax.sharding.PartitionSpec("devices")
        together = jax.sharding.PartitionSpec()
        apart = len(seeds) % len(devices) == 0
        self._copies = 1 if apart else len(devices)
        episodes = None if apart else jax.sharding.NamedSharding(mesh, spread)
        self._algorithms = (exactly(game, learner),) if training.exact else self.learners
        self._update = Lineup(game, self._algorithms, training, episodes).update
        self._sharding = jax.sharding.NamedSharding(mesh, spread if apart else together)
        self._keys = jax.device_put(keys.key(np.array(seeds)), self._sharding)
        init: Any = jax.vmap(self._init_one)
        advance: Any = jax.vmap(self._advance_one, in_axes=(0, 0, None, None))
        if apart:  # a program of its own on each device, which never waits for the others
            share = partial(jax.shard_map, mesh=mesh, out_specs=spread, check_vma=False)
            init = share(init, in_specs=spread)
            advance = share(advance, in_specs=(spread, spread, None, None))
        self._init = jax.jit(init, out_shardings=self._sharding)
        self._advance: Any = jax.jit(advance, out_shardings=self._sharding, donate_argnums=1)

    @property
    def steps_per_update(self) -> int:
        """Environment steps (joint actions) of one update of one seed; the exact one plays none."""
        shared = any(algorithm.plays_episodes for algorithm in self._algorithms)
        batches = shared + sum(algorithm.rollouts for algorithm in self._algorithms)
        return batches * self.training.episodes * self.game.episode_length

    @keys.boundary
    def init(self) -> TrainState:
        """The state before the first update; leaves have a leading axis of seeds."""
        state: TrainState = self._init(self._keys)
        return state

    def shapes(self) -> TrainState:
        """A state without its numbers: leaves have a shape and a type."""
        shapes: TrainState = jax.eval_shape(self._init, self._keys)
        return shapes

    @keys.boundary
    def bytes_needed(self) -> int:
        """Bytes of memory that training takes on all devices together, by estimate.

        The program is traced for it, which need not be done again when it is compiled.
        """
        shapes = self.shapes()
        traced = self._advance.trace(self._keys, shapes, np.int32(0), np.int32(0))
        return peak_bytes(traced.jaxpr.jaxpr) + (self._copies - 1) * tree_bytes(shapes)

    def close(self) -> None:
        """Nothing: all that it holds is JAX's."""

    def evaluator(self) -> Evaluator:
        """What plays the actors of (the first) learner."""
        return Evaluator(self.game, self.learners[0].policy(self.game))

    @keys.boundary
    def compile(self, state: TrainState) -> None:
        """Compile the training program now rather than at the first call of `advance`."""
        self._advance = self._advance.lower(self._keys, state, np.int32(0), np.int32(0)).compile()
        give_back_memory()

    def place(self, state: TrainState) -> TrainState:
        """Put a state on the devices, as `init` does."""
        placed: TrainState = jax.device_put(state, self._sharding)
        return placed

    @keys.boundary
    @checked
    def advance(self, state: TrainState, start: Update, stop: Update) -> tuple[TrainState, Metrics]:
        """Run updates start, ..., stop - 1; ``state`` is used up. Metrics are the last update's."""
        state, metrics = self._advance(self._keys, state, np.int32(start), np.int32(stop))
        return state, metrics

    def _init_one(self, key: jax.Array) -> TrainState:
        # A stream of its own: updates fold in numbers from 0 on.
        own = jax.random.split(jax.random.fold_in(key, np.uint32(0xFFFFFFFF)), len(self.learners))
        learners = tuple(
            learner.init(key, self.game) for learner, key in zip(self.learners, own, strict=True)
        )
        places = self.training.pool_places
        first = self.learners[0].params(learners[0])
        return TrainState(learners, ring.create(first, places) if places else None)

    def _advance_one(
        self, key: jax.Array, state: TrainState, start: jax.Array, stop: jax.Array
    ) -> tuple[TrainState, Metrics]:
        def body(i, carry):  # type: ignore[no-untyped-def]
            return self._update(jax.random.fold_in(key, i), i, carry[0])

        shapes = jax.eval_shape(self._update, key, start, state)[1]
        metrics = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        result: tuple[TrainState, Metrics] = jax.lax.fori_loop(start, stop, body, (state, metrics))
        return result


def _rivals(game: Game, learner: Algorithm, training: Training) -> tuple[Algorithm, ...]:
    """The separate learner of another algorithm, with the same settings where it has them."""
    if training.rival is None:
        return ()
    rival = algorithm_named(training.rival, learner)
    if rival.policy(game) != learner.policy(game):  # one program evaluates both
        raise ValueError(
            "a rival must train a player of the same form as the learner does; got "
            f"{rival.label}, {rival.policy(game)!r}, and {learner.label}, {learner.policy(game)!r}."
        )
    return (rival,)
