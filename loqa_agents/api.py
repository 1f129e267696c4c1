"""The public names of `loqa_agents`."""

from loqa_agents.algorithms.algorithm import (
    ActorCritic,
    Algorithm,
    Context,
    register_algorithm,
)
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.losses import Batch, LearnerState
from loqa_agents.algorithms.registry import ALGORITHMS
from loqa_agents.algorithms.separately import Separately
from loqa_agents.algorithms.view import EpisodeView
from loqa_agents.algorithms.weights.loqa import Shaping
from loqa_agents.common.rollout import Trajectory, play_episode
from loqa_agents.networks.cnn import CNN
from loqa_agents.networks.critic import Critic
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.inputs import Inputs
from loqa_agents.networks.network import Network, register_network
from loqa_agents.networks.policy import NetworkPolicy
from loqa_agents.players import published
from loqa_agents.players.agent import Agent, load_agent, save_agent
from loqa_agents.players.published import PublishedAgent
from loqa_agents.runs.loggers import Logger, Record
from loqa_agents.runs.loop import run
from loqa_agents.runs.results import evaluate_agents
from loqa_agents.training.evaluation import Evaluator
from loqa_agents.training.host.episodes import EnvironmentFailed, HostEpisodes
from loqa_agents.training.host.trainer import HostTrainer
from loqa_agents.training.means import mean_rewards
from loqa_agents.training.presets import PRESETS, Preset
from loqa_agents.training.trainer import Trainer
from loqa_agents.training.updates import Training, TrainState

__all__ = [
    "ALGORITHMS",
    "ActorCritic",
    "Agent",
    "Algorithm",
    "Batch",
    "CNN",
    "Context",
    "Critic",
    "DenseGRU",
    "EnvironmentFailed",
    "EpisodeView",
    "Evaluator",
    "HostEpisodes",
    "HostTrainer",
    "Inputs",
    "Learner",
    "LearnerState",
    "Logger",
    "Network",
    "NetworkPolicy",
    "PRESETS",
    "Preset",
    "PublishedAgent",
    "Record",
    "Separately",
    "Shaping",
    "TrainState",
    "Trainer",
    "Training",
    "Trajectory",
    "evaluate_agents",
    "load_agent",
    "mean_rewards",
    "play_episode",
    "published",
    "register_algorithm",
    "register_network",
    "run",
    "save_agent",
]
