"""A game of your own: three players, a common pot, and all three learn.

pip install . && python examples/extend_public_goods.py

Everyone has a coin per step and may put it into a pot, which grows by half and is shared equally.
A coin that is given brings everyone 1.5 / 3 = 0.5, its owner too, so giving costs 0.5 whatever the
others do: in the one equilibrium of a step nobody gives, and all get 0. If all gave, each would get
0.5. Naive policy gradients find the equilibrium. The game is one class; `check_game` checks it, and
`Trainer` trains all three players. (`loqa_envs.PublicGoods` is such a game with more settings.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import jax
import numpy as np
from annotated_types import Interval

from loqa_agents import Learner, Trainer, Training, play_episode
from loqa_envs import Array, Policy, Random, Rules, ScriptedPolicy, array_namespace, register_game
from loqa_envs.testing import check_game


@dataclass(frozen=True)
class Always(ScriptedPolicy):
    action: int = 0

    def choose(self, carry, observation, noise):
        return np.int32(self.action), carry


@dataclass(frozen=True)
class CommonPot(Rules):
    """Actions: 0 give, 1 keep. Reward: what the pot returns, less what was given.

    State: ``float32[3]``, 1 for who gave in the last step.
    Observation: ``float32[3]``: 1, whether I gave in the last step, which share of the others did.
    """

    growth: Annotated[float, Interval(ge=1, le=3)] = 1.5
    episode_length: int = 10

    name = "common_pot"
    num_players, num_actions, action_names = 3, 2, ("give", "keep")
    observation_shape, seats_alike = (3,), True

    @property
    def reward_range(self) -> tuple[float, float]:
        return self.growth / 3 - 1, 2 * self.growth / 3

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        return {"always_cooperate": Always(), "always_defect": Always(action=1), "random": Random()}

    def initial_state(self, noise: Array) -> Array:
        return array_namespace(noise).zeros(3, np.float32)

    def transition(self, state: Array, actions: Array, noise: Array):
        gave = (actions == 0).astype(np.float32)
        return gave, np.float32(self.growth / 3) * gave.sum() - gave, {"gave": gave}

    def observe(self, state: Array) -> Array:
        others = (state.sum() - state) / np.float32(2)
        return array_namespace(state).stack([state * 0 + 1, state, others], axis=1)

    def render(self, state: Array) -> str:
        return f"gave in the last step: {state.tolist()}"


register_game("common_pot", CommonPot)

if __name__ == "__main__":
    game, learner = CommonPot(), Learner(algorithm="naive", actor_learning_rate=0.03)
    check_game(game)
    trainer = Trainer(game, learner, Training(episodes=64, updates=100), seeds=(0,))
    state, _ = trainer.advance(trainer.init(), 0, 100)
    actor = jax.tree.map(lambda leaf: leaf[0], learner.params(state.learners[0]).actor)
    episode = play_episode(jax.random.key(1), game, 3 * [learner.policy(game)], 3 * [actor])
    print(f"share of coins that are given: {episode.info['gave'].mean():.2f}")
