"""Players of any game: random, with a trembling hand, one of several; whose game theirs is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loqa_envs.arrays import Array, narrowed
from loqa_envs.game import Carry, Extras, Game, Params, Policy, ScriptedPolicy, in_seat
from loqa_envs.hooks import differing
from loqa_envs.validation import Count, Probability, Settings


@dataclass(frozen=True)
class Random(ScriptedPolicy):
    """Chooses among all actions with equal probability, whatever it sees."""

    num_actions: Count = 2
    noise_size = 1

    def choose(self, carry: Carry, observation: Array, noise: Array) -> tuple[Array, Carry]:
        return (narrowed(noise)[0] * self.num_actions).astype(np.int32), carry


class Around:
    """A player around another one, its ``policy``: as many actions, and the same memory."""

    policy: Any

    @property
    def num_actions(self) -> int:
        number: int = self.policy.num_actions
        return number

    def initial_carry(self) -> Carry:
        return self.policy.initial_carry()


@dataclass(frozen=True)
class Tremble(Around, Settings):
    """Any player whose hand slips: with probability ``epsilon`` a uniformly random action instead.

    The player remembers what it meant to do; what it did is in its next observation.

    Raises:
        ValueError: unless ``epsilon`` is a probability.
    """

    policy: Policy
    epsilon: Probability

    def in_seat(self, seat: int) -> "Tremble":
        return replace(self, policy=in_seat(self.policy, seat))

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry, Extras]:
        policy_key, slip_key, action_key = jax.random.split(key, 3)
        action, carry, extras = self.policy.act(policy_key, params, carry, observation)
        slip = jax.random.bernoulli(slip_key, jnp.float32(self.epsilon))
        anything = jax.random.randint(action_key, (), 0, self.num_actions, jnp.int32)
        return jnp.where(slip, anything, action).astype(np.int32), carry, extras


@dataclass(frozen=True)
class SwitchPolicy:
    """Any of several players; ``params`` is the number of the one that plays.

    Lets one compiled program meet many players. All of them act, one is heard.
    """

    policies: tuple[Policy, ...]

    def in_seat(self, seat: int) -> "SwitchPolicy":
        return replace(self, policies=tuple(in_seat(policy, seat) for policy in self.policies))

    @property
    def num_actions(self) -> int:
        return self.policies[0].num_actions

    def initial_carry(self) -> Carry:
        return tuple(policy.initial_carry() for policy in self.policies)

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry, Extras]:
        moves = [
            policy.act(key, (), policy_carry, observation)
            for policy, policy_carry in zip(self.policies, carry, strict=True)
        ]
        chosen: Array = jnp.stack([action for action, _, _ in moves])[params]
        return chosen, tuple(carry for _, carry, _ in moves), {}


def own_game(player: Any) -> Game | None:
    """The ``game`` that a player says it was made for, or else that of the players within it.

    A player around others, such as `Tremble`, holds them in its attributes, or in tuples, lists or
    dicts there, and sees and does what they see and do.

    Raises:
        ValueError: if players within it were made for games that differ in more than length.
    """
    games = list(_games(player))
    for other in games[1:]:
        if type(games[0]) is not type(other) or differing(games[0], other, {"episode_length"}):
            raise ValueError(
                "a player around others must have them all for the same game, as make_player "
                f"seats them; got {games[0]!r} and {other!r}."
            )
    return games[0] if games else None


def _games(player: Any) -> Iterator[Game]:
    left: list[Any] = [player]
    seen: list[Any] = []
    while left:
        each = left.pop()
        if any(each is other for other in seen):
            continue
        seen.append(each)
        own = getattr(each, "game", None)
        if own is not None:
            yield own
        else:
            left += _players(_attributes(each))


def _players(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if hasattr(value, "act") and hasattr(value, "initial_carry"):
            if not isinstance(value, type):
                yield value
        elif isinstance(value, tuple | list | dict):
            yield from _players(list(value.values() if isinstance(value, dict) else value))


def _attributes(player: Any) -> list[Any]:
    slots = [name for kind in type(player).__mro__ for name in getattr(kind, "__slots__", ())]
    held = [getattr(player, name, None) for name in slots]
    entries = list(player) if isinstance(player, tuple) else []  # a NamedTuple
    return [*entries, *held, *getattr(player, "__dict__", {}).values()]
