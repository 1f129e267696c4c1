"""How many environment steps a second each interface makes, random actions, all outputs consumed.

    python benchmarks/throughput.py

A step of an environment is one joint action. Each figure is the median of several runs after one
that compiles and warms up; the checksum over observations and rewards keeps the compiler from
leaving any of them out. Writes ``benchmarks/results/throughput.json``.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from machine import describe

from loqa_envs import GAMES, Game, make_game
from loqa_envs.adapters.pettingzoo import parallel_env
from loqa_envs.adapters.registration import gymnasium_id
from loqa_envs.keys import key

Program: TypeAlias = tuple[int, Callable[[], float]]
"""How many environment steps a run takes, and the run, which returns a checksum."""


class Rollout(NamedTuple):
    """Many games: ``reset(key)`` and ``step(key, states, actions)``."""

    reset: Callable[[jax.Array], Any]
    step: Callable[[jax.Array, Any, jax.Array], tuple]


GAMES_MEASURED = ("ipd",)
VECTOR_ENVS = 4096
SCANNED_GAMES = 16384


def pettingzoo_parallel(game: str | Game, steps: int = 20_000) -> Program:
    """One game by PettingZoo's parallel API, on one core."""
    env = parallel_env(game)
    generator = np.random.default_rng(0)
    joint = generator.integers(env.game.num_actions, size=(997, env.game.num_players)).tolist()
    actions = [dict(zip(env.possible_agents, row, strict=True)) for row in joint]
    first = env.possible_agents[0]
    env.reset(seed=0)

    def run() -> float:
        checksum = 0.0
        for t in range(steps):
            if not env.agents:
                env.reset()
            observations, rewards, *_ = env.step(actions[t % len(actions)])
            checksum += rewards[first] + observations[first].flat[1]
        return checksum

    return steps, run


def gymnasium_vector(name: str, steps: int = 2_000) -> Program:
    """`VECTOR_ENVS` games by ``make_vec``, NumPy arrays in and out, episodes reset as they end."""
    env = gymnasium.make_vec(gymnasium_id(name), num_envs=VECTOR_ENVS)
    generator = np.random.default_rng(0)
    actions = generator.integers(env.single_action_space.n, size=(61, VECTOR_ENVS))
    env.reset(seed=0)

    def run() -> float:
        checksum = 0.0
        for t in range(steps):
            observations, rewards, *_ = env.step(actions[t % len(actions)])
            checksum += float(rewards.sum() + observations.sum())
        return checksum

    return steps * VECTOR_ENVS, run


def jax_scan(name: str, steps: int = 2_000) -> Program:
    """`SCANNED_GAMES` games in one ``lax.scan`` in JAX, episodes restarted as they end."""
    game = make_game(name)
    episodes = steps // game.episode_length
    run_episodes = jax.jit(lambda key: scanned(game, SCANNED_GAMES, key, episodes))
    start = key(0)
    return (
        episodes * game.episode_length * SCANNED_GAMES,
        lambda: float(run_episodes(start)),
    )


def one_draw(game: Game, num_games: int) -> Rollout:
    """All games draw their chance at once, as the vector environments do."""

    def noise(key: jax.Array, size: int) -> jax.Array:
        return jax.random.uniform(key, (size, num_games)).T

    return Rollout(
        lambda key: jax.vmap(game.initial_state)(noise(key, game.reset_noise_size)),
        lambda key, states, actions: jax.vmap(game.transition)(
            states, actions, noise(key, game.noise_size)
        ),
    )


def key_per_game(game: Game, num_games: int) -> Rollout:
    """A key for each game and the public methods, as other libraries have it."""
    return Rollout(
        lambda key: jax.vmap(game.reset)(jax.random.split(key, num_games)),
        lambda key, states, actions: jax.vmap(game.step)(
            jax.random.split(key, num_games), states, actions
        ),
    )


