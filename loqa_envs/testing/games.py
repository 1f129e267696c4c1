"""`check_game`."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_envs.game import Game
from loqa_envs.keys import boundary, key
from loqa_envs.testing.claims import check_description, check_observations, check_rewards
from loqa_envs.testing.compare import NUMPY, Laws, stacked
from loqa_envs.testing.policies import check_player, seen_by, watch
from loqa_envs.testing.seats import check_seats_alike

_PLAYER_STEPS = 20
_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


def check_game(game: Game, *, seed: int = 0, steps: int = 50, rtol: float = 1e-5) -> None:
    """Check that a game keeps the laws that training, leagues and environments rely on.

    Random joint actions are played for ``steps`` steps, or an episode if that is shorter, with
    random noise, and with the least and the greatest numbers that noise can be. Checked are, in
    this order:

    - settings: equal ones make equal games with equal hashes, and what is said of the game
      (numbers of seats and actions, names, ``reward_range``) makes sense;
    - the rules are pure: they change none of their arguments, and twice the same gives the same;
    - states are arrays whose structure, shapes and types never change; observations, rewards and
      info have the shapes and types that are promised and stay within their ranges;
    - no more noise is taken than ``noise_size`` and ``reset_noise_size`` say;
    - NumPy and JAX agree, under ``jax.jit`` and ``jax.vmap``, but for rounding of ``rtol``;
    - the same key gives the same reset and the same step;
    - where ``seats_alike`` is claimed, players that all move one seat further see and get what they
      saw and got: for all seats, the means of many episodes must agree;
    - scripted players have the same names in every seat and pass `check_policy`;
    - ``render`` gives text.

    A game whose rules need JAX, since they take gradients, say, declares ``needs_jax = True`` in
    its class; its rules are then never called with NumPy states, and environments run them in JAX.

    Raises:
        AssertionError: for the first law that is broken.
    """
    laws = Laws(str(getattr(game, "name", type(game).__name__)))
    laws.settings(game)
    check_description(laws, game)
    generator = np.random.default_rng(seed)
    steps = min(steps, game.episode_length)
    size = (steps, game.num_players)
    actions = generator.integers(game.num_actions, size=size).astype(np.int32)
    reset_noise = generator.random(game.reset_noise_size, np.float32)
    noise = generator.random((steps, game.noise_size), np.float32)
    episode = _play(laws, game, reset_noise, actions, noise)
    for bound in (np.float32(0), _BELOW_ONE):
        if reset_noise.size or noise.size:
            extreme = np.full_like(reset_noise, bound), actions[:5], np.full_like(noise[:5], bound)
            _play(laws, game, *extreme)
    _check_jax(laws, game, episode, rtol)
    _check_keys(laws, game, seed, actions[0], episode, rtol)
    check_seats_alike(laws, game, seed)
    _check_players(laws, game, seed)
    for step, state in enumerate(episode.states[:3]):
        with laws.works("render"):
            text = game.render(state)
        laws.require(
            isinstance(text, str) and text.strip(),
            f"render must give text; in step {step} it gave {text!r}.",
        )


class _Episode(NamedTuple):
    reset_noise: NDArray[np.float32]
    actions: NDArray[np.int32]
    noise: NDArray[np.float32]
    states: list[Any]
    observations: list[Any]
    outcomes: list[Any]
    """Next state, rewards and info of each step."""


def _play(
    laws: Laws, game: Game, reset_noise: NDArray[Any], actions: NDArray[Any], noise: NDArray[Any]
) -> _Episode:
    """Play in NumPy (with ``needs_jax``, in JAX) and check each step on the way."""
    needs_jax = getattr(game, "needs_jax", False)
    put: Any = jnp.asarray if needs_jax else np.asarray
    # Many steps of gradients that are not compiled would take long.
    functions: tuple[Any, ...] = game.initial_state, game.transition, game.observe
    initial, transition, observe = map(jax.jit, functions) if needs_jax else functions
    kinds = (jax.Array,) if needs_jax else NUMPY

    def seen(state: Any, when: str) -> Any:
        observations = laws.pure(f"observe, {when},", observe, state)
        laws.arrays(f"observations, {when},", observations, kinds)
        check_observations(laws, game, observations, when)
        return observations

    state = laws.pure("initial_state", initial, put(reset_noise))
    laws.arrays("initial_state", state, kinds)
    states, observations = [state], [seen(state, "after reset")]
    outcomes: list[Any] = []
    for step, (joint, chance) in enumerate(zip(actions, noise, strict=True)):
        when = f"in step {step}"
        outcome = laws.pure(f"transition, {when},", transition, state, put(joint), put(chance))
        laws.require(
            isinstance(outcome, tuple) and len(outcome) == 3,
            f"transition must return the next state, rewards and info, got {outcome!r}.",
        )
        laws.arrays(f"what transition returns {when}", outcome, kinds)
        laws.same_types(f"the state, {when},", outcome[0], state)
        check_rewards(laws, game, outcome, when)
        if outcomes:
            laws.same_types(f"info, {when},", outcome[2], outcomes[0][2])
        state = outcome[0]
        states.append(state)
        observations.append(seen(state, when))
        outcomes.append(outcome)
    return _Episode(reset_noise, actions, noise, states, observations, outcomes)


def _check_jax(laws: Laws, game: Game, episode: _Episode, rtol: float) -> None:
    """All recorded steps at once under ``jit`` and ``vmap`` must be what they were one by one."""
    before = jax.tree.map(jnp.asarray, stacked(episode.states[:-1]))
    with laws.works("initial_state and observe under jax.jit"):
        first = jax.jit(game.initial_state)(jnp.asarray(episode.reset_noise))
        seen = jax.jit(game.observe)(first)
    laws.same("initial_state in NumPy and in JAX", episode.states[0], first, rtol)
    laws.same("what is observed first in NumPy and in JAX", episode.observations[0], seen, rtol)
    with laws.works("transition under jax.jit and jax.vmap"):
        outcomes = jax.jit(jax.vmap(game.transition))(
            before, jnp.asarray(episode.actions), jnp.asarray(episode.noise)
        )
        views = jax.jit(jax.vmap(game.observe))(outcomes[0])
    for what, made, rows in (
        ("what transition returns", outcomes, episode.outcomes),
        ("what observe returns", views, episode.observations[1:]),
    ):
        laws.arrays(f"{what} in JAX", made, (jax.Array,))
        host = jax.device_get(made)
        for step, row in enumerate(rows):
            one = jax.tree.map(lambda leaf, step=step: leaf[step], host)
            laws.same(f"{what} in step {step}, alone and under jax.vmap,", row, one, rtol)


@boundary
def _check_keys(
    laws: Laws, game: Game, seed: int, actions: NDArray[Any], episode: _Episode, rtol: float
) -> None:
    """``reset`` and ``step``: the same under the same key, compiled or not."""
    reset_key, step_key = jax.random.split(key(seed))
    joint = jnp.asarray(actions)
    with laws.works("reset"):
        state = game.reset(reset_key)
        again = game.reset(reset_key), jax.jit(game.reset)(reset_key)
    laws.same_types("the state that reset makes", state, episode.states[0])
    with laws.works("step"):
        outcome = game.step(step_key, state, joint)
        outcomes = (
            game.step(step_key, state, joint),
            jax.jit(game.step)(step_key, state, joint),
        )
    laws.same_types("what step returns", outcome, episode.outcomes[0])
    for what, one, others in (("reset", state, again), ("step", outcome, outcomes)):
        laws.same(f"{what} with the same key", others[0], one)
        laws.same(f"{what} with and without jax.jit", others[1], one, rtol)


def _check_players(laws: Laws, game: Game, seed: int) -> None:
    names = list(game.scripted_players(0))
    observations = watch(game, seed, min(_PLAYER_STEPS, game.episode_length))
    for seat in range(game.num_players):
        players = game.scripted_players(seat)
        laws.require(
            list(players) == names,
            f"scripted_players must have the same names in every seat; seat {seat} has "
            f"{', '.join(players) or 'none'}, seat 0 has {', '.join(names) or 'none'}.",
        )
        if not game.seats_alike or seat == 0:
            for name, player in players.items():
                who = Laws(f"{laws.who}, its scripted player {name} in seat {seat}")
                check_player(who, player, game, (), seen_by(seat, observations), seed)
