"""How many environment steps a second the Coin Game makes, beside JaxMARL's; as throughput.py.

    python benchmarks/coin_throughput.py --jaxmarl-python /path/to/python

The other Python is one of an environment with jaxmarl 0.2.0, which wants packages of its own. The
first row is JaxMARL's own game (two coins, five actions, ten steps) with a key for each game, as
many games in the same loop, run in turn with JaxMARL's. The other rows are LOQA's game (one coin,
four actions, fifty steps) with one draw of chance for all games, unless they say otherwise. Writes
``benchmarks/results/coin_throughput.json``.
"""

import argparse
import json
import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
import jax
import numpy as np
import supersuit
from machine import describe
from throughput import (
    VECTOR_ENVS,
    Program,
    Rollout,
    key_per_game,
    one_draw,
    pettingzoo_parallel,
    scanned,
    timed,
)

from loqa_envs import Game, coin_game_v0, make_game
from loqa_envs.adapters.vector import SharedVectorEnv
from loqa_envs.keys import key

GAMES = 4096
STEPS = 1_500


def jax_scan(
    rollout: Callable[[Game, int], Rollout] = one_draw, steps: int = STEPS, **settings: Any
) -> Program:
    """`GAMES` games in one ``lax.scan``."""
    game = make_game("coin_game", **settings)
    episodes = steps // game.episode_length
    run = jax.jit(partial(scanned, game, GAMES, episodes=episodes, rollout=rollout))
    return episodes * game.episode_length * GAMES, lambda: float(run(key(0)))


def make_vec(steps: int = 500) -> Program:
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


def shared_view(num_games: int, steps: int) -> Program:
    """Both seats of ``num_games`` games as rows of one vector environment, planes."""
    return _random_rows(SharedVectorEnv("coin_game", num_games=num_games), num_games, steps)


def supersuit_view(num_games: int, steps: int) -> Program:
    """The same of the PettingZoo environment by SuperSuit, in this process."""
    envs = supersuit.pettingzoo_env_to_vec_env_v1(coin_game_v0.parallel_env())
    envs = supersuit.concat_vec_envs_v1(envs, num_games, num_cpus=0, base_class="gymnasium")
    return _random_rows(envs, num_games, steps)


def _random_rows(envs: Any, num_games: int, steps: int) -> Program:
    actions = np.random.default_rng(0).integers(4, size=(61, 2 * num_games))
    envs.reset(seed=0)

    def run() -> float:
        checksum = 0.0
        for t in range(steps):
            observations, rewards, *_ = envs.step(actions[t % len(actions)])
            checksum += float(rewards.sum() + observations[:, 0].sum())
        return checksum

    return steps * num_games, run


def jaxmarl(python: Path, stack: ExitStack, steps: int = STEPS // 3) -> tuple[dict, Program]:
    """JaxMARL's versions, and its game in a process of its own that lives as long as the stack."""
    script = Path(__file__).with_name("jaxmarl_coin_game.py")
    process = stack.enter_context(
        subprocess.Popen(
            [python, script, str(GAMES), str(steps)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        )
    )
    # Its libraries may greet first.
    versions = next(json.loads(line) for line in process.stdout if line.startswith("{"))

    def run() -> float:
        print(file=process.stdin, flush=True)
        return float(process.stdout.readline())

    return versions, (steps * GAMES, run)


JAXMARL = "JaxMARL 0.2.0"
SAME_GAME = "JaxMARL's game, a key for each game"
ONE_DRAW = "JaxMARL's game, one draw for all games"
ROWS: dict[str, Callable[[], Program]] = {
    SAME_GAME: partial(jax_scan, key_per_game, preset="jaxmarl"),
    ONE_DRAW: partial(jax_scan, preset="jaxmarl"),
    "planes, a key for each game": partial(jax_scan, key_per_game),
    "planes": jax_scan,
    "index features": partial(jax_scan, observation="index"),
    "index features, 15 x 15": partial(jax_scan, observation="index", size=15),
    "planes, three players": partial(jax_scan, num_players=3),
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
            rates["index features, 15 x 15"] / rates["index features"],
        ),
        (
            "parameter-sharing view, times SuperSuit's concat",
            50,
            rates["parameter-sharing view"] / rates["SuperSuit's concat, 64 games"],
        ),
    ]
    if theirs := rates.get(JAXMARL):
        rows = [
            (f"{SAME_GAME}, times JaxMARL", 5, rates[SAME_GAME] / theirs),
            (f"{ONE_DRAW}, times JaxMARL", 8, rates[ONE_DRAW] / theirs),
            ("LOQA's game, planes, times JaxMARL's game", 8, rates["planes"] / theirs),
            ("LOQA's game, index features, times JaxMARL's game", 15,
             rates["index features"] / theirs),
            *rows,
        ]  # fmt: skip
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

    def record(what: str, row: dict) -> None:
        num_envs = 1 if "one game" in what else 64 if "64 games" in what else GAMES
        results["rows"].append({"what": what, "num_envs": num_envs} | row)
        print(f"{what:36} {row['env_steps_per_second']:>12,} env-steps/s", flush=True)

    with ExitStack() as stack:
        together = [ROWS[SAME_GAME]()]
        if arguments.jaxmarl_python:
            versions, theirs = jaxmarl(arguments.jaxmarl_python, stack)
            results["machine"]["beside"] = versions
            together.append(theirs)
        for what, row in zip(
            (SAME_GAME, JAXMARL), timed(together, arguments.repeats), strict=False
        ):
            record(what, row)
    for what, prepare in ROWS.items():
        if what != SAME_GAME:
            record(what, timed([prepare()], arguments.repeats)[0])
    results["targets"] = targets({r["what"]: r["env_steps_per_second"] for r in results["rows"]})
    for target in results["targets"]:
        print(
            f"{target['what']:56} {target['target']:>12} {target['measured']:>14,}", target["holds"]
        )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
