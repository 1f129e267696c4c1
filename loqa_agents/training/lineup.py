"""Whom a learner meets in one update of training, and who learns from which seat."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding

from loqa_agents.algorithms.algorithm import ActorCritic, Algorithm, Context, Metrics
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.common.rollout import Trajectory, play_episode
from loqa_agents.common.seatings import in_turn
from loqa_agents.training import pool as ring
from loqa_agents.training.pool import Pool
from loqa_agents.training.table import Occupant, Table
from loqa_agents.training.updates import Columns, Training, TrainState
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game, Params, in_seat
from loqa_envs.keys import stream
from loqa_envs.policy import SwitchPolicy


@dataclass(frozen=True)
class Lineup:
    """The update that a training asks for, as a pure function of key, number and state.

    Where the seats of the game are alike, a learner that meets others sits in the first. Where they
    differ, it sits in each for as many episodes with everyone whom it meets, and learns from all.
    In self-play it learns from all seats of any game.

    Raises:
        ValueError: if an algorithm knows what the training cannot give, if the game has no scripted
            player of a name in the training or too few seats for one, or if episodes cannot be
            shared evenly by seats that differ.
    """

    game: Game
    learners: tuple[Algorithm, ...]
    training: Training
    episodes: NamedSharding | None = None
    """Where the episodes of an update are played; None for the device that the update runs on."""

    def __post_init__(self) -> None:
        training = self.training
        opponents = training.opponents if training.pool else 1
        shares = opponents * len(self.seats)
        if (training.pool or training.rival) and training.episodes % shares:
            raise ValueError(
                f"where the seats of a game differ, every opponent is met as often from each, so "
                f"episodes must be a multiple of {shares}; got {training.episodes}."
            )
        if (training.pool or training.rival) and self.game.num_players == 1:
            raise ValueError(
                f"a game of one player has no seat for an opponent; got {self.game!r} with "
                f"pool={training.pool}, rival={training.rival}."
            )
        for number, learner in enumerate(self.learners):
            shown = self._shown(number)
            if hidden := learner.knows - shown:
                raise ValueError(
                    "an algorithm must know no more of others than it is shown, here "
                    f"{', '.join(sorted(shown))}; {learner.label} asks for "
                    f"{', '.join(sorted(hidden))}."
                )
            if not learner.meets_others and (training.pool or training.rival):
                raise ValueError(
                    f"{learner.label} makes those that it meets itself, so pool must be 0 and "
                    f"rival None; got {training.pool} and {training.rival!r}."
                )
        for group in training.columns(self.game):
            for ahead, names in group.scripted.items():
                for seat in self.seats:
                    self._scripted(names, in_turn(self.game.num_players, seat)[ahead])

    @property
    def seats(self) -> tuple[int, ...]:
        """Where the learner sits when it meets others."""
        return (0,) if self.game.seats_alike else tuple(range(self.game.num_players))

    def update(self, key: jax.Array, i: jax.Array, state: TrainState) -> tuple[TrainState, Metrics]:
        """One update of all learners, the one of number ``i``; the metrics are the first one's."""
        state = self.kept(i, state)
        plays = any(learner.plays_episodes for learner in self.learners)
        tables = self.tables(key, state) if plays else []
        played = [(table, table.play(table_key, self.episodes)) for table_key, table in tables]
        return self.learn(key, i, state, played)

    def kept(self, i: jax.Array, state: TrainState) -> TrainState:
        """The state of the beginning of an update, with the present self in the pool if it is time
        to keep one."""
        return state._replace(pool=self._kept(i, state))

    def learn(
        self,
        key: jax.Array,
        i: jax.Array,
        state: TrainState,
        played: Sequence[tuple[Table, Trajectory]],
    ) -> tuple[TrainState, Metrics]:
        """What all learners make of the episodes of an update's tables; see `update`."""
        views: list[list[EpisodeView]] = [[] for _ in self.learners]
        seats: list[list[int]] = [[] for _ in self.learners]
        for table, episodes in played:
            for number, seat, view in table.views(episodes):
                views[number].append(view)
                seats[number].append(seat)
        keys = jax.random.split(stream(key, "learners"), len(self.learners))
        learned = [
            learner.update(
                key, self.game, own, seen, self._context(i, number, seats[number], state)
            )
            for number, (learner, key, own, seen) in enumerate(
                zip(self.learners, keys, state.learners, views, strict=True)
            )
        ]
        return TrainState(tuple(own for own, _ in learned), state.pool), learned[0][1]

    def tables(self, key: jax.Array, state: TrainState) -> list[tuple[jax.Array, Table]]:
        """The tables of an update, each with the key of its chance."""
        if self.training.rival is not None:
            return self._rival(key, state)
        return self._past_selves(key, state) if self.training.pool else self._self(key, state)

    def _self(self, key: jax.Array, state: TrainState) -> list[tuple[jax.Array, Table]]:
        """The present self in every seat."""
        seats = range(self.game.num_players)
        everyone = tuple(self._learner(0, seat, state) for seat in seats)
        return [(key, Table(self.game, everyone, self.training.episodes))]

    def _rival(self, key: jax.Array, state: TrainState) -> list[tuple[jax.Array, Table]]:
        """A learner in one seat, a separate one in all others, and each learns where it sits."""
        seats, episodes = range(self.game.num_players), self.training.episodes // len(self.seats)
        tables = []
        for seat_key, own in zip(_keys(key, len(self.seats)), self.seats, strict=True):
            everyone = (self._learner(int(seat != own), seat, state) for seat in seats)
            tables.append((seat_key, Table(self.game, tuple(everyone), episodes)))
        return tables

    def _past_selves(self, key: jax.Array, state: TrainState) -> list[tuple[jax.Array, Table]]:
        """Past selves in the other seats, and scripted players in some of them."""
        sample_key, play_key, scripted_key = jax.random.split(key, 3)
        groups = self.training.columns(self.game)
        episodes = self.training.episodes // self.training.opponents // len(self.seats)
        selves = self._selves(sample_key, state, groups)
        tables: list[tuple[jax.Array, Table]] = []
        play_keys, scripted_keys = (_keys(k, len(self.seats)) for k in (play_key, scripted_key))
        for seat, *both in zip(self.seats, play_keys, scripted_keys, strict=True):
            keys = [both[0], *_keys(both[1], len(groups) - 1)]
            for group_key, group, params in zip(keys, groups, selves, strict=True):
                occupants = [self._learner(0, seat, state)]
                for ahead, where in enumerate(in_turn(self.game.num_players, seat)[1:], 1):
                    if ahead in group.scripted:
                        occupants.append(self._scripted(group.scripted[ahead], where))
                    else:
                        occupants.append(self._past_self(params[ahead], where, group.newest))
                around = tuple(occupants[-seat:] + occupants[:-seat])  # from the game's first seat
                tables.append((group_key, Table(self.game, around, episodes, group.number)))
        return tables

    def _selves(
        self, key: jax.Array, state: TrainState, groups: Sequence[Columns]
    ) -> list[dict[int, ActorCritic]]:
        """The newest and past selves ``[n]`` of each group, by how many seats ahead they sit."""
        places = [
            (number, ahead, group.number - group.newest)
            for number, group in enumerate(groups)
            for ahead in range(1, self.game.num_players)
            if ahead not in group.scripted
        ]
        assert state.pool is not None
        drawn = ring.sample(key, state.pool, sum(past for _, _, past in places))
        selves: list[dict[int, ActorCritic]] = [{} for _ in groups]
        start = 0
        for number, ahead, past in places:
            stop, newest = start + past, groups[number].newest
            selves[number][ahead] = jax.tree.map(
                lambda own, old, a=start, b=stop, n=newest: jnp.concatenate(
                    [*[own[None]] * n, old[a:b]]
                ),
                self._params(0, state),
                drawn,
            )
            start = stop
        return selves

    def _learner(self, number: int, seat: int, state: TrainState) -> Occupant:
        """A learner as it plays in training, exploring; it learns from where it sits."""
        learner, params = self.learners[number], self._params(number, state)
        policy = in_seat(learner.behaviour(self.game), seat)
        return Occupant(policy, params.actor, learner=learner, known=params, learns=number)

    def _past_self(self, params: ActorCritic, seat: int, newest: int) -> Occupant:
        """One of several selves ``[n]``; from that of the newest the learner may learn, too."""
        learner = self.learners[0]
        learns = newest and self.training.both_seats
        return Occupant(
            in_seat(learner.behaviour(self.game), seat), params.actor, True, learner, params,
            *((0, newest) if learns else ()),
        )  # fmt: skip

    def _scripted(self, names: Sequence[str], seat: int) -> Occupant:
        """One of several scripted players, each in the column of its place in ``names``."""
        players = tuple(make_player(name, self.game, seat) for name in names)
        return Occupant(SwitchPolicy(players), jnp.arange(len(names), dtype=jnp.int32), True)

    def _params(self, number: int, state: TrainState) -> ActorCritic:
        return self.learners[number].params(state.learners[number])

    def _kept(self, i: jax.Array, state: TrainState) -> Pool | None:
        """The pool with the present self, which is kept now and then."""
        if state.pool is None:
            return None
        # Written before it is read: the other way round, XLA copies the whole ring for safety.
        keep = (i > 0) & (i % self.training.pool_interval == 0)
        return ring.push(state.pool, self._params(0, state), keep)

    def _context(
        self, i: jax.Array, number: int, seats: Sequence[int], state: TrainState
    ) -> Context:
        """What a learner is told of an update beside its episodes, as from the first seat."""
        last = len(self.learners) - 1  # the rival's, who has all seats but the first
        others = [min(seat, last) for seat in in_turn(self.game.num_players, number)[1:]]
        policies = [
            in_seat(self.learners[who].behaviour(self.game), seat)
            for seat, who in enumerate((number, *others))
        ]

        def play(key: jax.Array, actors: Sequence[Params], episodes: int) -> Trajectory:
            keys = jax.random.split(key, episodes)
            return jax.vmap(lambda key: play_episode(key, self.game, policies, actors))(keys)

        knows = "parameters" in self.learners[number].knows
        known = tuple(self._params(who, state) for who in others) if knows else ()
        return Context(i, known, tuple(seats), play, self.training.episodes)

    def _shown(self, number: int) -> frozenset[str]:
        """What the learner of that number can know of the others in this training."""
        shown = {"actions", "rewards"} | self.learners[len(self.learners) - 1 - number].shows
        return frozenset(shown if self.training.pool else shown | {"parameters"})


def _keys(key: jax.Array, number: int) -> list[jax.Array]:
    """So many keys; the key itself where it is one."""
    return [key] if number == 1 else list(jax.random.split(key, number))
