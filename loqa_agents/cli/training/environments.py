"""``loqa train module:make_env``: somebody's environment, found by the function that makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import tyro

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.separately import Separately
from loqa_agents.cli.training.train import L, Train, TrainNamed
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.players.python.foreign_code import Fault, called, imported
from loqa_agents.training.host.episodes import Workers
from loqa_agents.training.presets import Preset
from loqa_agents.training.updates import Training
from loqa_envs.adapters.host.environment import environment
from loqa_envs.catalogue import ENVIRONMENTS
from loqa_envs.game import EpisodeLength, Game
from loqa_envs.validation import Count

REGISTERED = "pettingzoo"
"""What stands before the id of an environment that PettingZoo knows."""
_DENSE = DenseGRU(hidden=(64,))
_LEARNER = Learner(
    actor=_DENSE,
    critic=_DENSE,
    finite_horizon=False,
    actor_learning_rate=3e-3,
    critic_learning_rate=3e-3,
    entropy=0.01,
)
_TRAINING = Training(episodes=32, updates=500, evaluate_every=50)


@dataclass(frozen=True)
class EnvironmentOptions:
    """How an environment is played; what makes it is no option."""

    word: tyro.conf.Suppress[str]
    episode_length: EpisodeLength | None = None
    """Steps after which an episode is cut off at the latest; by default what the environment says
    (max_cycles)."""
    seats_alike: bool = False
    """Take every seat for as good as any other; otherwise agents are told which one they sit in."""
    share_parameters: bool = False
    """One learner for all agents; by default for those whose spaces are alike."""
    separate: bool = False
    """A learner of its own for every agent."""
    workers: Workers = 0
    """Processes that share the copies of the environment; 0 steps them one after another."""


E = TypeVar("E", bound=EnvironmentOptions)


@dataclass(frozen=True)
class TrainEnvironment(Train[E, L]):
    devices: tyro.conf.Suppress[int | None] = 1
    final_episodes: Count = 128
    """Episodes of each pair in the last evaluation."""

    def make_game(self) -> Game:
        options = self.game
        make_env, length = function_of(options.word), options.episode_length
        return environment(make_env, length, options.seats_alike, name=options.word)

    def learner_in(self, game: Game) -> Algorithm:
        share, apart = self.game.share_parameters, self.game.separate
        if share and apart:
            raise ValueError("--share-parameters and --separate exclude each other.")
        if apart:
            return Separately(self.learner, tuple(range(game.num_players)))
        if share and len(set(game.groups)) > 1:  # type: ignore[attr-defined]
            return Separately(self.learner, (0,) * game.num_players)
        return self.learner

    @property
    def workers(self) -> int:
        return self.game.workers


@dataclass(frozen=True)
class TrainEnvironmentNamed(TrainEnvironment[E, L], TrainNamed[E, L]):
    """The same with an algorithm that is a class of its own."""


def environment_preset(word: str) -> Preset:
    """Where training in the environment that ``word`` names starts from."""
    options: Any = EnvironmentOptions(word)
    summary = "a PettingZoo ParallelEnv, with settings to start from"
    return Preset(options, _LEARNER, _TRAINING, summary, "42-44")


def make_known(name: str | None) -> None:
    """Let agents be read that play in an environment of that name, if it is one of others.

    Raises:
        ValueError: as `function_of`.
    """
    if name is not None and names_environment(name):
        ENVIRONMENTS[name] = partial(environment, function_of(name), name=name)


def names_environment(word: str) -> bool:
    """Whether a word has the form ``module:function`` or ``pettingzoo:ID``."""
    module, colon, function = word.partition(":")
    return bool(module and colon and function) and not word.startswith("-")


def function_of(word: str) -> Callable[[], Any]:
    """What makes the environment ``module:function``, or one that PettingZoo knows by its id.

    Raises:
        ValueError: if there is none.
    """
    module, _, name = word.partition(":")
    try:
        if module == REGISTERED:
            make = imported(f"{module}:make")
            called(make, "parallel", name).close()
            return partial(make, "parallel", name)
        make_env: Callable[[], Any] = imported(word)
    except Fault as fault:
        raise ValueError(
            "an environment must be module:function, where the function makes a PettingZoo "
            f"ParallelEnv, or {REGISTERED}:ID; {word} {fault}."
        ) from fault
    return make_env
