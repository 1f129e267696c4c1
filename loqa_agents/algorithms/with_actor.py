"""Algorithms whose player is one network."""

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.network import Network
from loqa_agents.networks.policy import NetworkPolicy
from loqa_envs.game import Game


class WithActor(Algorithm):
    """An algorithm that has its player's network as a setting, called ``actor``."""

    actor: Network

    def policy(self, game: Game) -> NetworkPolicy:
        return NetworkPolicy(self.actor, Inputs.of(game), game.num_actions)
