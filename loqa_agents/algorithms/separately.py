"""A learner of its own for each group of seats, as one algorithm: what it trains is a team."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import jax
import jax.numpy as jnp
from annotated_types import MinLen

from loqa_agents.algorithms.algorithm import (
    ActorCritic,
    Algorithm,
    AlgorithmState,
    Context,
    Metrics,
    register_algorithm,
)
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.common.rollout import Trajectory
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Extras, Game, Params, Policy, in_seat
from loqa_envs.policy import Around
from loqa_envs.validation import Settings


@dataclass(frozen=True)
class PartOf(Around, Settings):
    """A player whose parameters are one of several that are kept together."""

    policy: Policy
    place: int

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry, Extras]:
        return self.policy.act(key, params[self.place], carry, observation)

    def log_probabilities(self, params: Params, observations: Any) -> jax.Array:
        policy: Any = self.policy
        logits: jax.Array = policy.log_probabilities(params[self.place], observations)
        return logits


@dataclass(frozen=True)
class TeamPolicy(Around, Settings):
    """A player that has parameters for each group of seats, and plays in a seat with its group's.

    Raises:
        ValueError: if it is to play without being told its seat.
    """

    policy: Policy
    groups: tuple[int, ...]

    def in_seat(self, seat: int) -> PartOf:
        return PartOf(in_seat(self.policy, seat), self.groups[seat])

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry, Extras]:
        raise ValueError("a team must be told which seat it plays in, by in_seat(seat).")


@dataclass(frozen=True)
class Separately(Algorithm):
    """A learner with parameters of its own for each group of seats.

    What is saved, evaluated and met is the team of all of them: in each seat it plays with the
    parameters of the seat's group. ``Separately(learner, (0, 1, 1))`` has one learner in the first
    seat, and another one in the two others, which share its parameters.

    Raises:
        ValueError: unless groups are numbers from 0 on, without gaps, or if the learner knows the
            parameters of others.
    """

    learner: Algorithm
    groups: Annotated[tuple[int, ...], MinLen(1)]
    """The group of each seat."""

    by_name = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if set(self.groups) != set(range(max(self.groups) + 1)):
            raise ValueError(f"groups must be numbers from 0 on, without gaps; got {self.groups}.")
        if "parameters" in self.learner.knows:
            raise ValueError(
                "separate learners must not know each other's parameters, as "
                f"{self.learner.label} does."
            )

    @property
    def label(self) -> str:
        return self.learner.label

    @property
    def shows(self) -> frozenset[str]:  # type: ignore[override]
        return self.learner.shows

    @property
    def knows(self) -> frozenset[str]:
        return self.learner.knows

    @property
    def finite_horizon(self) -> bool:
        return bool(getattr(self.learner, "finite_horizon", False))

    def init(self, key: jax.Array, game: Game) -> tuple[AlgorithmState, ...]:
        return tuple(self.learner.init(own, game) for own in self._keys(key))

    def params(self, state: AlgorithmState) -> ActorCritic:
        each = [self.learner.params(own) for own in state]
        return ActorCritic(tuple(own.actor for own in each), tuple(own.critic for own in each))

    def policy(self, game: Game) -> TeamPolicy:
        self._check_seats(game)
        return TeamPolicy(self.learner.policy(game), self.groups)

    def behaviour(self, game: Game) -> TeamPolicy:
        self._check_seats(game)
        return TeamPolicy(self.learner.behaviour(game), self.groups)

    def view(
        self, game: Game, params: ActorCritic, trajectory: Trajectory, seat: int
    ) -> EpisodeView:
        group = self.groups[seat]
        own = ActorCritic(params.actor[group], params.critic[group])
        return self.learner.view(game, own, trajectory, seat)

    def watch(self, game: Game, trajectory: Trajectory, seat: int) -> EpisodeView:
        return self.learner.watch(game, trajectory, seat)

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: AlgorithmState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[AlgorithmState, Metrics]:
        """Each learner learns from the views of its seats; metrics are means over learners."""
        states, metrics = [], []
        for group, (own_key, own) in enumerate(zip(self._keys(key), state, strict=True)):
            mine = [
                view
                for view, seat in zip(views, context.seats, strict=True)
                if self.groups[seat] == group
            ]
            learned, measured = self.learner.update(own_key, game, own, mine, context)
            states.append(learned)
            metrics.append(measured)
        means: Metrics = jax.tree.map(lambda *values: jnp.stack(values).mean(0), *metrics)
        return tuple(states), means

    def _keys(self, key: jax.Array) -> jax.Array:
        return jax.random.split(key, max(self.groups) + 1)

    def _check_seats(self, game: Game) -> None:
        if game.seats_alike or len(self.groups) != game.num_players:
            raise ValueError(
                "separate learners must have a game whose seats differ, with a group for each of "
                f"them; got groups={self.groups} for {game.num_players} seats of {game.name}"
                + (", which are alike." if game.seats_alike else ".")
            )


def by_spaces(game: Game, learner: Algorithm) -> Algorithm:
    """What learns in that game: a team, where the agents of an environment have different spaces.

    Those with the same spaces share a learner. Whoever wants it otherwise gives a `Separately`.
    """
    groups: tuple[int, ...] = getattr(game, "groups", ())
    if len(set(groups)) < 2 or isinstance(learner, Separately):
        return learner
    return Separately(learner, groups)


register_algorithm("learner", Learner)
register_algorithm("separately", Separately)
