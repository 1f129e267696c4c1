"""A meta-game: each step is a prisoner's dilemma against a naive learner, which is the state.

pip install . && python examples/extend_meta_game.py

The player picks memory-one strategies, the learner follows its exact gradient (Lu et al., 2022).
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents import Learner, Trainer, Training, play_episode
from loqa_envs import Array, Policy, Rules, ScriptedPolicy
from loqa_envs.testing import check_game

STRATEGIES = {  # probabilities of cooperating after START, CC, CD, DC, DD, own last move first
    "always_defect": (0, 0, 0, 0, 0),
    "tit_for_tat": (1, 1, 0, 1, 0),
    "extortion": (0, 7 / 8, 1 / 4, 5 / 8, 0),
}
PAYOFFS, DISCOUNT, RATE = np.array([[-1, -3, 0, -2], [-1, 0, -3, -2]], np.float32), 0.96, 20.0


def values(logits: Array, other: Array) -> Array:
    """Discounted mean rewards ``[2]`` of a learner ``logits[5]`` and of a strategy ``other[5]``."""
    own, other = jax.nn.sigmoid(logits), other[np.array([0, 1, 3, 2, 4])]  # in the learner's view
    moves = jnp.stack([own * other, own * (1 - other), (1 - own) * other, (1 - own) * (1 - other)])
    visits, chain = moves[:, 0], DISCOUNT * moves[:, 1:].T  # from each of CC, CD, DC, DD to each
    for _ in range(10):  # adds up the visits of 1,024 steps, of twice as many each time
        visits, chain = visits + visits @ chain, chain @ chain
    return (1 - DISCOUNT) * visits @ PAYOFFS.T


@dataclass(frozen=True)
class Always(ScriptedPolicy):
    action: int = 0
    num_actions = len(STRATEGIES)

    def choose(self, carry: Array, observation: Array, noise: Array):
        return np.int32(self.action), carry


@dataclass(frozen=True)
class MetaGame(Rules):
    """Observation: 1, and how probably the learner cooperates after START, CC, CD, DC, DD."""

    episode_length: int = 30
    name, needs_jax, num_players, seats_alike = "meta_game", True, 1, True  # gradients need JAX
    num_actions, action_names = len(STRATEGIES), tuple(STRATEGIES)
    observation_shape, reward_range = (6,), (-3.001, 0.001)

    def scripted_players(self, seat: int) -> dict[str, Policy]:
        return {name: Always(action=action) for action, name in enumerate(STRATEGIES)}

    def initial_state(self, noise: Array) -> Array:
        return jnp.zeros(5, jnp.float32)  # the learner's logits

    def transition(self, state: Array, actions: Array, noise: Array):
        other = jnp.array(list(STRATEGIES.values()), jnp.float32)[actions[0]]
        gradient, both = jax.jacrev(values)(state, other)[0], values(state, other)
        return state + RATE * gradient, both[1:], {"learner": both[:1]}

    def observe(self, state: Array) -> Array:
        return jnp.append(jnp.float32(1), jax.nn.sigmoid(state))[None]

    def render(self, state: Array) -> str:
        return f"the learner cooperates with {jax.nn.sigmoid(state)}"


if __name__ == "__main__":
    check_game(game := MetaGame())
    learner = Learner(algorithm="naive", actor_learning_rate=0.1)
    trainer = Trainer(game, learner, Training(episodes=32, updates=100), seeds=(0,))
    state, _ = trainer.advance(trainer.init(), 0, 100)
    actor = jax.tree.map(lambda leaf: leaf[0], learner.params(state.learners[0]).actor)
    for name, player in {**game.scripted_players(0), "trained": learner.policy(game)}.items():
        episode = play_episode(jax.random.key(1), game, [player], [actor])
        print(f"{name:17} gets {episode.rewards.mean():6.3f} per step")
