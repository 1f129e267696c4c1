"""A game of any number of players whose rewards are known in closed form."""

from dataclasses import dataclass

import numpy as np

from loqa_envs import Rules, ScriptedPolicy
from loqa_envs.arrays import array_namespace
from loqa_envs.validation import Count


@dataclass(frozen=True)
class Always(ScriptedPolicy):
    action: int = 0

    def choose(self, carry, observation, noise):
        return array_namespace(observation).asarray(self.action, np.int32), carry


@dataclass(frozen=True)
class PublicGood(Rules):
    """Giving (0) costs 1, and pays half to each player, the giver among them; keeping (1) is free.

    With ``wages``, each seat is paid its number besides. All see a one, and how many gave before.
    """

    num_players: Count = 3
    wages: bool = False
    episode_length: Count = 4
    name = "public_good"
    num_actions = 2
    action_names = ("give", "keep")
    observation_shape = (2,)
    reward_range = (-1.0, 5.0)

    @property
    def seats_alike(self):
        return not self.wages

    @property
    def observation_high(self):
        return np.float32(self.num_players)

    def scripted_players(self, seat):
        return {"always_cooperate": Always(action=0), "always_defect": Always(action=1)}

    def initial_state(self, noise):
        return array_namespace(noise).zeros(1, np.float32)

    def transition(self, state, actions, noise):
        given = (actions == 0).astype(np.float32)
        wages = np.arange(self.num_players, dtype=np.float32) * self.wages
        return given.sum(keepdims=True), given.sum() / 2 - given + wages, {"gave": given}

    def observe(self, state):
        xp = array_namespace(state)
        row = xp.concatenate([xp.ones(1, np.float32), state])
        return xp.broadcast_to(row, (self.num_players, 2))

    def render(self, state):
        return str(state)


GAME, PAID = PublicGood(), PublicGood(wages=True)


def pays(action: int, givers: int) -> float:
    """What who does ``action`` gets where so many give, itself included."""
    return givers / 2 - (action == 0)
