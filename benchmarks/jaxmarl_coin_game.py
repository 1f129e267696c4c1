"""Random play of JaxMARL's Coin Game, for ``coin_throughput.py`` to run elsewhere.

    python benchmarks/jaxmarl_coin_game.py GAMES STEPS

Needs an environment with jaxmarl and not loqa. Prints its versions as JSON, and then, for every
line that it reads, plays and prints the checksum. The loop is that of ``throughput.py``: random
actions drawn as bytes, everything that comes out consumed; JaxMARL wants a key for each game and
resets it by itself.
"""

import importlib.metadata
import json
import sys

import jax
import jax.numpy as jnp
import jaxmarl

GAMES, STEPS = map(int, sys.argv[1:])
ENV = jaxmarl.make("coin_game")
WEIGHTS = 1.0 + jnp.arange(36)


def step(carry, key):
    states, checksum = carry
    action_key, step_key = jax.random.split(key)
    words = jax.random.bits(action_key, (GAMES,), jnp.uint32)
    draws = jnp.stack([words & 255, words >> 8 & 255], 1)
    actions = (draws % 5).astype(jnp.int32)
    outcome = jax.vmap(ENV.step)(
        jax.random.split(step_key, GAMES), states, {"0": actions[:, 0], "1": actions[:, 1]}
    )
    observations, states, rewards, *_ = outcome
    for agent in ("0", "1"):
        checksum += rewards[agent].sum() + (observations[agent].reshape(GAMES, 36) * WEIGHTS).sum()
    return (states, checksum), None


@jax.jit
def run(key):
    reset_key, steps_key = jax.random.split(key)
    _, states = jax.vmap(ENV.reset)(jax.random.split(reset_key, GAMES))
    keys = jax.random.split(steps_key, STEPS)
    return jax.lax.scan(step, (states, jnp.float32(0)), keys)[0][1]


versions = {package: importlib.metadata.version(package) for package in ("jaxmarl", "jax")}
print(json.dumps(versions), flush=True)
for _ in sys.stdin:
    print(float(run(jax.random.key(0))), flush=True)
