"""What the agents of a run are worth: the numbers of its evaluations and of ``results.json``."""

import math
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import jax
import numpy as np

from loqa_agents.common.rollout import measured_in
from loqa_agents.players.agent import Agent
from loqa_agents.runs.kinds import kind_of
from loqa_agents.training.evaluation import Evaluation, Evaluator
from loqa_agents.training.of_game import evaluator_of
from loqa_envs import keys
from loqa_envs.game import Game, Params


def evaluate_agents(
    agents: Sequence[Agent],
    episodes: int,
    evaluator: Evaluator | None = None,
    rivals: Params | None = None,
) -> dict[str, Any]:
    """The measured part of ``results.json``, for agents of one game and one network.

    ``rivals`` are the actors that each of them was trained with, if they were separate learners.

    Raises:
        ValueError: if the agents differ in game or network, so that they cannot be played together.
    """
    first = agents[0]
    for agent in agents[1:]:
        if (agent.game, agent.policy) != (first.game, first.policy):
            raise ValueError(
                "agents that are evaluated together must share game and network; got "
                f"{first.game!r} with {first.policy!r} (seed {first.seed}) and "
                f"{agent.game!r} with {agent.policy!r} (seed {agent.seed})."
            )
    if evaluator is None:
        evaluator = evaluator_of(first.game, first.policy)
    actors = jax.tree.map(lambda *leaves: np.stack(leaves), *(agent.params for agent in agents))
    evaluation = evaluator.evaluate(_final_key("self-play"), actors, episodes)
    if rivals is not None:
        met = evaluator.meet(_final_key("rival"), actors, rivals, episodes)
        evaluation = evaluation._replace(versus=evaluation.versus | {"rival": met})
    found = _measured(first.game, evaluation)
    cross_play = evaluator.cross_play(_final_key("cross-play"), actors, episodes)
    results = {
        "self_play": found["self_play"],
        "cross_play": numbers(cross_play.mean(-1)),
    } | found
    by_seat = results.get("by_seat", {})
    for seat, part in by_seat.items():
        part["cross_play"] = numbers(cross_play[:, int(seat)])
    if first.game.situations:
        key = _final_key("situations")  # of one chance, so that all seats see the same episodes
        for seat, part in by_seat.items() or [("0", results)]:
            rates = evaluator.cooperation(key, actors, int(seat))
            part["cooperation"] = {
                name: numbers(rates[:, i]) for i, name in enumerate(first.game.situations)
            }
    kind = kind_of(first.game)
    return results | kind.of_agents(first.game, results, _final_key("kind"), episodes)


def measured(evaluator: Evaluator, update: int, actors: Any) -> dict[str, Any]:
    """The measurements of an evaluation before ``update``, as ``metrics.jsonl`` has them."""
    game = evaluator.game
    kind = kind_of(game)
    found = evaluator.evaluate(evaluation_key(update), actors, kind.episodes)
    record = _measured(game, found)
    return record | kind.of_record(game, record)


def measurements(game: Game) -> tuple[str, ...]:
    """The names of what `measured` always has."""
    names = ("self_play", "versus", *_figures(game), *kind_of(game).of_every_record(game))
    return (*names, *["by_seat"] * (not game.seats_alike))


def _evaluation_root() -> jax.Array:
    """No seed's own key, whatever the seed."""
    return keys.stream(keys.key(0), "evaluation")


def evaluation_key(update: int) -> jax.Array:
    return jax.random.fold_in(_evaluation_root(), update)


def _final_key(part: str) -> jax.Array:
    """What one part of the final evaluation draws from; no update has that key."""
    return keys.stream(_evaluation_root(), f"final {part}")


def _figures(game: Game) -> tuple[str, ...]:
    """The names of the game's `figures`."""
    return tuple(jax.eval_shape(game.figures, measured_in(game)))


def numbers(values: Any) -> list[float | None]:
    """A number per seed as JSON data; None for what is not known."""
    rounded = (round(float(value), 6) for value in np.asarray(values))
    return [None if math.isnan(value) else value for value in rounded]


def _measured(game: Game, evaluation: Evaluation) -> dict[str, Any]:
    """What the records of an evaluation and the results of a run have in common.

    Numbers are means over the seats in which an agent sits. Where the seats of the game differ, the
    same stands under ``by_seat`` for each of them.
    """

    def of(read: Callable[[Any], Any]) -> dict[str, Any]:
        part: Evaluation = jax.tree.map(read, evaluation)
        found: dict[str, Any] = {
            "self_play": numbers(part.self_play),
            "versus": {
                name: {
                    "agent": numbers(part.versus[name].agent),
                    "opponent": numbers(part.versus[name].opponent),
                }
                for name in evaluation.versus  # in their order; trees of JAX are sorted by name
            },
        }
        return found | {name: numbers(each) for name, each in game.figures(part.info).items()}

    found = of(lambda means: means.mean(-1))
    if not game.seats_alike:
        found["by_seat"] = {
            str(seat): of(itemgetter((..., seat))) for seat in range(game.num_players)
        }
    return found
