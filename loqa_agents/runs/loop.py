"""A training run from the first update to its files, interruptible at any time."""

import json
import math
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import jax
import numpy as np
from annotated_types import Interval

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.algorithms.separately import by_spaces
from loqa_agents.common.devices import choose_devices, describe
from loqa_agents.common.files import write_atomically
from loqa_agents.common.seeds import as_seeds
from loqa_agents.common.signals import InterruptedRun, stop_signals
from loqa_agents.players.agent import Agent, save_agent
from loqa_agents.runs.checkpoint import Checkpoints, Progress
from loqa_agents.runs.folder import claim
from loqa_agents.runs.identity import TRAINING, run_config, session
from loqa_agents.runs.kinds import kind_of
from loqa_agents.runs.loggers import Logger, Record
from loqa_agents.runs.metrics import JsonLines, read_metrics, require_evaluations
from loqa_agents.runs.results import (
    evaluate_agents,
    evaluation_key,
    measured,
    measurements,
    numbers,
)
from loqa_agents.training.evaluation import Evaluator
from loqa_agents.training.host.episodes import EnvironmentFailed, Workers
from loqa_agents.training.of_game import AnyTrainer, require_memory_of, trainer_of
from loqa_agents.training.updates import Training, TrainState
from loqa_envs.adapters.host.copies import MakeEnv
from loqa_envs.adapters.host.environment import environment
from loqa_envs.catalogue import make_game
from loqa_envs.game import Game
from loqa_envs.validation import Count, checked


