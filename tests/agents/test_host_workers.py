"""Copies of an environment in worker processes."""

import os
import signal
import subprocess
import sys
import textwrap
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import jax
import numpy as np
import psutil
import pytest
from host_environments import Dilemma, Leavers, Masked

from loqa_agents import HostEpisodes, HostTrainer, Learner, Training
from loqa_envs import make_player
from loqa_envs.keys import key, stream

TESTS = Path(__file__).parents[1]


class Fragile(Leavers):
    """Once three steps have been played, raises, dies (of seeds of its kind) or answers nothing."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def reset(self, seed=None, options=None):
        self.even = seed % 2 == 0
        return super().reset(seed)

    def step(self, actions):
        if self.clock == 3:
            match self.how:
                case "raises":
                    raise ZeroDivisionError("no\nmore")
                case "dies":
                    os._exit(7)
                case "dies if even" if self.even:
                    os._exit(8)
                case "none":
                    return None
        return super().step(actions)


class Chatty(Leavers):
    """Its infos hold what cannot be sent to another process."""

    def _seen(self, agents):
        return super()._seen(agents)[0], {agent: {"why": lambda: None} for agent in agents}


def absent():
    raise ImportError("no engine")


def played(make_env, workers: int, number: int = 3):
    episodes = HostEpisodes(make_env, workers=workers)
    try:
        players = [make_player("random", episodes.game, seat) for seat in range(number)]
        return episodes.play(key(3), players, [()] * number, episodes=5)
    finally:
        episodes.close()


@pytest.mark.slow
def test_workers_play_the_same_episodes():
    here, there = played(Leavers, 0), played(Leavers, 3)
    jax.tree.map(np.testing.assert_array_equal, here, there)
    assert len({episode.tobytes() for episode in there.rewards + there.actions}) > 1


def _words(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


@pytest.mark.slow
def test_training_is_the_same_with_workers_and_leaves_no_process():
    states = []
    for workers in (0, 2):
        trainer = HostTrainer(
            partial(Dilemma, 5), Learner(), Training(episodes=4), (0,), workers=workers
        )
        states.append(trainer.advance(trainer.init(), 0, 2)[0])
        spawned = [child for child in psutil.Process().children() if "spawn_main" in _words(child)]
        assert len(spawned) == workers
        trainer.close()
        trainer.close()
    jax.tree.map(np.testing.assert_array_equal, *states)
    assert not [child for child in psutil.Process().children() if "spawn_main" in _words(child)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("raises", "copy 0 of leavers raised ZeroDivisionError in step 3: no more"),
        ("dies", "copy 0 of leavers lost its process in step 3, with exit code 7."),
        ("none", "step must return observations, .* in copy 0 of leavers, step 3 returned None."),
    ],
)
def test_a_worker_that_fails_says_which_copy_and_when(how, said):
    with pytest.raises((RuntimeError, ValueError), match=f"^{said}$"):
        played(partial(Fragile, how), 2)


@pytest.mark.slow
def test_the_copy_that_took_its_worker_along_is_named_and_no_other_of_that_worker():
    drawn = jax.random.bits(stream(key(3), "environments"), (5,), np.uint32) >> 1
    copy = next(i for i, seed in enumerate(drawn) if seed % 2 == 0)
    assert copy > 0
    said = f"^copy {copy} of leavers lost its process in step 3, with exit code 8.$"
    with pytest.raises(RuntimeError, match=said):
        played(partial(Fragile, "dies if even"), 1)


@pytest.mark.slow
def test_infos_stay_in_the_worker_but_for_the_mask():
    jax.tree.map(np.testing.assert_array_equal, played(Chatty, 0), played(Chatty, 2))
    here, there = (played(partial(Masked, "info"), workers, 2) for workers in (0, 2))
    jax.tree.map(np.testing.assert_array_equal, here, there)
    assert (here.observations["action_mask"] == 0).any()


@pytest.mark.slow
def test_the_rows_of_one_play_are_not_written_by_the_next():
    episodes = HostEpisodes(Leavers, workers=2)
    players = [make_player("random", episodes.game, seat) for seat in range(3)]
    numbers = (5, 2, 7, 5)
    found = [episodes.play(key(n), players, [()] * 3, episodes=n) for n in numbers]
    episodes.close()
    fresh = HostEpisodes(Leavers)
    for n, episode in zip(numbers, found, strict=True):
        again = fresh.play(key(n), players, [()] * 3, episodes=n)
        jax.tree.map(np.testing.assert_array_equal, episode, again)


@pytest.mark.slow
def test_what_was_broken_off_can_be_played_again(monkeypatch):
    """No answer to what was asked before is taken for one to what is asked now."""
    episodes = HostEpisodes(Leavers, workers=2)
    players = [make_player("random", episodes.game, seat) for seat in range(3)]
    first = episodes.play(key(3), players, [()] * 3, episodes=5)
    with monkeypatch.context() as patch:
        patch.setattr(Connection, "recv", lambda self: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            episodes.play(key(4), players, [()] * 3, episodes=5)
    again = episodes.play(key(3), players, [()] * 3, episodes=5)
    jax.tree.map(np.testing.assert_array_equal, first, again)
    episodes.close()


def test_what_workers_cannot_import_is_refused():
    with pytest.raises(ValueError, match=r"^make_env must be a function that worker processes can"):
        HostEpisodes(lambda: Leavers(), workers=1)
    with pytest.raises(ValueError, match=r"^workers must be .* got -1"):
        HostEpisodes(Leavers, workers=-1)


PROGRAM = """
import time
from host_environments import Leavers
from loqa_agents import HostEpisodes
from loqa_envs import make_player
from loqa_envs.keys import key

if __name__ == "__main__":
    episodes = HostEpisodes(Leavers, workers=2)
    players = [make_player("random", episodes.game, seat) for seat in range(3)]
    episodes.play(key(3), players, [()] * 3, episodes=5)
    print("ready", flush=True)
    {then}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("then", "number"),
    [("pass", None), ("time.sleep(60)", signal.SIGINT), ("time.sleep(60)", signal.SIGKILL)],
)
def test_no_worker_outlives_the_program(then, number, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM).format(then=then))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, program], stdout=subprocess.PIPE, env=environment, text=True,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    family = psutil.Process(process.pid)
    children = family.children(recursive=True)
    if number is None:
        assert process.wait(30) == 0
    else:
        assert len(children) >= 2
        # As a terminal does it, Ctrl-C goes to all.
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        assert process.wait(30) != 0
    process.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
