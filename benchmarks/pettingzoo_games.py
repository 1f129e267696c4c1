"""Is a game of PettingZoo's own learned, with its agents as they come?

    python benchmarks/pettingzoo_games.py

Three agents of ``mpe2.simple_spread_v3`` share three landmarks, 25 steps long; policy gradient
without shaping, with shared parameters, seeds 42 to 51. After training, each seed's agents play 128
episodes, and so do random ones with the same seeds of the environment. Seeds that
``benchmarks/results/pettingzoo_games.json`` has already are not trained again; ``--again`` begins
anew. Needs ``pip install mpe2``.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from machine import describe
from targets import at_least, at_most, print_rows

from loqa_agents import DenseGRU, HostTrainer, Learner, Training
from loqa_agents.league.intervals import over_seeds
from loqa_envs import environment, make_player
from loqa_envs.keys import key

RESULTS = Path(__file__).parent / "results" / "pettingzoo_games.json"
SEEDS = tuple(range(42, 52))
UPDATES, EPISODES, MEASURED = 50, 16, 128
NETWORK = DenseGRU(hidden=(64,))
LEARNER = Learner(
    algorithm="naive", actor=NETWORK, critic=NETWORK, discount=0.95, exploration=0.0, entropy=0.01,
    actor_learning_rate=5e-3, critic_learning_rate=5e-3, actor_steps=8, critic_steps=8,
)  # fmt: skip


def spread() -> Any:
    from mpe2 import simple_spread_v3

    return simple_spread_v3.parallel_env(max_cycles=25)


def of_seed(trainer: HostTrainer, number: int) -> dict[str, float]:
    """Mean return of an agent in an episode, after training and of random agents."""
    start = time.perf_counter(), time.process_time()
    seed, game = trainer.seeds[number], trainer.game
    state: Any = jax.tree.map(lambda leaf: leaf[number], trainer.init())
    for update in range(UPDATES):
        state, _ = trainer.update(jax.random.fold_in(key(seed), update), update, state)
    seats = range(game.num_players)
    trained = [LEARNER.policy(game).in_seat(seat) for seat in seats]
    untrained = [make_player("random", game, seat) for seat in seats]
    actor = state.learners[0].params.actor
    returns = [
        trainer.episodes.play(key(seed), policies, [params] * len(seats), MEASURED).rewards.sum(1)
        for policies, params in ((trained, actor), (untrained, ()))
    ]
    return {
        "learned": float(returns[0].mean()), "random": float(returns[1].mean()),
        "wall_seconds": round(time.perf_counter() - start[0], 1),
        "cpu_seconds": round(time.process_time() - start[1], 1),
    }  # fmt: skip


def report(seeds: dict[str, dict[str, float]]) -> dict[str, Any]:
    """All that is known so far, with intervals over seeds."""
    columns = {
        name: np.array([row[name] for row in seeds.values()]) for name in ("learned", "random")
    }
    columns["learned over random"] = columns["learned"] - columns["random"]
    returns = {name: over_seeds(column) for name, column in columns.items()}
    seconds = sum(row["cpu_seconds"] for row in seeds.values())
    rows = [
        at_least("seeds", len(seeds), 10, 10),
        at_least(
            "return over random, lower end of its interval",
            float(returns["learned over random"].low), 0.0, 3.0,
        ),
        at_most("seconds of processor for these seeds", seconds, 300, 150, 0),
    ]  # fmt: skip
    return {
        "machine": describe(),
        "updates": UPDATES,
        "episodes": EPISODES,
        "seeds": seeds,
        "returns": {
            name: {"mean": float(e.mean), "low": float(e.low), "high": float(e.high)}
            for name, e in returns.items()
        },
        "targets": rows,
    }


def main() -> None:
    kept = RESULTS.exists() and "--again" not in sys.argv
    seeds: dict[str, dict[str, float]] = json.loads(RESULTS.read_text())["seeds"] if kept else {}
    game = environment(spread, seats_alike=True)
    trainer = HostTrainer(game, LEARNER, Training(episodes=EPISODES), SEEDS)
    for number, seed in enumerate(map(str, SEEDS)):
        if seed not in seeds:
            seeds[seed] = of_seed(trainer, number)
            print(seed, seeds[seed], flush=True)
        found = report(seeds)
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    trainer.close()
    print(found["returns"])
    print_rows(found["targets"])


if __name__ == "__main__":
    main()
