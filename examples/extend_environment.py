"""Somebody's PettingZoo environment: dict observations, and agents that leave early.

pip install . && python examples/extend_environment.py

Three herders graze a common, in plain NumPy. Per step each is calm (0) or grazes greedily (1) and
eats that much more. Whoever has eaten 8 leaves: its episode terminates. Whoever is still there
after 12 steps is cut off. Grass is finite: three greedy herders leave less to each. Nothing of the
environment was written for loqa.
"""

import jax
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete
from pettingzoo import ParallelEnv

from loqa_agents import DenseGRU, HostTrainer, Learner, Training
from loqa_envs import make_player


class Common(ParallelEnv):
    metadata = {"name": "common"}  # noqa: RUF012

    def __init__(self):
        self.possible_agents = ["ann", "bob", "cyd"]
        self.max_cycles = 12

    def observation_space(self, agent):
        return Dict({"grass": Box(0, 1, (1,)), "eaten": Box(0, 12, (1,)), "present": Discrete(4)})

    def action_space(self, agent):
        return Discrete(2)

    def reset(self, seed=None, options=None):
        self.agents, self.steps = self.possible_agents[:], 0
        self.grass = np.random.default_rng(seed).uniform(15, 25)
        self.eaten = dict.fromkeys(self.agents, 0.0)
        return self.seen(self.agents), {agent: {} for agent in self.agents}

    def seen(self, agents):
        grass, present = np.array([self.grass / 25], np.float32), len(self.agents)
        return {
            agent: {"grass": grass, "eaten": np.float32([self.eaten[agent]]), "present": present}
            for agent in agents
        }

    def step(self, actions):
        acted, wanted = list(actions), {agent: 0.5 + 1.5 * a for agent, a in actions.items()}
        share = min(1.0, self.grass / sum(wanted.values()))
        rewards = {agent: share * wish for agent, wish in wanted.items()}
        self.grass -= sum(rewards.values())
        self.steps += 1
        for agent in acted:
            self.eaten[agent] += rewards[agent]
        full = {agent: self.eaten[agent] >= 8 for agent in acted}
        late = dict.fromkeys(acted, self.steps == self.max_cycles)
        self.agents = [agent for agent in acted if not full[agent] and not late[agent]]
        return self.seen(acted), rewards, full, late, {agent: {} for agent in acted}


if __name__ == "__main__":
    learner = Learner(algorithm="naive", actor=DenseGRU(hidden=(16,)), critic_learning_rate=0.03)
    trainer = HostTrainer(Common, learner, Training(episodes=32), seeds=(0,))
    state, _ = trainer.advance(trainer.init(), 0, 25)
    actor = jax.tree.map(lambda leaf: leaf[0], learner.params(state.learners[0]).actor)

    seats = range(3)
    trained = [learner.policy(trainer.game).in_seat(seat) for seat in seats]
    random = [make_player("random", trainer.game, seat) for seat in seats]
    # One trained herder among two random ones, against three random ones.
    for name, first in (("trained", (trained[0], actor)), ("random", (random[0], ()))):
        players, params = [first[0], *random[1:]], [first[1], (), ()]
        played = trainer.episodes.play(jax.random.key(1), players, params, episodes=256)
        print(f"{name} ann among random others: return {played.rewards[..., 0].sum(1).mean():.2f}")
    trainer.close()
