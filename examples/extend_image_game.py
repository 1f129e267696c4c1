"""A game of your own whose players see images, and convolutional agents that learn it.

pip install . && python examples/extend_image_game.py
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import numpy as np

from loqa_agents import (
    CNN,
    Agent,
    DenseGRU,
    Learner,
    Trainer,
    Training,
    load_agent,
    mean_rewards,
    save_agent,
)
from loqa_envs import Leaf, ObservationSpec, Random, Rules, array_namespace, register_game

STEPS = np.array([(0, 0), (0, -1), (0, 1), (-1, 0), (1, 0)], np.int32)


@dataclass(frozen=True)
class Rendezvous(Rules):
    """Two players walk on a torus, and are paid 1 each in every step after which they meet."""

    size: int = 4

    name, num_players, num_actions, episode_length = "rendezvous", 2, len(STEPS), 8
    action_names = ("stay", "left", "right", "up", "down")
    reward_range, seats_alike, reset_noise_size = (0.0, 1.0), True, 4

    @property
    def observation_spec(self):  # bytes: a channel for oneself, and one for the other
        return ObservationSpec(Leaf((self.size, self.size, 2), "image"))

    def initial_state(self, noise):
        return (noise.reshape(2, 2) * self.size).astype(np.int32)  # each one's row and column

    def transition(self, state, actions, noise):
        state = (state + array_namespace(state).asarray(STEPS)[actions]) % self.size
        met = (state == state[::-1]).all(1).astype(np.float32)
        return state, met, {"met": met}

    def observe(self, state):
        xp = array_namespace(state)
        cells = state[:, :1] * self.size + state[:, 1:]
        planes = (cells == np.arange(self.size**2, dtype=np.int32)[None]) * np.uint8(255)
        return xp.stack([planes, planes[::-1]], -1).reshape(2, self.size, self.size, 2)

    def scripted_players(self, seat):
        return {"random": Random(len(STEPS))}

    def render(self, state):
        return f"players in {np.asarray(state).tolist()}"


register_game("rendezvous", Rendezvous)  # so that agents of it can be saved and loaded
game = Rendezvous()
actor = CNN(channels=(8,), hidden=(32,), circular=True)
learner = Learner(algorithm="naive", actor=actor, critic=DenseGRU(hidden=(32,)))
trainer = Trainer(game, learner, Training(episodes=32), seeds=(0,))
state, _ = trainer.advance(trainer.init(), 0, 40)
learned = jax.tree.map(lambda leaf: np.asarray(leaf[0]), state.learners[0].params)
with TemporaryDirectory() as folder:
    save_agent(Path(folder) / "agent.safetensors", Agent(game, learner, learned, seed=0))
    agent = load_agent(Path(folder) / "agent.safetensors")

for name, player in (("random players", Random(len(STEPS))), ("agents", agent)):
    met = mean_rewards(jax.random.key(1), game, (player, player), ((), ()), 256).mean()
    print(f"{name} meet in {100 * met:.0f} % of the steps")
seen = game.observe(np.zeros((2, 2), np.int32))[0]  # both on one cell
print("once they have met, an agent goes:", game.action_names[agent.player().act(seen)])
