"""Best responses to frozen players: what fresh learners find."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_agents.league.clock import Clocked, ClockedPolicy
from loqa_agents.league.entrants import Seated, table_of
from loqa_agents.league.host_copies import HostCopies
from loqa_agents.learner import Learner
from loqa_agents.lesson import LearnerState
from loqa_agents.networks import Network, NetworkPolicy
from loqa_agents.rollout import Trajectory, play_episode
from loqa_envs.coin_game import CoinGame
from loqa_envs.coin_translation import Translated, translated
from loqa_envs.game import Array, Carry, Game, Params, Policy
from loqa_envs.matrix_game import MatrixGame


@dataclass(frozen=True)
class Budget:
    """How hard a best response is looked for.

    Raises:
        ValueError: for numbers below 1.
    """

    updates: int = 300
    """Updates of a responder."""
    episodes: int = 128
    """Episodes an update."""
    restarts: int = 2
    """Responders to each player, of which the best one counts."""

    def __post_init__(self) -> None:
        for name in ("updates", "episodes", "restarts"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"a best response needs {name} of at least 1, got {getattr(self, name)}."
                )


class Responders(NamedTuple):
    """Fresh learners that were trained against frozen players; they are agents to be seated."""

    game: Game
    """As they see it."""
    policy: Policy
    params: Params
    """``[players, restarts, ...]``"""

    @property
    def restarts(self) -> int:
        return int(jax.tree.leaves(self.params)[0].shape[1])

    def agent(self, player: int, restart: int) -> "Responder":
        chosen = jax.tree.map(lambda leaf: leaf[player, restart], self.params)
        return Responder(self.game, self.policy, chosen)


class Responder(NamedTuple):
    """One of them, as an entrant of a league."""

    game: Game
    policy: Policy
    params: Params

    @property
    def num_actions(self) -> int:
        return self.policy.num_actions

    def initial_carry(self) -> Carry:
        return self.policy.initial_carry()

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry]:
        return self.policy.act(key, self.params, carry, observation)


def learner_for(game: Game, updates: int) -> Learner:
    """The naive policy gradient that looks for best responses in ``game``."""
    coin = isinstance(game, CoinGame)
    network = Network(hidden=(64, 64), memory=32) if coin else Network(hidden=(16,), memory=16)
    return Learner(
        algorithm="naive",
        actor=network,
        critic=network,
        exploration=0.0,
        actor_learning_rate=5e-3 if coin else 1e-2,
        critic_learning_rate=3e-3 if coin else 1e-2,
        entropy=0.1,
        anneal=max(1, updates * 2 // 3),
        final_actor_learning_rate=1e-3,
        final_entropy=0.001,
    )


def train_responders(
    key: jax.Array,
    game: Game,
    players: Sequence[Seated],
    budget: Budget,
    devices: Sequence[jax.Device],
    progress: Callable[[int, int], None] = lambda done, updates: None,
) -> Responders:
    """Train ``budget.restarts`` fresh learners against each of ``players``, of one architecture.

    The learners sit in the first seat, and their opponents play on as they are. Players of the host
    are copied for every episode that is played at once.
    """
    table = table_of(game)
    learner = learner_for(table, budget.updates)
    number = len(players) * budget.restarts
    other: Policy = players[0].seats[1]
    if players[0].on_host:
        if len(players) > 1:
            raise ValueError("players of the host are responded to one by one.")
        other, devices = HostCopies.of(other, number * budget.episodes), devices[:1]
    devices = devices if number % len(devices) == 0 else devices[:1]
    mesh = jax.sharding.Mesh(np.array(devices), ("devices",))
    spread = jax.sharding.PartitionSpec("devices")
    params = jax.tree.map(
        lambda *leaves: np.repeat(np.stack(leaves), budget.restarts, axis=0),
        *(player.params for player in players),
    )
    keys = jax.random.split(key, number)
    kind = _AroundItself if isinstance(table, CoinGame) else _ByTheClock
    responder: _Training = kind(table, learner, other, budget.episodes)

    @partial(jax.jit, donate_argnums=1)
    @partial(
        jax.shard_map,
        mesh=mesh,
        in_specs=(spread, spread, spread, None, None),
        out_specs=spread,
        check_vma=False,
    )
    def advance(
        keys: jax.Array, states: LearnerState, params: Params, start: int, stop: int
    ) -> LearnerState:
        one = partial(responder.advance, start=start, stop=stop)
        advanced: LearnerState = jax.vmap(one)(keys, states, params)
        return advanced

    states = jax.jit(jax.vmap(responder.init))(keys)
    progress(0, budget.updates)
    for start in range(0, budget.updates, _CHUNK):
        stop = min(start + _CHUNK, budget.updates)
        states = jax.block_until_ready(advance(keys, states, params, start, stop))
        progress(stop, budget.updates)
    actors = jax.device_get(states.brain.actor)
    shaped = jax.tree.map(
        lambda leaf: leaf.reshape(len(players), budget.restarts, *leaf.shape[1:]), actors
    )
    return Responders(responder.game, responder.player(learner.policy(responder.seen)), shaped)


_CHUNK = 10
"""Updates between two reports of progress."""


@dataclass(frozen=True)
class _Training:
    """One responder's training as pure functions."""

    table: Any
    learner: Learner
    other: Policy
    episodes: int

    @property
    def game(self) -> Any:
        """The game that responders are made for."""
        raise NotImplementedError

    @property
    def seen(self) -> Any:
        """The game as the learner's networks see it."""
        raise NotImplementedError

    def player(self, policy: NetworkPolicy) -> Policy:
        """The player of `game` that plays as ``policy`` plays `seen`."""
        raise NotImplementedError

    def view(self, episode: Trajectory) -> Trajectory:
        """An episode as its first seat saw it."""
        raise NotImplementedError

    def init(self, key: jax.Array) -> LearnerState:
        return self.learner.init(jax.random.fold_in(key, np.uint32(0xFFFFFFFF)), self.seen)

    def advance(
        self, key: jax.Array, state: LearnerState, params: Params, start: int, stop: int
    ) -> LearnerState:
        me = self.player(self.learner.behaviour(self.seen))
        me = translated(me, self.game, self.table, 0) if isinstance(self.table, CoinGame) else me

        def update(i: jax.Array, state: LearnerState) -> LearnerState:
            keys = jax.random.split(jax.random.fold_in(key, i), self.episodes)
            actors = state.brain.actor, params
            episodes = jax.vmap(
                lambda key: play_episode(key, self.table, (me, self.other), actors)
            )(keys)
            lessons = jax.vmap(
                lambda episode: self.learner.lesson(self.seen, state, None, self.view(episode), 0)
            )(episodes)
            return self.learner.learn(self.seen, state, lessons, i)[0]

        advanced: LearnerState = jax.lax.fori_loop(start, stop, update, state)
        return advanced


