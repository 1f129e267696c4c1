"""Does `IPPO` learn what stable-baselines3's PPO learns, in as many steps?

    pip install ".[ecosystem]" && python benchmarks/ppo.py [ROW ...]

Each row is a game against an opponent that does not learn: a best response is to be found. Both
learners have the same settings, the same networks but for their initial weights, and the same
number of environment steps, which are seeds 42 to 51 each. Rewards are means per step over 256
fresh episodes, actions drawn from the policy. Writes every seed to ``benchmarks/results/ppo.json``
and prints means with 95 % intervals (Student's t over seeds). Some ten minutes on one core.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from gymnasium import Env
from machine import describe
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from loqa_agents import Trainer, Training, mean_rewards
from loqa_agents.algorithms.ppo.ippo import IPPO
from loqa_agents.league.intervals import over_seeds
from loqa_envs import Game, Policy, Rules, keys, make_game, make_player
from loqa_envs.adapters.gymnasium import GameEnv

RESULTS = Path(__file__).parent / "results" / "ppo.json"
SEEDS = range(42, 52)
EPISODES = 32
"""Episodes per update, of 50 steps."""
SETTINGS = IPPO(discount=0.96, learning_rate=2.5e-3)
ROWS = {
    "ipd against tit_for_tat": ("ipd", "tit_for_tat", 20),
    "ipd against always_cooperate": ("ipd", "always_cooperate", 20),
    "coin_game against always_cooperate": ("coin_game", "always_cooperate", 60),
    "coin_game against always_defect": ("coin_game", "always_defect", 60),
}
"""Game, opponent, and updates."""


@dataclass(frozen=True)
class Against(Rules):
    """The first seat of a game, whose second one belongs to a player that does not learn."""

    game: Any
    opponent: Any

    num_players, seats_alike, name = 1, True, "against"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.game, name)

    @property
    def observation_spec(self) -> Any:
        return self.game.observation_spec

    def reset(self, key: jax.Array) -> Any:
        return self.game.reset(key), self.opponent.initial_carry()

    def step(self, key: jax.Array, state: Any, actions: Any) -> Any:
        (inner, carry), (key, own_key) = state, jax.random.split(key)
        seen = self.game.observe(inner)[1]
        theirs, carry, _ = self.opponent.act(own_key, (), carry, seen)
        inner, rewards, _ = self.game.step(key, inner, jnp.stack([actions[0], theirs]))
        return (inner, carry), rewards[:1], {}

    def observe(self, state: Any) -> Any:
        return self.game.observe(state[0])[:1]


def ours(game: Game, opponent: Policy, updates: int, seeds: Sequence[int]) -> list[float]:
    """Mean reward per step, of each seed."""
    table = Against(game, opponent)
    training = Training(episodes=EPISODES, updates=updates)
    trainer = Trainer(table, SETTINGS, training, seeds)
    state, _ = trainer.advance(trainer.init(), 0, updates)
    policy, actors = SETTINGS.policy(table), SETTINGS.params(state.learners[0]).actor
    play = jax.jit(jax.vmap(lambda key, actor: mean_rewards(key, table, [policy], [actor], 256)[0]))
    return [float(x) for x in play(jax.random.split(keys.key(1), len(seeds)), actors)]


def theirs(game: Game, opponent: Policy, updates: int, seeds: Sequence[int]) -> list[float]:
    """The same with stable-baselines3, whose loss of values has no factor of a half."""
    torch.set_num_threads(1)
    make = partial(GameEnv, game, opponent)
    found = []
    for seed in seeds:
        batch, length = EPISODES * game.episode_length, game.episode_length
        model = PPO(
            "MlpPolicy", DummyVecEnv([make] * EPISODES), seed=seed, device="cpu",
            n_steps=length, batch_size=batch // SETTINGS.minibatches, n_epochs=SETTINGS.epochs,
            gamma=SETTINGS.discount, gae_lambda=SETTINGS.gae_decay, clip_range=SETTINGS.clip,
            clip_range_vf=SETTINGS.clip, ent_coef=SETTINGS.entropy,
            vf_coef=SETTINGS.value_weight / 2, max_grad_norm=SETTINGS.gradient_norm,
            learning_rate=SETTINGS.learning_rate,
            policy_kwargs={
                "net_arch": [64, 64], "activation_fn": torch.nn.ReLU, "ortho_init": False,
            },
        )  # fmt: skip
        model.learn(batch * updates)
        found.append(_played(model, make, length))
    return found


def _played(model: PPO, make: Any, length: int) -> float:
    envs: list[Env[Any, Any]] = [make() for _ in range(256)]
    seen, rewards = [env.reset(seed=i)[0] for i, env in enumerate(envs)], []
    for _ in range(length):
        actions, _ = model.predict(np.stack(seen))
        moved = [env.step(int(action)) for env, action in zip(envs, actions, strict=True)]
        seen = [each[0] for each in moved]
        rewards.append(np.mean([each[1] for each in moved]))
    return float(np.mean(rewards))


def main() -> None:
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"rows": {}}
    for row in sys.argv[1:] or ROWS:
        name, opponent, updates = ROWS[row]
        game = make_game(name)
        found: dict[str, Any] = {"steps": updates * EPISODES * game.episode_length}
        for who, learn in (("loqa", ours), ("stable_baselines3", theirs)):
            began = time.perf_counter()
            rewards = learn(game, make_player(opponent, game, 1), updates, SEEDS)
            mean = over_seeds(np.array(rewards))
            found[who] = {
                "seeds": dict(zip(map(str, SEEDS), rewards, strict=True)),
                "mean": float(mean.mean), "interval": [float(mean.low), float(mean.high)],
                "seconds": round(time.perf_counter() - began, 1),
            }  # fmt: skip
            print(f"{row:36s} {who:18s} {mean.mean:7.3f} [{mean.low:.3f}, {mean.high:.3f}]")
        report["rows"][row] = found
        report["machine"] = describe()
        RESULTS.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
