"""Best responses to frozen players: what fresh learners find."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.losses import LearnerState
from loqa_agents.algorithms.separately import PartOf
from loqa_agents.common.seatings import in_turn
from loqa_agents.league.entrants import Seated, table_of
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.policy import NetworkPolicy
from loqa_agents.responses.host_copies import HostCopies
from loqa_agents.responses.responding import has_learners_version, responding_in
from loqa_envs.game import Game, Params, Policy
from loqa_envs.keys import boundary, stream
from loqa_envs.matrix_games.players import MemoryOne
from loqa_envs.validation import Count, Settings

_CHUNK = 10
"""Updates between two reports of progress."""


@dataclass(frozen=True)
class Budget(Settings):
    """How hard a best response is looked for.

    Raises:
        ValueError: for a number out of its range.
    """

    updates: Count = 300
    """Updates of a responder."""
    episodes: Count = 128
    """Episodes an update."""
    restarts: Count = 2
    """Responders to each player, of which the best one counts."""


class Responders(NamedTuple):
    """Fresh learners that were trained against frozen players of one architecture."""

    seats: tuple[Policy, ...]
    """A responder at the table, as it sits in each seat."""
    params: tuple[Params, ...]
    """``[players, restarts, ...]`` each: of responders for both seats, or of those for each."""

    @property
    def restarts(self) -> int:
        return int(jax.tree.leaves(self.params)[0].shape[1])

    def seated(self, player: int, *restarts: int) -> Seated:
        """One responder to one player, or where seats differ, one for each seat."""
        picked = tuple(
            jax.tree.map(lambda leaf, n=restart: leaf[player, n], params)
            for params, restart in zip(self.params, restarts, strict=True)
        )
        params = picked if len(picked) > 1 else picked[0]
        return Seated("responder", self.seats, params, False, "responder")


def learner_for(game: Game, updates: int) -> Learner:
    """The naive policy gradient that looks for best responses in ``game``."""
    board = has_learners_version(game)
    network = DenseGRU((64, 64), memory=32) if board else DenseGRU((16,), memory=16)
    return Learner(
        algorithm="naive",
        actor=network,
        critic=network,
        exploration=0.0 if board else 0.1,  # or what pays in the last step only is never tried
        actor_learning_rate=5e-3 if board else 1e-2,
        critic_learning_rate=3e-3 if board else 1e-2,
        entropy=0.1,
        anneal=max(1, updates * 2 // 3),
        final_actor_learning_rate=1e-3,
        final_entropy=0.001,
    )


@boundary
def train_responders(
    key: jax.Array,
    game: Game,
    players: Sequence[Seated],
    budget: Budget,
    devices: Sequence[jax.Device],
    progress: Callable[[int, int], None] = lambda done, updates: None,
) -> Responders:
    """Train ``budget.restarts`` fresh learners against each of ``players``, of one architecture.

    A learner sits in the first seat, and copies of a player in all others; where the seats of two
    players differ, other learners sit in the second. The players play on as they are. Returns are
    discounted by 0.96 a step, as in all training here.
    Players of the host are copied for every episode that is played at once.

    Raises:
        PlayerError: if a player of the host fails.
        ValueError: for several players of the host, or more than two players whose seats differ.
    """
    if players[0].on_host and len(players) > 1:
        raise ValueError("players of the host are responded to one by one.")
    require_seats(game)
    table = table_of(game)
    places = (0,) if table.seats_alike else (0, 1)
    both = []
    for place in places:

        def report(done: int, updates: int, place: int = place) -> None:
            progress(place * updates + done, len(places) * updates)

        place_key = jax.random.fold_in(key, place)
        both.append(_train(place_key, table, players, budget, devices, place, report))
    if len(both) == 1:
        return both[0]
    seats = PartOf(both[0].seats[0], 0), PartOf(both[1].seats[1], 1)
    return Responders(seats, tuple(params for one in both for params in one.params))


def _train(
    key: jax.Array,
    table: Game,
    players: Sequence[Seated],
    budget: Budget,
    devices: Sequence[jax.Device],
    place: int,
    progress: Callable[[int, int], None],
) -> Responders:
    """Responders that learn in one seat."""
    learner = learner_for(table, budget.updates)
    number = len(players) * budget.restarts
    seats = range(table.num_players)
    others = tuple(players[0].seats[seat] for seat in in_turn(len(seats), place)[1:])
    if players[0].on_host:
        others = tuple(
            HostCopies.of(players[0].name, other, number * budget.episodes, _words(key, i))
            for i, other in enumerate(others)
        )
        devices = devices[:1]
    devices = devices if number % len(devices) == 0 else devices[:1]
    mesh = jax.sharding.Mesh(np.array(devices), ("devices",))
    spread = jax.sharding.PartitionSpec("devices")
    params = jax.tree.map(
        lambda *leaves: np.repeat(np.stack(leaves), budget.restarts, axis=0),
        *(player.params for player in players),
    )
    responding = responding_in(table, learner, others, budget.episodes, place)

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
        one = partial(responding.advance, start=start, stop=stop)
        advanced: LearnerState = jax.vmap(one)(keys, states, params)
        return advanced

    keys = jax.random.split(key, number)
    states = jax.jit(jax.vmap(responding.init))(keys)
    progress(0, budget.updates)
    for start in range(0, budget.updates, _CHUNK):
        stop = min(start + _CHUNK, budget.updates)
        numbers = np.int32(start), np.int32(stop)
        states = jax.block_until_ready(advance(keys, states, params, *numbers))
        for other in others:
            if isinstance(other, HostCopies) and other.error is not None:
                raise other.error
        progress(stop, budget.updates)
    shaped = jax.tree.map(
        lambda leaf: leaf.reshape(len(players), budget.restarts, *leaf.shape[1:]),
        jax.device_get(states.params.actor),
    )
    policy = learner.policy(responding.seen).in_seat(0)  # as it was taught, whatever its seat
    at_table = tuple(responding.at_table(policy, seat) for seat in seats)
    return Responders(at_table, (shaped,))


def _words(key: jax.Array, number: int) -> int:
    """A seed for the copies of a player of the host in the ``number``-th of the other seats."""
    own = stream(key, "players of the host")
    return int(jax.random.bits(jax.random.fold_in(own, number) if number else own, dtype=np.uint32))


def require_seats(game: Game) -> None:
    """Raise ``ValueError`` where no best response is looked for."""
    if not game.under_jax:
        raise ValueError(
            "a best response is looked for in games under JAX, and not in environments of others; "
            f"leave it out (--response-updates 0) for {game.name}."
        )
    if game.num_players > 2 and not game.seats_alike:
        raise ValueError(
            "a best response is looked for among two players, or where seats are alike; leave it "
            f"out (--response-updates 0) for {game!r}."
        )


def memory_one(game: Game, player: Seated, seat: int) -> NDArray[np.float64] | None:
    """P(cooperate) after START, CC, CD, DC, DD of a player without memory that sits in ``seat``.

    None for all others, and in games without a payoff table.
    """
    policy = player.seats[seat]
    if not hasattr(game, "payoff_table"):
        return None
    if isinstance(policy, MemoryOne):
        return np.array(policy.cooperation, np.float64)
    if isinstance(policy, NetworkPolicy) and not policy.network.has_memory:
        situations = jnp.eye(5, dtype=jnp.float32)
        logits = policy.log_probabilities(player.params, situations)
        cooperation: NDArray[np.float64] = np.exp(np.asarray(logits, np.float64)[:, 0])
        return cooperation
    return None
