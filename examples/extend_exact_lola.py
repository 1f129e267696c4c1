"""An algorithm of your own: exact LOLA, which looks ahead through a step that the other will learn.

pip install . && python examples/extend_exact_lola.py

Two players of the iterated prisoner's dilemma have five logits each, of cooperating after START,
CC, CD, DC and DD, so values V are exact and can be differentiated. A naive learner follows the
gradient of V(own, other). LOLA (Foerster et al., Learning with Opponent-Learning Awareness, AAMAS
2018) expects the other to take such a step first, and differentiates its own value through it:

    d/d own  V(own, other + eta * d/d other V(other, own))

With ``eta = 0`` it is naive and defects; else it comes to reciprocate, much as tit for tat does.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from loqa_agents import ActorCritic, Algorithm, Trainer, Training
from loqa_envs import IPD
from loqa_envs.matrix_games.solve import solve


@dataclass(frozen=True)
class FiveLogits:
    """The player; cooperation is action 0."""

    num_actions: int = 2

    def initial_carry(self):
        return ()

    def act(self, key, params, carry, observation):
        cooperates = jax.random.bernoulli(key, jax.nn.sigmoid(params @ observation))
        return jnp.where(cooperates, 0, 1).astype(np.int32), carry, {}


@dataclass(frozen=True)
class ExactLola(Algorithm):
    eta: float = 3.0
    learning_rate: float = 0.5
    discount: float = 0.96

    plays_episodes = False
    knows = frozenset({"parameters"})

    def init(self, key, game):
        return jax.random.normal(key, (5,), jnp.float32)

    def params(self, state):
        return ActorCritic(state)

    def policy(self, game):
        return FiveLogits()

    def update(self, key, game, state, views, context):
        other = context.others[0].actor

        def value(own, other):
            both = jax.nn.sigmoid(own), jax.nn.sigmoid(other)
            return solve(game, *both, self.discount).values[0, 0]

        def after_their_step(own):
            return value(own, other + self.eta * jax.grad(value)(other, own))

        gain, gradient = jax.value_and_grad(after_their_step)(state)
        return state + self.learning_rate * gradient, {"value": gain}


if __name__ == "__main__":
    print("after START, CC, CD, DC, DD ten seeds cooperate with median probability")
    for eta in (0.0, 3.0):
        trainer = Trainer(IPD(), ExactLola(eta=eta), Training(updates=200), seeds=range(10))
        state, _ = trainer.advance(trainer.init(), 0, 200)
        medians = jnp.median(jax.nn.sigmoid(state.learners[0]), axis=0)
        print(f"eta {eta:g}:", *(f"{median:5.2f}" for median in medians))
