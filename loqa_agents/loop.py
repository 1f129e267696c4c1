"""A training run from the first update to its files, interruptible at any time."""

import json
import math
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import numpy as np

from loqa_agents import pictures
from loqa_agents.agent import Agent, save_agent
from loqa_agents.checkpoint import Checkpoints
from loqa_agents.evaluation import BATCH, Evaluation, Evaluator, Versus
from loqa_agents.files import write_atomically
from loqa_agents.learner import Learner
from loqa_agents.loggers import JsonLines, Logger
from loqa_agents.settings import game_to_dict
from loqa_agents.signals import InterruptedRun, stop_signals
from loqa_agents.thresholds import EPISODES, crossings, own_colour, satisfied
from loqa_agents.train import Trainer
from loqa_agents.updates import Training, TrainState
from loqa_agents.versions import versions
from loqa_envs import keys
from loqa_envs.coin_game import CoinGame
from loqa_envs.game import Game
from loqa_envs.matrix_game import SITUATIONS, MatrixGame

_EVALUATION_KEY = 0x10CA


def run_config(
    game: Game,
    learner: Learner,
    training: Training,
    seeds: Sequence[int],
    minutes: float | None = None,
) -> dict[str, Any]:
    """All that determines a run, and the versions that ran it, as JSON data."""
    config = {
        "game": game_to_dict(game),
        "learner": asdict(learner),
        "training": asdict(training),
        "seeds": list(seeds),
        "minutes": minutes,
        "versions": versions(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(config))  # tuples as lists, as read from a file
    return plain


def run(
    game: Game,
    learner: Learner,
    training: Training,
    seeds: tuple[int, ...],
    out: Path,
    loggers: Sequence[Logger] = (),
    checkpoint_seconds: float = 5.0,
    final_episodes: int = 1024,
    devices: list[jax.Device] | None = None,
    minutes: float | None = None,
) -> dict[str, Any]:
    """Train, evaluate and write results, agents and pictures into ``out``; return the results.

    Training ends after ``training.updates``, or once ``minutes`` for each seed have passed in all
    its sessions.
    Makes ``out`` if it is missing, and continues from the newest checkpoint in it, if there is one.
    Closes the ``loggers``.

    Raises:
        ValueError: if game, learner and training do not go together, or no checkpoint can be read.
        InterruptedRun: after SIGINT or SIGTERM, when the state is saved.
        FloatingPointError: when a parameter stops being finite; the last checkpoint stays.
    """
    started = time.perf_counter()
    wall_before = compile_before = 0.0
    budget = math.inf if minutes is None else 60 * minutes * len(seeds)
    episodes = EPISODES if isinstance(game, CoinGame) else BATCH

    with ExitStack() as stack:
        caught = stack.enter_context(stop_signals())
        caught.at_once(lambda number: InterruptedRun(out, number, "while it started"))
        everyone = [stack.enter_context(closing(logger)) for logger in loggers]
        trainer = Trainer(game, learner, training, seeds, devices)
        evaluator = Evaluator(game, learner.policy(game))
        out.mkdir(parents=True, exist_ok=True)
        state, update = trainer.init(), 0
        checkpoints = stack.enter_context(closing(Checkpoints(out / "checkpoints")))
        restored = checkpoints.restore(state)
        if restored is not None:
            update, state, progress = restored
            state = trainer.place(state)
            wall_before, compile_before = progress["wall_seconds"], progress["compile_seconds"]
        lines = stack.enter_context(closing(JsonLines(out / "metrics.jsonl", update)))
        everyone.append(lines)

        def wall_seconds() -> float:
            return wall_before + time.perf_counter() - started

        def log(metrics: dict[str, Any]) -> None:
            evaluation = evaluator.evaluate(_evaluation_key(update), _actors(state), episodes)
            record = {
                "update": update,
                "env_steps": update * trainer.steps_per_update,
                "wall_seconds": round(wall_seconds(), 3),
            } | _measured(game, evaluation)
            if isinstance(game, CoinGame):
                record["thresholds"] = satisfied(game, record)
            record |= {name: _numbers(value) for name, value in metrics.items()}
            for logger in everyone:
                logger.log(record)

        compiling = time.perf_counter()
        trainer.compile(state)
        _warm_up(evaluator, _actors(state))
        compile_seconds = compile_before + time.perf_counter() - compiling
        if update == 0:
            log({})
        saved_at, chunk = time.perf_counter(), 1
        caught.collect()
        ended = update >= training.updates or wall_seconds() >= budget
        while not ended:
            every = training.evaluate_every
            stop = min(training.updates, update + chunk, (update // every + 1) * every)
            began = time.perf_counter()
            state, metrics = trainer.advance(state, update, stop)
            _require_finite(state, update, stop)
            # About a second of updates at a time: nothing else can be done meanwhile.
            chunk = max(1, int((stop - update) / (time.perf_counter() - began)))
            update = stop
            ended = update == training.updates or wall_seconds() >= budget
            if update % every == 0 or ended:
                log(metrics)
            due = time.perf_counter() - saved_at >= checkpoint_seconds
            if due or caught or ended:
                progress = {"wall_seconds": wall_seconds(), "compile_seconds": compile_seconds}
                checkpoints.save(update, state, progress)
                saved_at = time.perf_counter()
            if caught:
                raise InterruptedRun(out, caught[0], f"before update {update}")

        caught.at_once(lambda number: InterruptedRun(out, number, "before the last evaluation"))
        agents = save_agents(out, trainer, state)
        results: dict[str, Any] = {
            "game": game.name,
            "algorithm": learner.algorithm,
            "seeds": list(seeds),
            "updates": update,
            "env_steps": update * trainer.steps_per_update,
            "wall_seconds": 0.0,
            "compile_seconds": round(compile_seconds, 3),
        } | evaluate_agents(agents, final_episodes, evaluator)
        if training.rival is not None:
            rivals = jax.device_get(state.learners[1].brain.actor)
            met = evaluator.meet(_final_key("rival"), _actors(state), rivals, final_episodes)
            results["versus"]["rival"] = _versus_numbers(met)
        if isinstance(game, CoinGame):
            results["thresholds"] = crossings(game, lines.records)
            pictures.draw_coin_game(out, game, results, lines.records)
            pictures.film(out, agents[0], ("self_play", "always_defect"))
        else:
            pictures.draw(out, results, lines.records)
        results["wall_seconds"] = round(wall_seconds(), 3)
        write_atomically(out / "results.json", json.dumps(results, indent=1).encode() + b"\n")
    return results


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
        "cross_play": _numbers(evaluator.cross_play(cross_key, actors, episodes)),
    } | measured
    if isinstance(first.game, MatrixGame):
        rates = evaluator.cooperation(situation_key, actors)
        results["cooperation"] = {name: _numbers(rates[:, i]) for i, name in enumerate(SITUATIONS)}
    return results


def save_agents(out: Path, trainer: Trainer, state: TrainState) -> list[Agent]:
    """Write every seed's agent to ``agents/SEED.safetensors``, a rival's to ``rivals/``."""
    saved = []
    folders = ("agents", "rivals")
    for folder, learner, learner_state in zip(
        folders, trainer.learners, jax.device_get(state.learners), strict=False
    ):
        (out / folder).mkdir(exist_ok=True)
        for i, seed in enumerate(trainer.seeds):
            brain = jax.tree.map(lambda leaf, i=i: leaf[i], learner_state.brain)
            agent = Agent(trainer.game, learner, brain, seed)
            save_agent(out / folder / f"{seed}.safetensors", agent)
            if folder == "agents":
                saved.append(agent)
    return saved


def _actors(state: TrainState) -> Any:
    return jax.device_get(state.learners[0].brain.actor)


def _warm_up(evaluator: Evaluator, actors: Any) -> None:
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


def _numbers(values: Any) -> list[float]:
    return [round(float(value), 6) for value in np.asarray(values)]


def _measured(game: Game, evaluation: Evaluation) -> dict[str, Any]:
    """What the records of an evaluation and the results of a run have in common."""
    measured: dict[str, Any] = {
        "self_play": _numbers(evaluation.self_play),
        "versus": {name: _versus_numbers(met) for name, met in evaluation.versus.items()},
    }
    if isinstance(game, CoinGame):
        measured["own_colour"] = own_colour(evaluation.info)
    return measured


def _versus_numbers(met: Versus) -> dict[str, list[float]]:
    return {"agent": _numbers(met.agent), "opponent": _numbers(met.opponent)}


def _require_finite(state: TrainState, start: int, stop: int) -> None:
    if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(jax.device_get(state.learners))):
        raise FloatingPointError(
            f"parameters must stay finite; between updates {start} and {stop} they did not. "
            "Checkpoints are from before; try smaller learning rates."
        )
