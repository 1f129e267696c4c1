"""Does `IPPO` learn what stable-baselines3's PPO learns, in as many steps?

    pip install ".[ecosystem]" && python benchmarks/ppo.py [ROW ...]

Each row is a game against an opponent that does not learn: a best response is to be found. Both
learners have the same settings, the same networks but for their initial weights, and the same
number of environment steps, for seeds 42 to 51. Rewards are means per step over 256 fresh
episodes, actions drawn from the policy. Every seed is written to ``benchmarks/results/ppo.json``,
and a run that was ended goes on there; means are printed with 95 % intervals (Student's t over
seeds). Some minutes on one core.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from machine import describe
from stable_baselines3 import PPO

from loqa_agents import Trainer, Training, mean_rewards
from loqa_agents.algorithms.ppo.ippo import IPPO
from loqa_agents.league.intervals import over_seeds
from loqa_envs import Game, Policy, Rules, keys, make_game, make_player
from loqa_envs.adapters.stable_baselines3 import SharedVecEnv

RESULTS = Path(__file__).parent / "results" / "ppo.json"
SEEDS = range(42, 52)
EPISODES = 32
"""Episodes per update, of 50 steps."""
SETTINGS = IPPO(discount=0.96, learning_rate=2.5e-3)
ROWS = {
    "ipd against tit_for_tat": ("ipd", "tit_for_tat", 12),
    "ipd against always_cooperate": ("ipd", "always_cooperate", 12),
    "coin_game against always_cooperate": ("coin_game", "always_cooperate", 40),
    "coin_game against always_defect": ("coin_game", "always_defect", 40),
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

    @property
    def noise_size(self) -> int:
        return int(self.game.noise_size + self.opponent.noise_size)

    @property
    def reset_noise_size(self) -> int:
        return int(self.game.reset_noise_size)

    def initial_state(self, noise: Any) -> Any:
        return self.game.initial_state(noise), self.opponent.initial_carry()

    def transition(self, state: Any, actions: Any, noise: Any) -> Any:
        (inner, carry), size = state, self.game.noise_size
        seen = self.game.observe(inner)[1]
        theirs, carry = self.opponent.choose(carry, seen, noise[size:])
        joint = jnp.stack([actions[0], theirs]).astype(jnp.int32)
        inner, rewards, _ = self.game.transition(inner, joint, noise[:size])
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


def theirs(game: Game, opponent: Policy, updates: int, seed: int) -> float:
    """The same of one seed of stable-baselines3, whose loss of values has no factor of a half."""
    torch.set_num_threads(1)
    table, length = Against(game, opponent), game.episode_length
    model = PPO(
        "MlpPolicy", SharedVecEnv(table, num_games=EPISODES), seed=seed, device="cpu",
        n_steps=length, batch_size=EPISODES * length // SETTINGS.minibatches,
        n_epochs=SETTINGS.epochs, gamma=SETTINGS.discount, gae_lambda=SETTINGS.gae_decay,
        clip_range=SETTINGS.clip, clip_range_vf=SETTINGS.clip, ent_coef=SETTINGS.entropy,
        vf_coef=SETTINGS.value_weight / 2, max_grad_norm=SETTINGS.gradient_norm,
        learning_rate=SETTINGS.learning_rate,
        policy_kwargs={"net_arch": [64, 64], "activation_fn": torch.nn.ReLU, "ortho_init": False},
    )  # fmt: skip
    model.learn(EPISODES * length * updates)
    test = SharedVecEnv(table, num_games=256)
    test.seed(seed + 1000)
    seen, rewards = test.reset(), []
    for _ in range(length):
        seen, paid, _, _ = test.step(model.predict(seen)[0])
        rewards.append(paid.mean())
    return float(np.mean(rewards))


def main() -> None:
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"rows": {}}
    for row in sys.argv[1:] or ROWS:
        name, opponent, updates = ROWS[row]
        game = make_game(name)
        player = make_player(opponent, game, 1)
        steps = updates * EPISODES * game.episode_length
        found = report["rows"].setdefault(row, {"steps": steps, "loqa": {}})
        if not found["loqa"]:
            rewards = ours(game, player, updates, SEEDS)
            found["loqa"] = dict(zip(map(str, SEEDS), rewards, strict=True))
        other = found.setdefault("stable_baselines3", {})
        for seed in (seed for seed in SEEDS if str(seed) not in other):
            other[str(seed)] = theirs(game, player, updates, seed)
            report["machine"] = describe()
            RESULTS.write_text(json.dumps(report, indent=1) + "\n")  # so that it can go on
        for who in ("loqa", "stable_baselines3"):
            mean = over_seeds(np.array(list(found[who].values())))
            print(f"{row:36s} {who:18s} {mean.mean:7.3f} [{mean.low:.3f}, {mean.high:.3f}]")


if __name__ == "__main__":
    main()
