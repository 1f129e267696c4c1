"""An environment of JaxMARL as a `Game`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loqa_envs import keys
from loqa_envs.adapters.jaxmarl.spaces import (
    by_seat,
    infos_of,
    number_of_actions,
    observations_of,
    spec_of,
)
from loqa_envs.arrays import Array
from loqa_envs.catalogue import ENVIRONMENTS
from loqa_envs.game import EpisodeLength, Policy, Rules
from loqa_envs.observation import Observation, ObservationSpec
from loqa_envs.policy import Random
from loqa_envs.validation import Real, check


class JaxMARLState(NamedTuple):
    inner: Any
    """The environment's own state."""
    observations: Observation
    """What all seats see."""


@dataclass(frozen=True)
class JaxMARLGame(Rules):
    """Any environment of JaxMARL 0.2 whose agents all have the same actions and observations.

    Rules, actions, chance: the environment's own; seat i is its i-th agent. Chance is two of our
        uniform numbers, made into the key that it takes.
    Observation: the environment's as ``float32``, also where it says integers; of three axes with
        one bound they are an image.
    Reward: the environment's; it has no bounds of its own, ``reward_range`` is what is said here.
    Info: whatever the environment gives that is one number, or one for each agent, as floats.
    Episode: ``episode_length`` steps, by default as many as the environment's own has. It goes on
        for ever like all games: where the environment is done (``done["__all__"]``), its next
        episode begins in the same step, and the last observation is not seen, as in JaxMARL.
    Differs from: the `loqa_envs.CoinGame` preset ``jaxmarl``, whose episode is one *inner* episode
        (10 steps) of JaxMARL's Coin Game. There ``done`` is true at the *outer* boundary only,
        after ``num_inner_steps * num_outer_steps`` (100) steps; all is placed anew at each inner
        one, where nothing is paid and ``info["inner_episode_done"]`` is 1. The preset pays in its
        last step, too, and has other measurements (who took which coin).

    Raises:
        ValueError: for agents that differ, where nothing says how long an episode is, or for
            settings of an environment that is made.
    """

    environment: Any
    """The environment, or the name under which ``jaxmarl.make`` makes it."""
    made_with: Any = ()
    """What ``jaxmarl.make`` is given besides the name: pairs of a name and a value, or a dict."""
    episode_length: EpisodeLength = 0
    """Steps of an episode; 0 is as many as the environment says."""
    reward_range: tuple[Real, Real] = (-1e6, 1e6)

    name = "jaxmarl"
    needs_jax = True
    noise_size = 2

    def __post_init__(self) -> None:
        pairs = self.made_with.items() if isinstance(self.made_with, Mapping) else self.made_with
        object.__setattr__(self, "made_with", _tuples(sorted(pairs)))
        if self.made_with and not isinstance(self.environment, str):
            raise ValueError(
                "settings go with an environment's name, not with one that is made; got "
                f"{', '.join(name for name, _ in self.made_with)}."
            )
        if not self.episode_length:
            object.__setattr__(self, "episode_length", _own_length(self.env))
        super().__post_init__()
        number_of_actions(self.env, self.agents)

    @property
    def env(self) -> Any:
        """The environment itself."""
        named = isinstance(self.environment, str)
        return _made(self.environment, self.made_with) if named else self.environment

    @property
    def agents(self) -> list[Any]:
        """The environment's names of the seats."""
        return list(self.env.agents)

    @property
    def num_players(self) -> int:
        return len(self.agents)

    @cached_property
    def num_actions(self) -> int:
        return number_of_actions(self.env, self.agents)

    @property
    def action_names(self) -> tuple[str, ...]:
        return tuple(str(action) for action in range(self.num_actions))

    @cached_property
    def observation_spec(self) -> ObservationSpec:
        return spec_of(self.env, self.agents, jax.eval_shape(self._begun, keys.key(0))[0])

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        return {"random": Random(self.num_actions)}

    def initial_state(self, noise: Array) -> JaxMARLState:
        observations, inner = self._begun(_key(noise))
        return JaxMARLState(self._settled(inner), observations)

    def transition(
        self, state: JaxMARLState, actions: Array, noise: Array
    ) -> tuple[JaxMARLState, Array, dict[str, Array]]:
        step_key, reset_key = jax.random.split(_key(noise))
        observations, inner, rewards, done, info = self._stepped(step_key, state.inner, actions)
        fresh, begun = self._begun(reset_key)
        after = JaxMARLState(self._settled(inner), observations)
        anew = JaxMARLState(self._settled(begun), fresh)
        chosen = jax.tree.map(lambda one, other: jnp.where(done, one, other), anew, after)
        return chosen, rewards, info

    def observe(self, state: JaxMARLState) -> Observation:
        return state.observations

    def render(self, state: JaxMARLState) -> str:
        """The small arrays of the environment's state by their names."""
        named = jax.tree_util.tree_leaves_with_path(state.inner)
        return "\n".join(
            f"{jax.tree_util.keystr(path, simple=True)}: {np.asarray(leaf).tolist()}"
            for path, leaf in named
            if np.size(leaf) <= 10
        )

    def _begun(self, key: jax.Array) -> tuple[Observation, Any]:
        observations, inner = self.env.reset(key)
        return observations_of(observations, self.agents), inner

    def _stepped(self, key: jax.Array, inner: Any, actions: Array) -> tuple[Any, ...]:
        """Observations, the environment's state, rewards, whether it is done, and info."""
        moves = [actions[seat] for seat in range(self.num_players)]
        named = all(isinstance(agent, str) for agent in self.agents)
        joint = dict(zip(self.agents, moves, strict=True)) if named else tuple(moves)
        seen, inner, rewards, done, info = self.env.step_env(key, inner, joint)
        paid = [jnp.asarray(each) for each in by_seat(rewards, self.agents)]
        return (
            observations_of(seen, self.agents),
            inner,
            jnp.stack([each.reshape(()).astype(jnp.float32) for each in paid]),
            jnp.asarray(done["__all__"]),
            infos_of(info, self.agents),
        )

    def _settled(self, inner: Any) -> Any:
        """The environment's state in the types that fit it after a reset and after a step."""
        return jax.tree.map(lambda x, kind: jnp.asarray(x).astype(kind), inner, self._types)

    @cached_property
    def _types(self) -> Any:
        actions = jax.ShapeDtypeStruct((self.num_players,), np.int32)
        begun = jax.eval_shape(self._begun, keys.key(0))[1]
        after = jax.eval_shape(self._stepped, keys.key(0), begun, actions)[1]
        return jax.tree.map(lambda one, two: jnp.promote_types(one.dtype, two.dtype), begun, after)


