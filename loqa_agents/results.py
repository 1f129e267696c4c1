"""What the agents of a run are worth: the numbers of its evaluations and of ``results.json``."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from loqa_agents.agent import Agent
from loqa_agents.evaluation import BATCH, Evaluation, Evaluator, Versus
from loqa_agents.thresholds import EPISODES, own_colour, satisfied
from loqa_envs import keys
from loqa_envs.coin_game import CoinGame
from loqa_envs.game import Game
from loqa_envs.matrix_game import SITUATIONS, MatrixGame

_EVALUATION_KEY = 0x10CA


def evaluate_agents(
    agents: Sequence[Agent], episodes: int, evaluator: Evaluator | None = None
) -> dict[str, Any]:
    """The measured part of ``results.json``, for agents of one game and one network.

    Raises:
        ValueError: if the agents differ in game or network, so that they cannot be played together.
    """
    first = agents[0]
    for agent in agents[1:]:
        if (agent.game, agent.learner.actor) != (first.game, first.learner.actor):
            raise ValueError(
                "agents that are evaluated together must share game and network; got "
                f"{first.game!r} with {first.learner.actor!r} (seed {first.seed}) and "
                f"{agent.game!r} with {agent.learner.actor!r} (seed {agent.seed})."
            )
    evaluator = evaluator or Evaluator(first.game, first.policy)
    actors = jax.tree.map(lambda *leaves: np.stack(leaves), *(agent.params for agent in agents))
    self_key, cross_key, situation_key = map(_final_key, ("self-play", "cross-play", "situations"))
    measured = _measured(first.game, evaluator.evaluate(self_key, actors, episodes))
    results = {
        "self_play": measured["self_play"],
        "cross_play": numbers(evaluator.cross_play(cross_key, actors, episodes)),
    } | measured
    if isinstance(first.game, MatrixGame):
        rates = evaluator.cooperation(situation_key, actors)
        results["cooperation"] = {name: numbers(rates[:, i]) for i, name in enumerate(SITUATIONS)}
    return results


def measured(evaluator: Evaluator, update: int, actors: Any) -> dict[str, Any]:
    """The measurements of an evaluation before ``update``, as ``metrics.jsonl`` has them."""
    game = evaluator.game
    episodes = EPISODES if isinstance(game, CoinGame) else BATCH
    record = _measured(game, evaluator.evaluate(_evaluation_key(update), actors, episodes))
    if isinstance(game, CoinGame):
        record["thresholds"] = satisfied(game, record)
    return record


def measurements(game: Game) -> tuple[str, ...]:
    """The names of what `measured` always has."""
    common = ("self_play", "versus")
    return (*common, "own_colour", "thresholds") if isinstance(game, CoinGame) else common


def versus_rival(
    evaluator: Evaluator, actors: Any, rivals: Any, episodes: int
) -> dict[str, list[float]]:
    """The final evaluation of each seed against its own rival."""
    return _versus_numbers(evaluator.meet(_final_key("rival"), actors, rivals, episodes))


def warm_up(evaluator: Evaluator, actors: Any) -> None:
    """Compile what evaluation runs, by running a batch of each."""
    key = _evaluation_key(0)
    evaluator.evaluate(key, actors, BATCH)
    evaluator.cross_play(key, actors, BATCH)
    if isinstance(evaluator.game, MatrixGame):
        evaluator.cooperation(key, actors)


def _evaluation_key(update: int) -> jax.Array:
    return jax.random.fold_in(keys.key(_EVALUATION_KEY), update)


def _final_key(part: str) -> jax.Array:
    """What one part of the final evaluation draws from; no update has that key."""
    return keys.stream(keys.key(_EVALUATION_KEY), f"final {part}")


def numbers(values: Any) -> list[float]:
    """A number per seed as JSON data."""
    return [round(float(value), 6) for value in np.asarray(values)]


def _measured(game: Game, evaluation: Evaluation) -> dict[str, Any]:
    """What the records of an evaluation and the results of a run have in common."""
    measured: dict[str, Any] = {
        "self_play": numbers(evaluation.self_play),
        "versus": {name: _versus_numbers(met) for name, met in evaluation.versus.items()},
    }
    if isinstance(game, CoinGame):
        measured["own_colour"] = own_colour(evaluation.info)
    return measured


def _versus_numbers(met: Versus) -> dict[str, list[float]]:
    return {"agent": numbers(met.agent), "opponent": numbers(met.opponent)}