class _AroundItself(_Training):
    """In the Coin Game, what is learned in one place of the board holds everywhere."""

    @property
    def game(self) -> CoinGame:
        game: CoinGame = replace(self.table, observation="index", shift_view=True)
        return game

    @property
    def seen(self) -> CoinGame:
        return self.game

    def player(self, policy: NetworkPolicy) -> Policy:
        return policy

    def view(self, episode: Trajectory) -> Trajectory:
        me = Translated(self.other, self.game, self.table, 0)
        observations: Any = jax.vmap(me.see)(episode.observations[:, 0])
        return episode._replace(observations=observations[:, None])


class _ByTheClock(_Training):
    """In other games, the last steps are what a best response differs by."""

    @property
    def game(self) -> Any:
        return self.table

    @property
    def seen(self) -> Clocked:
        return Clocked(self.table)

    def player(self, policy: NetworkPolicy) -> Policy:
        return ClockedPolicy(policy, self.seen)

    def view(self, episode: Trajectory) -> Trajectory:
        return self.seen.seen(episode)


def memory_one(game: Game, player: Seated) -> NDArray[np.float64] | None:
    """P(cooperate) after START, CC, CD, DC, DD of a player without memory; None for all others."""
    policy = player.seats[0]
    if not isinstance(game, MatrixGame):
        return None
    if hasattr(policy, "cooperation"):
        return np.array(policy.cooperation, np.float64)
    if isinstance(policy, NetworkPolicy) and not policy.network.memory:
        logits = jax.vmap(lambda row: policy.log_probabilities(player.params, row[None])[0])(
            jnp.eye(5)
        )
        cooperation: NDArray[np.float64] = np.exp(np.asarray(logits, np.float64)[:, 0])
        return cooperation
    return None
