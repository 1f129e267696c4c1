"""Play 4,096 Coin Games at once in JAX, a player that takes every coin against a kind one.

pip install . && python examples/jax_rollout.py
"""

import jax
import jax.numpy as jnp

from loqa_envs import CoinGame, make_player

game = CoinGame(size=3)
players = [
    make_player(name, game, seat) for seat, name in enumerate(("always_defect", "always_cooperate"))
]


def episode(key: jax.Array) -> jax.Array:
    """Mean reward per step of both seats, ``[2]``."""
    reset_key, key = jax.random.split(key)

    def step(carry, key):
        state, memories = carry
        step_key, *keys = jax.random.split(key, 3)
        moves = [
            player.act(keys[seat], (), memories[seat], game.observe(state)[seat])
            for seat, player in enumerate(players)
        ]
        actions = jnp.stack([action for action, _, _ in moves])
        state, rewards, _ = game.step(step_key, state, actions)
        return (state, tuple(memory for _, memory, _ in moves)), rewards

    start = game.reset(reset_key), tuple(player.initial_carry() for player in players)
    return jax.lax.scan(step, start, jax.random.split(key, game.episode_length))[1].mean(0)


rewards = jax.jit(jax.vmap(episode))(jax.random.split(jax.random.key(0), 4096))
print("mean reward per step of the defector and the cooperator:", rewards.mean(0))
