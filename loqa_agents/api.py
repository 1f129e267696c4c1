"""The public names of `loqa_agents`."""

from loqa_agents import published
from loqa_agents.agent import Agent, load_agent, save_agent
from loqa_agents.algorithms import ALGORITHMS
from loqa_agents.evaluation import Evaluator, mean_rewards
from loqa_agents.inputs import Inputs
from loqa_agents.learner import Learner
from loqa_agents.lesson import Brain, LearnerState, Lesson
from loqa_agents.loop import run
from loqa_agents.loqa import Shaping
from loqa_agents.networks import Critic, Network, NetworkPolicy, register_network
from loqa_agents.presets import PRESETS, Preset
from loqa_agents.published import PublishedAgent
from loqa_agents.results import evaluate_agents
from loqa_agents.rollout import Trajectory, play_episode
from loqa_agents.train import Trainer
from loqa_agents.updates import Training, TrainState

__all__ = [
    "ALGORITHMS",
    "Agent",
    "Brain",
    "Critic",
    "Evaluator",
    "Inputs",
    "Learner",
    "LearnerState",
    "Lesson",
    "Network",
    "NetworkPolicy",
    "PRESETS",
    "Preset",
    "PublishedAgent",
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
    "register_network",
    "run",
    "save_agent",
]