def from_jaxmarl(
    environment: Any,
    *,
    episode_length: int = 0,
    reward_range: tuple[float, float] = (-1e6, 1e6),
    **settings: Any,
) -> JaxMARLGame:
    """The game of a JaxMARL environment, or of the name and settings of one.

    ``from_jaxmarl(jaxmarl.make("coin_game"))`` plays, trains and enters a league. So does
    ``from_jaxmarl("coin_game", num_inner_steps=5)``; this one can also be made anew elsewhere from
    its settings, as agents' files, the summary of a league and a scorecard need.

    Args:
        environment: a JaxMARL ``MultiAgentEnv``, or its name.
        episode_length, reward_range: as in `JaxMARLGame`.
        settings: what ``jaxmarl.make`` is given besides the name.

    Raises:
        ValueError: where JaxMARL is needed and missing, or as `JaxMARLGame`.
    """
    return JaxMARLGame(environment, settings, episode_length, reward_range)


# Among the environments of others: the names of our own games do not depend on what was imported.
ENVIRONMENTS[JaxMARLGame.name] = JaxMARLGame


@lru_cache(64)
def _made(name: str, settings: tuple[tuple[str, Any], ...]) -> Any:
    if find_spec("jaxmarl") is None:
        raise ValueError(
            f"JaxMARL's {name} needs the package jaxmarl, which is not installed; get it with: "
            'pip install "loqa[jaxmarl]"'
        )
    import jaxmarl

    return jaxmarl.make(name, **dict(settings))


def _own_length(environment: Any) -> int:
    lengths = [
        getattr(environment, name, None)
        for name in ("num_inner_steps", "num_outer_steps", "max_steps")
    ]
    inner, outer, most = (int(length) if isinstance(length, int) else 0 for length in lengths)
    if not inner * outer and not most:
        raise ValueError(
            "episode_length must be given where a JaxMARL environment has neither num_inner_steps "
            f"and num_outer_steps nor max_steps; {type(environment).__name__} has none."
        )
    found: int = check("episode_length", inner * outer or most, EpisodeLength)
    return found


def _tuples(value: Any) -> Any:
    """Lists as tuples, so that settings have a hash and JSON changes nothing."""
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def _key(noise: Array) -> jax.Array:
    return keys.from_words((noise * np.float32(2**24)).astype(np.uint32))