def scanned(
    game: Game,
    num_games: int,
    key: jax.Array,
    episodes: int,
    rollout: Callable[[Game, int], Rollout] = one_draw,
) -> jax.Array:
    """A checksum over everything that so many games give out in so many random episodes."""
    players = game.num_players
    play = rollout(game, num_games)
    (leaf,) = game.observation_spec.leaves
    weights = 1.0 + jnp.arange(players * leaf.size).reshape((1, players, *leaf.shape))

    def step(carry: tuple, key: jax.Array) -> tuple:
        states, checksum = carry
        action_key, step_key = jax.random.split(key)
        # A byte for each action: drawing whole words would cost more than many a game.
        words = jax.random.bits(action_key, (num_games,), jnp.uint32)
        draws = jnp.stack([words >> 8 * seat & 255 for seat in range(players)], 1)
        actions = (draws % game.num_actions).astype(jnp.int32)
        states, rewards, _ = play.step(step_key, states, actions)
        seen = (jax.vmap(game.observe)(states) * weights).sum()
        return (states, checksum + rewards.sum() + seen), None

    def episode(checksum: jax.Array, key: jax.Array) -> tuple:
        reset_key, steps_key = jax.random.split(key)
        keys = jax.random.split(steps_key, game.episode_length)
        return jax.lax.scan(step, (play.reset(reset_key), checksum), keys)[0][1], None

    return jax.lax.scan(episode, jnp.float32(0), jax.random.split(key, episodes))[0]


INTERFACES = {
    "pettingzoo_parallel": (pettingzoo_parallel, 1),
    "gymnasium_make_vec": (gymnasium_vector, VECTOR_ENVS),
    "jax_scan": (jax_scan, SCANNED_GAMES),
}


TARGETS = {
    ("ipd", "pettingzoo_parallel"): 20_000,
    ("ipd", "gymnasium_make_vec"): 2_000_000,
    ("ipd", "jax_scan"): 20_000_000,
}
"""Environment steps a second."""


def measure(game: str, interface: str, repeats: int) -> dict:
    prepare, num_envs = INTERFACES[interface]
    row = {"game": game, "interface": interface, "num_envs": num_envs}
    return row | timed([prepare(game)], repeats)[0]


def timed(programs: Sequence[Program], repeats: int) -> list[dict]:
    """Rates of each program over its runs after the first; the programs run in turn."""
    seconds: list[list[float]] = [[] for _ in programs]
    checksums = [0.0] * len(programs)
    for _ in range(1 + repeats):
        for i, (_, run) in enumerate(programs):
            start = time.perf_counter()
            checksums[i] = float(run())
            seconds[i].append(time.perf_counter() - start)
    return [
        {
            "env_steps_per_second": round(statistics.median(steps / s for s in runs[1:])),
            "runs": [round(steps / duration) for duration in runs[1:]],
            "env_steps_per_run": steps,
            # What the first run took longer than the others: compilation, mostly.
            "warm_up_seconds": round(max(0.0, runs[0] - statistics.median(runs[1:])), 3),
            "checksum": checksum,
        }
        for (steps, _), runs, checksum in zip(programs, seconds, checksums, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--games", nargs="+", choices=sorted(GAMES), default=GAMES_MEASURED)
    parser.add_argument("--repeats", type=int, default=5, help="measured runs of each")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results" / "throughput.json"
    )
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error(f"--repeats must be at least 1, got {arguments.repeats}.")
    results = {"machine": describe(), "rows": [], "targets": []}
    for game in arguments.games:
        for interface in INTERFACES:
            row = measure(game, interface, arguments.repeats)
            results["rows"].append(row)
            print(
                f"{game:12} {interface:20} {row['num_envs']:>6} envs "
                f"{row['env_steps_per_second']:>12,} env-steps/s"
            )
    results["targets"] = [
        {
            "what": f"{row['game']}, {row['interface']}, {row['num_envs']:,} games, steps/s",
            "target": f"≥ {target:,}",
            "measured": row["env_steps_per_second"],
            "holds": row["env_steps_per_second"] >= target,
        }
        for row in results["rows"]
        if (target := TARGETS.get((row["game"], row["interface"])))
    ]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
