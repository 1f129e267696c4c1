"""What does not fit in memory is refused before anything is compiled or written."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from loqa_agents import PRESETS, DenseGRU, Evaluator, Trainer, run
from loqa_agents.algorithms.learner import Learner
from loqa_agents.league.entrants import Entrant, seat
from loqa_agents.league.needs import league_bytes
from loqa_agents.league.pairs.tables import EPISODES, PAIRS, Tables
from loqa_agents.responses.best_response import Budget, learner_for
from loqa_agents.responses.needs import responder_bytes
from loqa_agents.responses.responding import responding_in
from loqa_agents.training.updates import Training
from loqa_envs import make_game, make_player, memory


def trainer(learner: Learner, training: Training, seeds: int) -> Trainer:
    game = PRESETS["ipd"].game
    return Trainer(game, learner, training, tuple(range(seeds)), jax.devices()[:1])


def counted(compiled: Any) -> int:
    """Bytes that XLA says it takes, arguments included."""
    count = compiled.memory_analysis()
    return (
        count.temp_size_in_bytes
        + count.argument_size_in_bytes
        + count.output_size_in_bytes
        - count.alias_size_in_bytes
    )


@pytest.mark.parametrize(
    ("learner", "training", "seeds"),
    [
        (Learner(), Training(episodes=1024), 1),
        (Learner(actor=DenseGRU((32,)), critic=DenseGRU((32,))), Training(episodes=64), 3),
        (Learner(actor=DenseGRU((), 16)), Training(episodes=64, pool=64, pool_interval=1), 2),
        (Learner(algorithm="naive"), Training(rival="loqa", episodes=256), 1),
    ],
)
@pytest.mark.slow
def test_the_estimate_is_within_a_factor_of_two_of_what_the_compiler_says(
    learner: Learner, training: Training, seeds: int
) -> None:
    trained = trainer(learner, training, seeds)
    needed = trained.bytes_needed()
    trained.compile(trained.init())
    assert 0.5 < needed / counted(trained._advance) < 2


@pytest.mark.slow
def test_the_estimate_knows_all_that_memory_depends_on() -> None:
    learner, training = Learner(actor=DenseGRU((8,))), Training(episodes=16, pool=4)
    base = trainer(learner, training, 1).bytes_needed()
    more = {
        "seeds": trainer(learner, training, 50),
        "episodes": trainer(learner, replace(training, episodes=16 * 50), 1),
        "pool": trainer(learner, replace(training, pool=50_000, pool_interval=1, updates=10**6), 1),
        "widths": trainer(replace(learner, actor=DenseGRU((2000,))), training, 1),
    }
    assert {name for name, each in more.items() if each.bytes_needed() > 20 * base} == more.keys()


def test_evaluations_count_too() -> None:
    trained = trainer(Learner(), Training(), 1000)
    evaluator = Evaluator(trained.game, trained.learners[0].policy(trained.game))
    actors = trained.shapes().learners[0].params.actor
    needed = evaluator.bytes_needed(actors)
    assert needed > 1000 * 999 / 2 * 64 * 50 * 2 * 4  # pairs, episodes at once, steps, seats, bytes


@pytest.mark.slow
def test_a_training_that_does_not_fit_is_refused_with_bytes_and_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preset = PRESETS["ipd"]
    monkeypatch.setattr(memory, "available_memory", lambda devices: 2_500_000)
    training = replace(preset.training, episodes=4096)
    with pytest.raises(ValueError, match="training must fit in memory") as caught:
        run(preset.game, preset.learner, training, (1, 2), tmp_path / "run")
    for words in ("episodes=4096", "seeds=2", " bytes are needed, and 2,500,000 are available"):
        assert words in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_what_a_batch_of_a_league_takes_is_within_a_factor_of_two() -> None:
    game = make_game("ipd", episode_length=400)
    seats = tuple(make_player("random", game, seat) for seat in (0, 1))
    keys = jax.random.split(jax.random.key(0), (PAIRS, 2, EPISODES // 2))
    program = jax.jit(partial(Tables(game)._play_pairs, seats, seats))
    params = np.zeros(PAIRS)
    compiled = program.lower(keys, params, params).compile()
    assert 0.5 < league_bytes(game, 2, EPISODES) / counted(compiled) < 2


@pytest.mark.slow
def test_what_best_responses_take_is_within_a_factor_of_two() -> None:
    game = make_game("ipd")
    budget = Budget(episodes=64, restarts=4)
    player = seat(Entrant("grim", "grim"), game)
    respond = responding_in(game, learner_for(game, 300), player.seats[1:], 64, 0)
    keys = jax.random.split(jax.random.key(0), 4)
    states = jax.eval_shape(jax.vmap(respond.init), keys)
    program = jax.jit(jax.vmap(partial(respond.advance, params=(), start=0, stop=1)))
    compiled = program.lower(keys, states).compile()
    assert 0.5 < responder_bytes(game, [player], budget) / counted(compiled) < 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("league grim random --game ipd --episodes 1000000000", ("a league", "entrants=2")),
        ("evaluate grim --game ipd --restarts 1000000", ("best responses", "restarts=1000000")),
        ("train ipd --episodes 1000000000 --seeds 1", ("training", "episodes=1000000000")),
        ("train ipd --seeds 0-9999", ("evaluation", "seeds=10000")),
        ("train ipd --episode-length 1000000 --seeds 1", ("evaluation", "episode_length=1000000")),
        ("train ipd --actor.hidden 65536 65536 --seeds 1", ("training", "65536")),
        (
            "train ipd --pool 1000000 --pool-interval 1 --updates 1000000000 --actor.hidden 99 99",
            ("pool=1000000",),
        ),
    ],
)
def test_commands_name_the_bytes_and_what_to_lower(
    refused: Callable[..., str], arguments: str, words: tuple[str, ...]
) -> None:
    line = refused(*arguments.split())
    for word in (*words, "must fit in memory", "bytes are needed", "are available. Lower some"):
        assert word in line


GROUPS = {
    "of the second version": {
        "proc/self/cgroup": "0::/box/inner\n",
        "cgroup/box/memory.max": "5000",
        "cgroup/box/memory.current": "3000",
        "cgroup/box/memory.stat": "anon 7\ninactive_file 500\n",
        "cgroup/box/inner/memory.max": "max",
        "cgroup/box/inner/memory.current": "3000",
    },
    "of the first version": {
        "proc/self/cgroup": "5:cpu:/box\n4:memory:/box\n",
        "cgroup/memory/box/memory.limit_in_bytes": "5000",
        "cgroup/memory/box/memory.usage_in_bytes": "3000",
        "cgroup/memory/box/memory.stat": "total_inactive_file 500\n",
        "cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        "cgroup/memory/memory.usage_in_bytes": "90000",
    },
    "of a container": {
        "proc/self/cgroup": "0::/docker/0123\n",
        "cgroup/memory.max": "4000",
        "cgroup/memory.current": "1500",
    },
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_control_group_limits_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    monkeypatch.setattr(memory, "_PROCESSES", tmp_path / "proc")
    monkeypatch.setattr(memory, "_CONTROL_GROUPS", tmp_path / "cgroup")
    for name, text in (GROUPS[group] | {"proc/meminfo": "MemAvailable: 100 kB\n"}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert memory.available_memory() == 2500
    (tmp_path / "proc" / "meminfo").write_text("MemFree: 9 kB\nMemAvailable: 2 kB\n")
    assert memory.available_memory() == 2048


def test_an_accelerator_has_a_memory_of_its_own() -> None:
    def device(limit: int, used: int) -> Any:
        stats = {"bytes_limit": limit, "bytes_in_use": used}
        return SimpleNamespace(platform="gpu", memory_stats=lambda: stats)

    assert memory.available_memory([device(900, 100), device(1000, 300)]) == 1400
    silent = SimpleNamespace(platform="gpu", memory_stats=lambda: None)
    assert memory.available_memory([silent]) is None
