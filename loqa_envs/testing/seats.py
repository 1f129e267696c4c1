"""Whether seats are alike where a game says so."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loqa_envs.game import Game
from loqa_envs.keys import boundary, key
from loqa_envs.testing.compare import Laws, leaves

_STEPS, _PLANS, _EPISODES = 16, 4, 1024
_DEVIATIONS = 6
"""How many standard errors two means may be apart; among a million, none is that far by chance."""


@boundary
def check_seats_alike(laws: Laws, game: Game, seed: int) -> None:
    """Players that all move one seat further must see and get there what they saw and got.

    Several plans of random actions are played in many episodes each, from where they are and from
    one seat further (the last seat's from the first). That holds for chance, too, so the means over
    episodes are compared: of every entry of observations, and of the sum of rewards so far.
    """
    if not game.seats_alike:
        return
    steps = min(_STEPS, game.episode_length)
    size = (_PLANS, steps, game.num_players)
    plans = np.random.default_rng(seed).integers(game.num_actions, size=size).astype(np.int32)
    keys = jax.random.split(key(seed), (2, _PLANS, steps + 1, _EPISODES))
    play = jax.jit(jax.vmap(lambda plan, keys: _moments(game, plan, keys)))
    with laws.works("playing many episodes"):
        here = jax.device_get(play(plans, keys[0]))
        there = jax.device_get(play(np.roll(plans, 1, axis=2), keys[1]))
    there = jax.tree.map(lambda leaf: np.roll(leaf, -1, axis=2), there)  # [plans, steps, P, ...]
    for what, (means, variances), (others, other_variances) in zip(
        ("sees", "has got"), here, there, strict=True
    ):
        for (path, mean), (_, variance), (_, other), (_, other_variance) in zip(
            *map(leaves, (means, variances, others, other_variances)), strict=True
        ):
            error = np.sqrt((variance + other_variance) / _EPISODES)
            slack = 1e-4 * np.maximum(1, np.abs(mean)) + _DEVIATIONS * error
            if (wrong := np.argwhere(np.abs(mean - other) > slack)).size:
                _, step, seat, *_ = place = tuple(wrong[0])
                laws.broken(
                    "seats_alike must be true only where players that all move one seat further "
                    f"see and get there what they saw and got; in step {step} seat {seat} {what} "
                    f"on average {mean[place]:.4g}{path and f' at {path}'}, and one seat further "
                    f"{other[place]:.4g}."
                )


def _moments(game: Game, plan: jax.Array, keys: jax.Array) -> Any:
    """Means and variances over episodes of observations and returns so far, ``[T, P, ...]``."""

    def step(carry: Any, xs: tuple[jax.Array, jax.Array]) -> Any:
        (states, returns), (joint, step_keys) = carry, xs
        seen = _moment(jax.vmap(game.observe)(states))
        states, rewards, _ = jax.vmap(game.step, (0, 0, None))(step_keys, states, joint)
        returns = returns + rewards
        return (states, returns), (seen, _moment(returns))

    start = jax.vmap(game.reset)(keys[0]), jnp.zeros((_EPISODES, game.num_players), jnp.float32)
    return jax.lax.scan(step, start, (plan, keys[1:]))[1]


def _moment(rows: Any) -> tuple[Any, Any]:
    floats = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), rows)
    return tuple(jax.tree.map(lambda x, f=f: f(x, axis=0), floats) for f in (jnp.mean, jnp.var))
