"""How many environment steps a second the Coin Game makes, beside JaxMARL's; as throughput.py.

    python benchmarks/coin_throughput.py --jaxmarl-python /path/to/python

The other Python is one of an environment with jaxmarl 0.2.0, which wants packages of its own. Both
play as many games by the same loop. Writes ``benchmarks/results/coin_throughput.json``.
"""

import argparse
import json
import os
import statistics
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
import jax
import numpy as np
import supersuit
from machine import describe
from throughput import VECTOR_ENVS, pettingzoo_parallel, scanned, timed

from loqa_envs import coin_game_v0, make_game
from loqa_envs.adapters.vector import SharedVectorEnv
from loqa_envs.keys import key

GAMES = 4096
STEPS = 1_500


def jax_scan(**settings: Any) -> tuple[int, Callable[[], float]]:
    """`GAMES` games in one ``lax.scan``."""
    game = make_game("coin_game", **settings)
    episodes = STEPS // game.episode_length
    run = jax.jit(partial(scanned, game, GAMES, episodes=episodes))
    return episodes * game.episode_length * GAMES, lambda: float(run(key(0)))


def make_vec(steps: int = 500) -> tuple[int, Callable[[], float]]:
    """`VECTOR_ENVS` games by ``make_vec``, planes as NumPy arrays."""
    env = gymnasium.make_vec("loqa/CoinGame-v0", num_envs=VECTOR_ENVS)
    actions = np.random.default_rng(0).integers(4, size=(61, VECTOR_ENVS))
    env.reset(seed=0)

    def run() -> float:
        checksum = 0.0
        for t in range(steps):
            observations, rewards, *_ = env.step(actions[t % len(actions)])
            checksum += float(rewards.sum() + observations[:, 0].sum())
        return checksum

    return steps * VECTOR_ENVS, run


def shared_view(num_games: int, steps: int) -> tuple[int, Callable[[], float]]:
    """Both seats of ``num_games`` games as rows of one vector environment, planes."""
    return _random_rows(SharedVectorEnv("coin_game", num_games=num_games), num_games, steps)


def supersuit_view(num_games: int, steps: int) -> tuple[int, Callable[[], float]]:
    """The same of the PettingZoo environment by SuperSuit, in this process."""
    envs = supersuit.pettingzoo_env_to_vec_env_v1(coin_game_v0.parallel_env())
    envs = supersuit.concat_vec_envs_v1(envs, num_games, num_cpus=0, base_class="gymnasium")
    return _random_rows(envs, num_games, steps)


def _random_rows(envs: Any, num_games: int, steps: int) -> tuple[int, Callable[[], float]]:
    actions = np.random.default_rng(0).integers(4, size=(61, 2 * num_games))
    envs.reset(seed=0)

    def run() -> float:
        checksum = 0.0
        for t in range(steps):
            observations, rewards, *_ = envs.step(actions[t % len(actions)])
            checksum += float(rewards.sum() + observations[:, 0].sum())
        return checksum

    return steps * num_games, run


def jaxmarl_rate(python: Path, repeats: int, steps: int = 500) -> dict:
    script = Path(__file__).with_name("jaxmarl_coin_game.py")
    command = [python, script, *map(str, (GAMES, steps, repeats))]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    seconds = json.loads(output.stdout.splitlines()[-1])["seconds"][1:]
    rates = [steps * GAMES / duration for duration in seconds]
    return {
        "env_steps_per_second": round(statistics.median(rates)),
        "runs": [round(rate) for rate in rates],
    }


ROWS: dict[str, Callable[[], tuple[int, Callable[[], float]]]] = {
    "JAX, planes": jax_scan,
    "JAX, index features": partial(jax_scan, observation="index"),
    "JAX, index features, 15 x 15": partial(jax_scan, observation="index", size=15),
    "JAX, preset jaxmarl (two coins)": partial(jax_scan, preset="jaxmarl"),
    "JAX, planes, three players": partial(jax_scan, num_players=3),
    "PettingZoo parallel_env, one game": partial(pettingzoo_parallel, "coin_game"),
    "Gymnasium make_vec, planes": make_vec,
    "parameter-sharing view": partial(shared_view, GAMES, 300),
    "parameter-sharing view, 64 games": partial(shared_view, 64, 1000),
    "SuperSuit's concat, 64 games": partial(supersuit_view, 64, 50),
}


def targets(rates: dict[str, float]) -> list[dict]:
    """What must be reached, what was, and whether that is enough."""
    rows = [
        ("PettingZoo parallel_env, steps/s", 20_000, rates["PettingZoo parallel_env, one game"]),
        ("make_vec, planes, steps/s", 1_000_000, rates["Gymnasium make_vec, planes"]),
        (
            "15 x 15 as fast as 3 x 3 with index features, times",
            round(1 / 1.2, 3),
            rates["JAX, index features, 15 x 15"] / rates["JAX, index features"],
        ),
        (
            "parameter-sharing view, times SuperSuit's concat",
            50,
            rates["parameter-sharing view"] / rates["SuperSuit's concat, 64 games"],
        ),
    ]
    if jaxmarl := rates.get("JaxMARL 0.2.0"):
        rows += [
            ("planes, times JaxMARL", 8, rates["JAX, planes"] / jaxmarl),
            ("index features, times JaxMARL", 15, rates["JAX, index features"] / jaxmarl),
        ]
    return [
        {
            "what": what,
            "target": f"≥ {target:,}",
            "measured": round(measured, 2),
            "holds": measured >= target,
        }
        for what, target, measured in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="measured runs of each")
    parser.add_argument("--jaxmarl-python", type=Path, help="Python that has jaxmarl 0.2.0")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results" / "coin_throughput.json"
    )
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error(f"--repeats must be at least 1, got {arguments.repeats}.")
    results: dict[str, Any] = {"machine": describe(), "rows": []}
    for name, prepare in ROWS.items():
        num_envs = 1 if "one game" in name else 64 if "64 games" in name else GAMES
        row = {"what": name, "num_envs": num_envs} | timed(*prepare(), arguments.repeats)
        results["rows"].append(row)
        print(f"{name:36} {row['env_steps_per_second']:>12,} env-steps/s", flush=True)
    if arguments.jaxmarl_python:
        row = jaxmarl_rate(arguments.jaxmarl_python, arguments.repeats)
        results["rows"].append({"what": "JaxMARL 0.2.0", "num_envs": GAMES} | row)
        print(f"{'JaxMARL 0.2.0':36} {row['env_steps_per_second']:>12,} env-steps/s")
    results["targets"] = targets({r["what"]: r["env_steps_per_second"] for r in results["rows"]})
    for target in results["targets"]:
        print(
            f"{target['what']:56} {target['target']:>12} {target['measured']:>14,}", target["holds"]
        )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
