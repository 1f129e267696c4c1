"""What a game is and what a player is: the two protocols that all else is written against.

Axes, in this order wherever they appear: ``[B, T, P, ..., A]``, that is episodes, steps, players
(seats), whatever an observation has, actions. Everything here is written for one episode and one
step, so arrays begin at ``P``; put further axes in front with ``jax.vmap``.

Games go on for ever: they know no "done" and never reset themselves. Whoever plays one stops after
``episode_length`` steps, and that end is a truncation.

Rules and chance are kept apart. A game draws all the chance of one reset or step from ``noise``, a
vector of ``reset_noise_size`` or ``noise_size`` independent uniform numbers in [0, 1). The rules
are plain array code, so the same lines play one game in NumPy and thousands in JAX.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Interval

from loqa_envs.arrays import Array
from loqa_envs.hooks import Hooks
from loqa_envs.observation import Leaf, Observation, ObservationSpec
from loqa_envs.validation import Settings

State: TypeAlias = Any
"""A pytree of arrays, usually a NamedTuple, of the game's own choosing."""
Carry: TypeAlias = Any
"""A player's memory within an episode: a pytree of arrays, ``()`` for players without any."""
Params: TypeAlias = Any
"""A player's parameters: a pytree of arrays, ``()`` for players without any."""
Extras: TypeAlias = dict[str, Array]
"""What a player notes beside an action, such as its log-probabilities; ``{}`` if nothing."""
EpisodeLength: TypeAlias = Annotated[int, Interval(ge=1, le=10**6)]
"""Steps of an episode; those of a thousand episodes can be counted in an ``int32``."""


class Policy(Protocol):
    """A player: how it begins an episode, and how it acts on what it sees."""

    @property
    def num_actions(self) -> int:
        """Number of actions of the games that it plays."""
        ...

    def initial_carry(self) -> Carry:
        """The memory with which the player enters an episode."""
        ...

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Observation
    ) -> tuple[Array, Carry, Extras]:
        """Choose an action (an ``int32`` scalar) for one observation of the player's own view.

        Returns the action, the next carry, and extras for whoever learns from what it did.
        """
        ...


def in_seat(player: Any, seat: int) -> Any:
    """The player as it sits in that seat.

    A player that is told its seat, since it plays differently in each, has a method
    ``in_seat(seat)`` that gives the one that sits there, and so has a player around others. All
    others are themselves in every seat.
    """
    return player.in_seat(seat) if hasattr(player, "in_seat") else player


class Game(Hooks, Protocol):
    """A simultaneous-move game of ``num_players`` seats; see `Rules` for the shortest way to one.

    Games are frozen dataclasses: equal settings are equal games, and a game can be a static
    argument of ``jax.jit``.
    """

    @property
    def name(self) -> str:
        """The game's name in lower case, as on the command line."""
        ...

    @property
    def num_players(self) -> int: ...

    @property
    def num_actions(self) -> int: ...

    @property
    def action_names(self) -> tuple[str, ...]:
        """A short name for each action, for people."""
        ...

    @property
    def observation_spec(self) -> ObservationSpec:
        """What one seat sees: one array, or a dictionary of named arrays."""
        ...

    @property
    def episode_length(self) -> int:
        """Number of steps after which whoever plays the game cuts it off."""
        ...

    @property
    def reward_range(self) -> tuple[float, float]:
        """Smallest and largest reward that one step can give one seat."""
        ...

    @property
    def seats_alike(self) -> bool:
        """Whether a seat is as good as any other, so that one player serves them all alike.

        That is, whether the same players in other seats see, do and earn the same, but for chance.
        Where they do not, learners learn in every seat and are told which one they sit in, and
        whatever is measured is measured in each.
        """
        ...

    @property
    def noise_size(self) -> int:
        """How many uniform random numbers one step uses up."""
        ...

    @property
    def reset_noise_size(self) -> int:
        """How many uniform random numbers one reset uses up."""
        ...

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        """Players without parameters that understand what ``seat`` sees, by snake_case names.

        The names are the same for every seat.
        """
        ...

    def initial_state(self, noise: Array) -> State:
        """The first state of an episode, from ``noise[reset_noise_size]``."""
        ...

    def transition(
        self, state: State, actions: Array, noise: Array
    ) -> tuple[State, Array, dict[str, Array]]:
        """The rules: next state, ``rewards[P]`` (float32), info (see `step`)."""
        ...

    def reset(self, key: jax.Array) -> State:
        """`initial_state` with chance from ``key``."""
        ...

    def step(
        self, key: jax.Array, state: State, actions: Array
    ) -> tuple[State, Array, dict[str, Array]]:
        """Play one joint action, ``actions[P]`` (int32), with chance from ``key``.

        Returns the next state, ``rewards[P]`` (float32) and ``info``: named measurements
        ``[P]`` (float32) whose mean over steps means something.
        """
        ...

    def observe(self, state: State) -> Observation:
        """What all seats see: ``observation_spec`` with an axis ``P`` in front of every array.

        Row i is seat i's own view.
        """
        ...

    def render(self, state: State) -> str:
        """The state as text; a second method, ``picture(state) -> uint8[H, W, 3]``, is optional."""
        ...


class Rules(Hooks, Settings):
    """The half of a `Game` that follows from its rules: `reset` and `step` under JAX.

    A new game is a frozen dataclass that inherits from it and supplies the rest of the `Game`
    protocol. Its fields are checked by their annotations, see `loqa_envs.validation`. Instead of
    an ``observation_spec``, ``observation_shape`` and ``observation_high`` do; see `Leaf.of`. What
    it may say of itself besides is in `Hooks`.
    """

    noise_size: int = 0
    needs_jax = False
    """Whether the rules need JAX, as gradients do; then no process that was forked can play it."""

    @property
    def observation_spec(self) -> ObservationSpec:
        rules: Any = self  # without them it must be overridden
        return ObservationSpec(
            Leaf.of(rules.observation_shape, getattr(rules, "observation_high", np.float32(1)))
        )

    @property
    def seats_alike(self) -> bool:  # what is never wrong; a game that knows better says so
        return False

    @property
    def reset_noise_size(self) -> int:
        return self.noise_size

    def initial_state(self, noise: Array) -> State:
        raise NotImplementedError

    def transition(
        self, state: State, actions: Array, noise: Array
    ) -> tuple[State, Array, dict[str, Array]]:
        raise NotImplementedError

    def reset(self, key: jax.Array) -> State:
        return self.initial_state(jax.random.uniform(key, (self.reset_noise_size,), jnp.float32))

    def step(
        self, key: jax.Array, state: State, actions: Array
    ) -> tuple[State, Array, dict[str, Array]]:
        noise = jax.random.uniform(key, (self.noise_size,), jnp.float32)
        return self.transition(state, actions, noise)


class ScriptedPolicy(Settings):
    """A player without parameters whose chance is kept apart, as a game's is.

    `choose` is plain array code on NumPy or JAX arrays, so that one game against a scripted player
    runs without JAX. A new scripted player supplies `choose`, and `initial_carry` if it has memory.
    """

    num_actions: int = 2
    noise_size: int = 0

    def initial_carry(self) -> Carry:
        return ()

    def choose(self, carry: Carry, observation: Observation, noise: Array) -> tuple[Array, Carry]:
        """Action (``int32`` scalar) and next carry, with chance from ``noise[noise_size]``."""
        raise NotImplementedError

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Observation
    ) -> tuple[Array, Carry, Extras]:
        del params
        noise = jax.random.uniform(key, (self.noise_size,), jnp.float32)
        return *self.choose(carry, observation, noise), {}
