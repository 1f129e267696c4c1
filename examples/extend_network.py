"""A network of your own: saved, loaded and played by name.

pip install . && python examples/extend_network.py
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents import (
    Agent,
    DenseGRU,
    Learner,
    Network,
    Trainer,
    Training,
    load_agent,
    mean_rewards,
    register_network,
    save_agent,
)
from loqa_envs import IPD


@dataclass(frozen=True)
class Leaky(Network):
    """Units that forget: each keeps ``keep`` of what it was and takes in what is seen now."""

    width: int = 8
    keep: float = 0.5

    def init(self, key, inputs, num_outputs):
        first, last = jax.random.split(key)
        return {
            "first": jax.random.normal(first, (inputs.vector_size, self.width), jnp.float32),
            "last": jax.random.normal(last, (self.width, num_outputs), jnp.float32) * 0.1,
        }

    def initial_carry(self):
        return np.zeros(self.width, np.float32)

    def apply(self, params, inputs, carry, observation, num_outputs, clock=None):
        new = inputs.vector(observation, clock) @ params["first"]
        carry = self.keep * carry + (1 - self.keep) * jnp.tanh(new)
        return carry @ params["last"], carry


register_network("leaky", Leaky)  # files name it; whoever loads them must have imported this
game = IPD(episode_length=10)
learner = Learner(algorithm="naive", actor=Leaky(keep=0.25), critic=DenseGRU(hidden=(16,)))
trainer = Trainer(game, learner, Training(episodes=32), seeds=(0,))
state, _ = trainer.advance(trainer.init(), 0, 60)
learned = jax.tree.map(lambda leaf: np.asarray(leaf[0]), state.learners[0].params)

with TemporaryDirectory() as folder:
    save_agent(Path(folder) / "agent.safetensors", Agent(game, learner, learned, seed=0))
    agent = load_agent(Path(folder) / "agent.safetensors")

print("loaded:", agent.learner.actor)
rewards = mean_rewards(jax.random.key(0), game, (agent, agent), ((), ()), 256)
print(f"naive learners earn {rewards.mean():.2f} per step; both would cooperate for -1")
