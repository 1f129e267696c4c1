"""What is measured of a newcomer to one game of a suite."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import jax

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.common.devices import training_devices
from loqa_agents.league.entrants import Entrant, ready, seat
from loqa_agents.league.play import play_league
from loqa_agents.league.statistics import estimate
from loqa_agents.players.agent import Agent, load_agent
from loqa_agents.players.python.foreign_code import Limit
from loqa_agents.responses.best_response import Budget
from loqa_agents.runs.identity import run_config
from loqa_agents.runs.loggers import Logger
from loqa_agents.runs.loop import run
from loqa_agents.scorecard.answers import exact_responses
from loqa_agents.scorecard.card import EPISODES, scorecard
from loqa_agents.suite.suites import SEEDS, Task
from loqa_agents.training.presets import PRESETS
from loqa_agents.training.trainer import Trainer
from loqa_agents.training.updates import Training
from loqa_envs import keys

RESPONSE = Budget(updates=100, restarts=1)


@dataclass(frozen=True)
class Effort:
    """How much is trained and played; the default is what the suites say."""

    seeds: tuple[int, ...] = SEEDS
    """Of a training."""
    updates: int | None = None
    """Of a training; by default as many as the preset has."""
    episodes: int = EPISODES
    """Of each pair on a scorecard."""
    meetings: int = 128
    """Episodes of each pair of a newcomer and a stored agent."""
    response: Budget | None = RESPONSE
    """What best responses are looked for with where the exact one is not known."""

    def training(self, task: Task) -> Training:
        """The preset's, with another number of updates if there is one."""
        training = PRESETS[task.preset].training
        if self.updates is None:
            return training
        return replace(training, updates=self.updates, evaluate_every=self.updates)


FULL = Effort()
QUICK = Effort(SEEDS[:2], 20, 64, 16, None)
"""To see that all works; its numbers are none of the suite's."""


def require_trainable(task: Task, algorithm: Algorithm, effort: Effort) -> None:
    """Raise ``ValueError`` unless the algorithm can be trained as the preset of the task does."""
    game, training = PRESETS[task.preset].game, effort.training(task)
    run_config(game, algorithm, training, effort.seeds)
    Trainer(game, algorithm, training, effort.seeds[:1], jax.devices()[:1]).bytes_needed()


def train(
    task: Task,
    algorithm: Algorithm,
    effort: Effort,
    out: Path,
    loggers: Sequence[Logger] = (),
    devices: int | None = None,
) -> tuple[list[Entrant], dict[str, Any]]:
    """Train as the preset of the task does, in a folder where a training that was cut goes on.

    A new one is divided among ``devices``, or as many as are useful, as by ``loqa train``. Returns
    the agents, and what a row says of the training.

    Raises:
        ValueError, InterruptedRun: as `run`.
    """
    game, training = PRESETS[task.preset].game, effort.training(task)
    number, new = len(effort.seeds), not (out / "config.json").exists()
    chosen = training_devices(devices, number, training.shared(algorithm)) if new else None
    results = run(game, algorithm, training, effort.seeds, out, list(loggers), devices=chosen)
    files = [out / "agents" / f"{seed}.safetensors" for seed in effort.seeds]
    agents = [Entrant(f"seed {file.stem}", load_agent(file)) for file in files]
    return agents, {"steps": results["env_steps"], "seconds": round(results["wall_seconds"], 1)}


def measure(
    key: jax.Array,
    task: Task,
    agents: Sequence[Entrant],
    effort: Effort = FULL,
    *,
    devices: Sequence[jax.Device] | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, whole: None,
    act_timeout: Limit = None,
) -> dict[str, Any]:
    """A row of a suite: the scorecard's lines, and what is got from whom of the stored agents.

    ``met`` has for each algorithm with agents in the package what the newcomer ``gets`` from them
    and ``leaves`` them, as means per step with intervals over seeds. ``knows`` is None for players
    that do not say it.

    Raises:
        PlayerError, ValueError: as `scorecard`.
    """
    game = task.game
    agents = [ready(agent, game) for agent in agents]
    exact = exact_responses(game, [seat(agent, game) for agent in agents])
    response = effort.response if exact is None else None
    card = scorecard(
        keys.stream(key, "scorecard"), game, agents, effort.episodes, response,
        devices=devices, progress=progress, act_timeout=act_timeout,
    )  # fmt: skip
    # Names of the stored agents are such as no newcomer can have, who may be one of them.
    team = [replace(agent, team="newcomer\n") for agent in agents]
    stored = [replace(agent, name=f"stored {agent.name}\n") for agent in task.opponents]
    met = {}
    if stored:
        league = play_league(
            keys.stream(key, "meetings"), game, [*team, *stored], effort.meetings,
            rows=[agent.name for agent in team], devices=devices, act_timeout=act_timeout,
            progress=lambda done, whole: progress("meetings", done, whole),
        )  # fmt: skip
        teams = [entrant.in_team for entrant in league.entrants]
        gets, theirs = (estimate(each, teams).teams for each in (league.rewards, league.theirs))
        met = {
            name: {"gets": gets.at(0, place), "leaves": theirs.at(0, place)}
            for place, name in enumerate(dict.fromkeys(teams))
            if place
        }
    first = agents[0].player
    knows = sorted(first.learner.knows) if isinstance(first, Agent) else None
    said = {} if effort == FULL else {"effort": asdict(effort)}
    return {"knows": knows, "lines": card["lines"], "met": met} | said
