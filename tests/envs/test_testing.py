"""The public checks catch games and players that are broken in exactly one way."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count, cycle
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_envs import (
    Array,
    Leaf,
    ObservationSpec,
    Policy,
    Random,
    Rules,
    ScriptedPolicy,
    Tremble,
    make_game,
)
from loqa_envs.arrays import array_namespace
from loqa_envs.testing import check_game, check_policy


class Walk(NamedTuple):
    places: Array
    """``int32[2]``"""


@dataclass(frozen=True)
class Race(Rules):
    """Two seats walk round a circle of four places; the wind may carry one of them a place more."""

    episode_length: int = 6
    noise_size = 2

    name = "race"
    num_players = 2
    num_actions = 2
    action_names = ("stay", "walk")
    observation_shape = (2,)
    observation_high = np.float32(3)
    reward_range = (0.0, 1.0)
    seats_alike = True

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        return {"random": Random(2)}

    def initial_state(self, noise: Array) -> Walk:
        return Walk((noise * 4).astype(np.int32))

    def transition(self, state, actions, noise):
        wind = (noise > 0.5).astype(np.int32)
        places = (state.places + actions + wind) % 4
        rewards = (places == 0).astype(np.float32)
        return Walk(places), rewards, {"walked": actions.astype(np.float32)}

    def observe(self, state: Walk) -> Array:
        xp = array_namespace(state.places)
        own = state.places.astype(np.float32)
        return xp.stack([own, own[::-1]], axis=1)

    def render(self, state: Walk) -> str:
        return f"places {state.places}"


def test_a_game_that_keeps_all_laws_passes() -> None:
    check_game(Race())


def test_a_game_may_have_episodes_of_one_step() -> None:
    check_game(Race(episode_length=1))


def _broken(**changes: object) -> Rules:
    """A race with one member changed."""
    return dataclass(frozen=True)(type("Race", (Race,), changes))()  # type: ignore[no-any-return]


class Unequal(Race):
    __eq__ = object.__eq__
    __hash__ = object.__hash__


def _later(change):
    """A transition whose outcome is changed."""
    return lambda self, state, actions, noise: change(
        *Race.transition(self, state, actions, noise), actions, noise
    )


def _mutating(self, state, actions, noise):
    if isinstance(state.places, np.ndarray):
        state.places[0] = 0
    return Race.transition(self, state, actions, noise)


def _changing_dtype(state, rewards, info, actions, noise):
    return Walk(state.places.astype(np.float32)), rewards, info


def _wide(state, rewards, info, actions, noise):
    xp = array_namespace(state.places)
    wide = state.places.astype(np.int64) if xp is np else state.places
    return Walk(wide), rewards, info


class Memory:
    calls = 0


def _remembering(self, state, actions, noise):
    Memory.calls += 1
    state, rewards, info = Race.transition(self, state, actions, noise)
    return state, rewards * np.float32(Memory.calls % 2), info


def _branching(self, state, actions, noise):
    return Race.transition(self, state, actions if noise[0] > 0.5 else 0 * actions, noise)


def _other_in_jax(self, state, actions, noise):
    if isinstance(actions, jax.Array):
        actions = 1 - actions
    return Race.transition(self, state, actions, noise)


def _numpy_only(self, state, actions, noise):
    return Race.transition(self, state, np.asarray(actions), noise)


def _jax_only(self, state, actions, noise):
    return Race.transition(self, state, jnp.asarray(actions), noise)


def _greedy(self, state, actions, noise):
    return Race.transition(self, state, actions, noise + noise[[2, 2]])


CHANCE = cycle((0.1, 0.9))


def _unlike_key(self, key):
    return self.initial_state(np.full(2, next(CHANCE), np.float32))


def _windy(state, rewards, info, actions, noise):
    slips = (noise < np.array([0.5, 0.8], np.float32)).astype(np.float32)
    return state, rewards * slips, info


def _favouring(self, state):
    rows = Race.observe(self, state)
    return rows * np.array([[1], [0]], np.float32)


def _shut(self, noise):
    """A place that is out of range for noise that is almost 1."""
    return Walk(np.round(noise * 4 + np.float32(0)).astype(np.int32))


BROKEN = {
    "settings are not compared": (Unequal(), "equal settings must make it equal"),
    "no name": (_broken(name="My Race"), "name must be at most 64 lower-case"),
    "two actions with one name": (_broken(action_names=("walk", "walk")), "action_names must"),
    "no finite range": (_broken(reward_range=(0.0, np.inf)), "reward_range must be two finite"),
    "no spec": (_broken(observation_spec=3.0), "observation_spec must be an ObservationSpec"),
    "no actions": (_broken(num_actions=0), "num_actions must be an integer of at least 1"),
    "negative noise": (_broken(noise_size=-1), "noise_size must be an integer of at least 0"),
    "rewards out of range": (
        _broken(reward_range=(0.0, 0.5)),
        r"rewards must be within reward_range \(0.0, 0.5\); in step \d seat \d got 1.0",
    ),
    "observations out of range": (
        _broken(observation_high=np.float32(1)),
        r"observations must be within the bounds of observation_spec, 0.0 to 1.0; .* seat \d sees",
    ),
    "observations of another shape": (
        _broken(observation_shape=(3,)),
        r"observations must be float32\[2, 3\]; after reset they are float32\[2, 2\]",
    ),
    "observations of another type": (
        _broken(observation_high=np.uint8(3)),
        r"observations must be uint8\[2, 2\]; after reset they are float32",
    ),
    "observations of other names": (
        _broken(observation_spec=ObservationSpec({"map": Leaf((2,), high=3)})),
        r"observations must be of the form \{map: float32\[2\]\}; after reset they are",
    ),
    "rewards of another type": (
        _broken(transition=_later(lambda s, r, i, *_: (s, r.astype(np.int32), i))),
        r"rewards must be float32\[2\]; in step 0 it is int32\[2\]",
    ),
    "info of another shape": (
        _broken(transition=_later(lambda s, r, i, *_: (s, r, {"walked": r.sum()}))),
        r"info\['walked'\] must be float32\[2\]; in step 0 it is float32\[\]",
    ),
    "info comes and goes": (
        _broken(
            transition=lambda self, state, actions, noise: (
                *(found := Race.transition(self, state, actions, noise))[:2],
                found[2] if self.num_players and actions[0] else {},
            )
        ),
        "info, in step .*, must keep its structure",
    ),
    "not finite": (
        _broken(transition=_later(lambda s, r, i, *_: (s, r * np.float32(np.nan), i))),
        "rewards must be finite; in step 0 seat 0: nan",
    ),
    "the state changes its type": (
        _broken(transition=_later(_changing_dtype)),
        r"the state, in step 0, must keep its structure, shapes and types: .*int32.*float32",
    ),
    "the state has 64 bits": (_broken(transition=_later(_wide)), "must name its types.*int64"),
    "the state is a number": (
        _broken(initial_state=lambda self, noise: Walk(3)),
        r"initial_state must be made of NumPy arrays.*\.places is an int",
    ),
    "the state is changed in place": (
        _broken(transition=_mutating),
        "transition, in step 0, must leave its arguments as they are; argument 1 was changed",
    ),
    "rules remember": (
        _broken(transition=_remembering),
        "called twice with the same arguments, must be the same",
    ),
    "Python branches on numbers": (
        _broken(transition=_branching),
        "transition under jax.jit and jax.vmap must work, but raised TracerBoolConversionError",
    ),
    "NumPy and JAX differ": (
        _broken(transition=_other_in_jax),
        "what transition returns in step 0, alone and under jax.vmap, must be the same; got",
    ),
    "NumPy only": (
        _broken(transition=_numpy_only),
        "transition under jax.jit and jax.vmap must work, but raised TracerArrayConversionError",
    ),
    "JAX only, and does not say so": (
        _broken(transition=_jax_only),
        "what transition returns in step 0 must be made of NumPy arrays",
    ),
    "takes more noise": (
        _broken(transition=_greedy),
        "transition, in step 0, must work, but raised IndexError",
    ),
    "noise that is almost 1": (
        _broken(initial_state=_shut),
        r"observations must be within the bounds of .*; after reset seat 0 sees 4.0",
    ),
    "reset with chance of its own": (
        _broken(reset=_unlike_key),
        "reset with the same key must be the same",
    ),
    "seats unlike in reward": (
        _broken(transition=_later(_windy)),
        r"seats_alike must be true only where .* in step \d seat \d has got on average",
    ),
    "seats unlike in view": (
        _broken(observe=_favouring),
        r"seats_alike must be true only where .* in step \d seat \d sees on average",
    ),
    "players of one seat only": (
        _broken(scripted_players=lambda self, seat: {f"random_{seat}": Random(2)}),
        "scripted_players must have the same names in every seat; seat 1 has random_1",
    ),
    "a player of another game": (
        _broken(scripted_players=lambda self, seat: {"random": Random(3)}),
        "its scripted player random in seat 0: num_actions must be the game's, 2; got 3",
    ),
    "no text": (_broken(render=lambda self, state: ""), "render must give text; in step 0"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_game_broken_in_one_way_is_caught(case: str) -> None:
    game, sentence = BROKEN[case]
    with pytest.raises(AssertionError, match=sentence) as caught:
        check_game(game)
    assert len(str(caught.value).splitlines()) == 1


def test_seats_that_differ_are_no_breach_where_the_game_says_so() -> None:
    check_game(_broken(observe=_favouring, seats_alike=False))


def test_a_game_that_needs_jax_passes_if_it_says_so() -> None:
    check_game(_broken(transition=_jax_only, needs_jax=True))


@dataclass(frozen=True)
class Copier(ScriptedPolicy):
    """Does at random what its last action was, or not."""

    noise_size = 1

    def initial_carry(self) -> Array:
        return np.zeros((), np.int32)

    def choose(self, carry, observation, noise):
        action = ((noise[0] < 0.5) ^ (carry == 1)).astype(np.int32)
        return action, action


def _player(**changes: object) -> ScriptedPolicy:
    return dataclass(frozen=True)(type("Copier", (Copier,), changes))()  # type: ignore[no-any-return]


TURNS = count()


@dataclass(frozen=True)
class Impulsive(Tremble):
    """Does another thing whenever it is asked, as one with a die of its own may."""

    def act(self, key, params, carry, observation):
        action, *rest = super().act(key, params, carry, observation)
        return (action * 0 + next(TURNS) % 2).astype(np.int32), *rest


@pytest.mark.slow
def test_players_that_keep_all_laws_pass() -> None:
    for player in (Copier(), Tremble(Copier(), 0.1), "random"):
        for seat in range(2):
            check_policy(player, Race(), seat=seat)


BROKEN_PLAYERS = {
    "an action too many": (
        _player(choose=lambda self, carry, *_: (carry + np.int32(2), carry)),
        "an action must be from 0 to 1; in NumPy in step 0 it is 2",
    ),
    "another type": (
        _player(choose=lambda self, carry, *_: (carry.astype(np.float32), carry)),
        r"an action must be an int32 scalar; in NumPy in step 0 it is float32\[\]",
    ),
    "a carry that grows": (
        _player(choose=lambda self, carry, *_: (carry, np.append(carry, carry))),
        "the carry, in NumPy in step 0, must keep its structure, shapes and types",
    ),
    "a carry that is a number": (
        _player(initial_carry=lambda self: 0),
        "initial_carry must be made of arrays; it is an int",
    ),
    "more noise than it says": (
        _player(noise_size=0),
        "choose, in step 0, must work, but raised IndexError",
    ),
    "other choices in JAX": (
        _player(
            choose=lambda self, carry, observation, noise: (
                np.int32(isinstance(noise, np.ndarray)) + 0 * carry,
                carry,
            )
        ),
        "what is chosen in step 0 in NumPy and in JAX must be the same",
    ),
    "chance of its own": (Impulsive(Copier(), 0.1), "act.* must be the same"),
}


@pytest.mark.parametrize("case", BROKEN_PLAYERS)
def test_a_player_broken_in_one_way_is_caught(case: str) -> None:
    player, sentence = BROKEN_PLAYERS[case]
    with pytest.raises(AssertionError, match=sentence):
        check_policy(player, Race(), steps=6)


def test_a_player_with_another_number_of_actions_is_refused() -> None:
    with pytest.raises(ValueError, match="must have 2 actions"):
        check_policy(Random(3), make_game("ipd"))