@checked
def run(
    game: Game | str | MakeEnv,
    learner: Algorithm,
    training: Training,
    seeds: int | str | Iterable[int],
    out: str | os.PathLike[str] | None,
    loggers: list[Logger] | tuple[Logger, ...] = (),
    checkpoint_seconds: Annotated[float, Interval(ge=0)] = 5.0,
    final_episodes: Count = 1024,
    devices: Count | list[jax.Device] | tuple[jax.Device, ...] | None = None,
    minutes: Annotated[float, Interval(gt=0)] | None = None,
    workers: Workers = 0,
    *,
    resume: bool | None = None,
    overwrite: bool = False,
    devices_changed: bool = False,
) -> dict[str, Any]:
    """Train, evaluate and write results, agents and pictures into ``out``; return the results.

    Training ends after ``training.updates``, or once ``minutes`` for each seed have passed in all
    its sessions. ``out`` is a new or an empty folder, or that of the same run, which then goes on
    from its newest checkpoint: ``resume`` says that it must be the one (False) or the other (True),
    ``overwrite`` that the run in it is to be replaced. Without ``out`` it is a new folder in
    ``runs/``. A run goes on with the devices that it began with, unless ``devices_changed``;
    without ``devices`` it begins with all that JAX has. Closes the ``loggers``.

    ``game`` may be a function that makes a PettingZoo ``ParallelEnv``, or what
    `loqa_envs.environment` makes of it, with its copies shared by ``workers`` processes, if any. An
    environment cannot be saved within an episode: whole updates are saved, and a run that goes on
    equals one that was not cut if the environment is deterministic under its seed. Agents with
    different spaces have learners of their own, as if ``learner`` were `Separately` of it.

    Raises:
        ValueError: if settings do not go together or cannot be saved, if ``out`` has something else
            in it than the same run, or if something in it cannot be read.
        InterruptedRun: after SIGINT or SIGTERM, when the state is saved.
        FloatingPointError: when a parameter stops being finite; the last checkpoint stays.
        EnvironmentFailed: when a copy of an environment raises or is lost, after a checkpoint.
    """
    started = time.perf_counter()
    game = environment(game) if callable(game) else make_game(game)
    learner, seeds = by_spaces(game, learner), as_seeds(seeds)
    budget = math.inf if minutes is None else 60 * minutes * len(seeds)
    config = run_config(game, learner, training, seeds)
    default = f"{game.name.replace(':', '-')}-{learner.label}"

    with ExitStack() as stack:
        claimed = stack.enter_context(claim(out, default, TRAINING, config, resume, overwrite))
        recorded = claimed.recorded or {}
        chosen = choose_devices(devices, recorded.get("devices"), devices_changed)
        trainer = trainer_of(game, learner, training, seeds, chosen, workers)
        stack.callback(trainer.close)
        evaluator = trainer.evaluator()
        require_memory_of(trainer, evaluator, chosen)
        past = _Past() if claimed.recorded is None else _look_back(claimed.path, evaluator, trainer)
        config |= {"devices": describe(chosen), "sessions": recorded.get("sessions", [])}
        config["sessions"].append(session(minutes, past.update, config["devices"]))
        caught = stack.enter_context(stop_signals())
        folder = claimed.begin(config)  # nothing is changed before
        claimed.lasting = False  # until all have begun
        stack.push(claimed.leave)
        caught.at_once(lambda number: InterruptedRun(folder, number, "while it started"))

        checkpoints = Checkpoints(folder / "checkpoints")
        lines = stack.enter_context(closing(JsonLines(folder / "metrics.jsonl", past.records)))
        first = past.update if past.state is None else past.update + 1
        for logger in loggers:
            stack.enter_context(closing(logger))
            logger.begin(folder, config, first)
        lines.begin(folder, config, first)
        claimed.lasting = True
        state = trainer.init() if past.state is None else trainer.place(past.state)
        update = past.update

        def wall_seconds() -> float:
            return past.progress["wall_seconds"] + time.perf_counter() - started

        def progress() -> Progress:
            return Progress(wall_seconds=wall_seconds(), compile_seconds=compile_seconds)

        def log(metrics: dict[str, Any]) -> None:
            record = {
                "update": update,
                "env_steps": update * trainer.steps_per_update,
                "wall_seconds": round(wall_seconds(), 3),
            } | measured(evaluator, update, _actors(trainer, state))
            record |= {name: numbers(value) for name, value in metrics.items()}
            for logger in (*loggers, lines):
                logger.log(record)

        compiling = time.perf_counter()
        trainer.compile(state)
        evaluator.warm_up(evaluation_key(0), _actors(trainer, state))
        compile_seconds = past.progress["compile_seconds"] + time.perf_counter() - compiling
        if past.state is None:
            log({})
        saved_at, chunk = time.perf_counter(), 1
        caught.collect()
        ended = update >= training.updates or wall_seconds() >= budget
        while not ended:
            every = training.evaluate_every
            stop = min(training.updates, update + chunk, (update // every + 1) * every)
            began = time.perf_counter()
            try:
                state, metrics = trainer.advance(state, update, stop)
            except EnvironmentFailed:  # the state before is whole: nothing of it has been used up
                checkpoints.save(update, state, progress())
                raise
            _require_finite(state, update, stop)
            # About a second of updates at a time: nothing else can be done meanwhile.
            chunk = max(1, int((stop - update) / (time.perf_counter() - began)))
            update = stop
            ended = update == training.updates or wall_seconds() >= budget
            if update % every == 0 or ended:
                log(metrics)
            due = time.perf_counter() - saved_at >= checkpoint_seconds
            if due or caught or ended:
                checkpoints.save(update, state, progress())
                saved_at = time.perf_counter()
            if caught:
                raise InterruptedRun(folder, caught[0], f"before update {update}")

        caught.at_once(lambda number: InterruptedRun(folder, number, "before the last evaluation"))
        agents = save_agents(folder, trainer, state)
        rivals = None if training.rival is None else _actors(trainer, state, 1)
        results: dict[str, Any] = {
            "game": game.name,
            "algorithm": learner.label,
            "seeds": list(seeds),
            "updates": update,
            "env_steps": update * trainer.steps_per_update,
            "wall_seconds": 0.0,
            "compile_seconds": round(compile_seconds, 3),
        } | evaluate_agents(agents, final_episodes, evaluator, rivals)
        kind = kind_of(game)
        results |= kind.of_run(game, lines.records)
        kind.draw(folder, game, results, lines.records, agents)
        results["wall_seconds"] = round(wall_seconds(), 3)
        write_atomically(folder / "results.json", json.dumps(results, indent=1).encode() + b"\n")
    return results


class _Past(NamedTuple):
    """What the sessions of a run before this one left."""

    update: int = 0
    state: TrainState | None = None
    """Before ``update``; None where the run begins."""
    progress: Progress = Progress(wall_seconds=0.0, compile_seconds=0.0)
    records: Sequence[Record] = ()
    """The evaluations until ``update``, that before it included."""


def _look_back(out: Path, evaluator: Evaluator, trainer: AnyTrainer) -> _Past:
    """Read all that a run needs to go on.

    Raises:
        ValueError: for what is damaged or missing.
    """
    path, game = out / "metrics.jsonl", evaluator.game
    records = read_metrics(path, len(trainer.seeds), evaluator.rows, measurements(game))
    # What a session that was killed did after its last checkpoint is lost, its time is not.
    spent = records[-1]["wall_seconds"] if records else 0.0
    restored = Checkpoints(out / "checkpoints").restore(trainer.shapes())
    if restored is None:
        return _Past(progress=Progress(wall_seconds=spent, compile_seconds=0.0))
    update, state, progress = restored
    require_evaluations(path, records, update, trainer.training.evaluate_every)
    progress["wall_seconds"] = max(progress["wall_seconds"], spent)
    return _Past(update, state, progress, [line for line in records if line["update"] <= update])


def save_agents(out: Path, trainer: AnyTrainer, state: TrainState) -> list[Agent]:
    """Write every seed's agent to ``agents/SEED.safetensors``, a rival's to ``rivals/``."""
    saved = []
    folders = ("agents", "rivals")
    for folder, learner, learner_state in zip(
        folders, trainer.learners, jax.device_get(state.learners), strict=False
    ):
        (out / folder).mkdir(exist_ok=True)
        for i, seed in enumerate(trainer.seeds):
            own = jax.tree.map(lambda leaf, i=i: leaf[i], learner.params(learner_state))
            agent = Agent(trainer.game, learner, own, seed)
            save_agent(out / folder / f"{seed}.safetensors", agent)
            if folder == "agents":
                saved.append(agent)
    return saved


def _actors(trainer: AnyTrainer, state: TrainState, number: int = 0) -> Any:
    return jax.device_get(trainer.learners[number].params(state.learners[number]).actor)


def _require_finite(state: TrainState, start: int, stop: int) -> None:
    if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(jax.device_get(state.learners))):
        raise FloatingPointError(
            f"parameters must stay finite; between updates {start} and {stop} they did not. "
            "Checkpoints are from before; try smaller learning rates."
        )
