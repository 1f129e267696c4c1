"""Does LOQA need to read its opponent's critic, or can it learn the opponent's values itself?

    python benchmarks/opponent_values.py

The iterated prisoner's dilemma, default settings, seeds 42 to 51, with ``opponent_values`` shared
and learned: in self-play, against a separate naive learner, and against each of four scripted
players (in seven of eight columns of a pool; with shared values these cannot be shaped). Every seed
is written to ``benchmarks/results/opponent_values.json``. Takes a few minutes.
"""

import json
from pathlib import Path
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from machine import describe

from loqa_agents import Learner, Trainer, Training, mean_rewards
from loqa_envs import IPD, SITUATIONS, Policy, keys, make_player

RESULTS = Path(__file__).parent / "results" / "opponent_values.json"
SEEDS = tuple(range(42, 52))
EPISODES = 1024
SCRIPTED = ("always_cooperate", "always_defect", "tit_for_tat", "grim")
LINEUPS = {
    "self-play": Training(),
    "naive learner": Training(rival="naive"),
    **{name: Training(pool=1, scripted=(name,) * 7) for name in SCRIPTED},
}


def measure(learner: Learner, lineup: str) -> dict[str, Any]:
    """Mean reward per step of each seed and of whom it met in training, and what it does."""
    game, training = IPD(), LINEUPS[lineup]
    trainer = Trainer(game, learner, training, SEEDS)
    state, _ = trainer.advance(trainer.init(), 0, training.updates)
    policy = learner.policy(game)
    actors = [each.params.actor for each in jax.device_get(state.learners)]
    scripted = lineup in SCRIPTED
    other: Policy = make_player(lineup, game, 1) if scripted else policy

    def play(actor: Any, other_actor: Any) -> jax.Array:
        key, players = keys.key(0), (policy, other)
        return mean_rewards(key, game, players, (actor, other_actor), EPISODES)

    others = () if scripted else actors[-1]
    rewards = jax.vmap(play, (0, None if scripted else 0))(actors[0], others)
    # Without memory, an actor's answer to each situation does not depend on those before it.
    said = jax.vmap(policy.log_probabilities, (0, None))(actors[0], jnp.eye(5, dtype=jnp.float32))
    rates = np.exp(said[..., 0])
    return {
        "agent": _rounded(rewards[:, 0]),
        "other": _rounded(rewards[:, 1]),
        "cooperation": {name: _rounded(rates[:, s]) for s, name in enumerate(SITUATIONS)},
    }


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def reciprocates(found: dict[str, Any]) -> int:
    """Of how many seeds the targets of ``benchmarks/ipd.py`` hold."""
    rates = {name: np.array(found["cooperation"][name]) for name in SITUATIONS}
    kind = (rates["START"] >= 0.9) & (rates["CC"] >= 0.95)
    firm = (rates["CD"] <= 0.3) & (rates["DD"] <= 0.15)
    return int((kind & firm).sum())


def main() -> None:
    runs: dict[str, dict[str, Any]] = {}
    values: Literal["shared", "learned"]
    for values in ("shared", "learned"):
        learner = Learner(opponent_values=values)
        for lineup in LINEUPS:
            found = measure(learner, lineup)
            runs.setdefault(lineup, {})[values] = found | {"reciprocators": reciprocates(found)}
            means = (np.mean(found[who]) for who in ("agent", "other"))
            print(f"{values:8s} {lineup:18s}", *(f"{mean:7.3f}" for mean in means), flush=True)
    kept = runs["self-play"]["learned"]["reciprocators"]
    target = {
        "what": "self-play with learned values: seeds of 10 that reciprocate",
        "target": "≥ 8", "measured": kept, "holds": kept >= 8,
    }  # fmt: skip
    report = {"machine": describe(), "seeds": SEEDS, "runs": runs, "targets": [target]}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
