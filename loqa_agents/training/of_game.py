"""Training and evaluation of any game: under JAX, or step by step where it is not array code."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import jax

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.training.evaluation import Evaluator
from loqa_agents.training.host.episodes import HostEpisodes
from loqa_agents.training.host.evaluation import HostEvaluator
from loqa_agents.training.host.trainer import HostTrainer
from loqa_agents.training.trainer import Trainer
from loqa_agents.training.updates import Training
from loqa_envs.game import Game, Policy
from loqa_envs.memory import require_memory

AnyTrainer: TypeAlias = Trainer | HostTrainer


def trainer_of(
    game: Game,
    learner: Algorithm,
    training: Training,
    seeds: Sequence[int],
    devices: list[jax.Device],
    workers: int,
) -> AnyTrainer:
    """What trains in that game, with so many ``workers`` if it is an environment of others."""
    if game.under_jax:
        return Trainer(game, learner, training, seeds, devices)
    environment: Any = game
    return HostTrainer(environment, learner, training, seeds, workers, devices)


def evaluator_of(game: Game, policy: Policy) -> Evaluator:
    """What plays actors of that policy in that game."""
    if game.under_jax:
        return Evaluator(game, policy)
    environment: Any = game
    return HostEvaluator(HostEpisodes(environment), policy)


def require_memory_of(trainer: AnyTrainer, evaluator: Evaluator, devices: list[jax.Device]) -> None:
    """Raise ``ValueError`` unless training and its evaluations are likely to fit in memory."""
    settings, number, length = trainer.training, len(trainer.seeds), trainer.game.episode_length
    learner = trainer.learners[0]
    given: dict[str, Any] = {"episode_length": length, "actor": getattr(learner, "actor", learner)}
    actors = learner.params(trainer.shapes().learners[0]).actor
    require_memory("evaluation", evaluator.bytes_needed(actors), given | {"seeds": number}, devices)
    given |= {"critic": getattr(learner, "critic", None), "episodes": settings.episodes}
    given |= {"pool": settings.pool, "seeds": number}
    require_memory("training", trainer.bytes_needed(), given, devices)
