"""Fresh processes, and children of processes that have used JAX."""

import subprocess
import sys

import pytest

USED_JAX = """
import jax, warnings
# JAX warns of any fork, Python 3.12 of any fork among threads; the children never touch JAX.
warnings.filterwarnings("ignore", message=".*os.fork.*", category=RuntimeWarning)
warnings.filterwarnings("ignore", message=".*fork", category=DeprecationWarning)
assert jax.jit(lambda x: x + 1)(1) == 2
"""

# Two workers with an opponent that needs JAX, which cannot be said in a name.
WORKERS = """
import gymnasium, loqa_envs, numpy as np
tremble = loqa_envs.Tremble(loqa_envs.Grim(), 0.0)
env = gymnasium.make_vec("loqa/IPD-v0", 2, "async", {"context": CONTEXT}, opponent=tremble)
try:
    env.reset(seed=0)
    print(env.step(np.ones(2, int))[1].tolist(), env.step(np.ones(2, int))[1].tolist())
except RuntimeError as error:
    print(error)
env.close()
"""


def run(program: str, seconds: float = 60) -> str:
    """The output of a fresh Python, which must not fail, warn, or take longer."""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "program",
    [
        "import gymnasium; env = gymnasium.make('loqa_envs:loqa/IPD-v0'); env.reset(); env.step(0)",
        "import gymnasium; gymnasium.make_vec('loqa_envs:loqa/IPD-v0', num_envs=2).reset(seed=0)",
        "import gymnasium, loqa_envs; gymnasium.make('loqa/IPD-v0', opponent='tit_for_tat')",
        "import pettingzoo, loqa_envs; pettingzoo.make('parallel', 'loqa/ipd-v0').reset()",
        "import pettingzoo, loqa_envs; pettingzoo.make('aec', 'loqa/ipd-v0').reset()",
        "from loqa_envs import ipd_v0; ipd_v0.parallel_env(max_cycles=50).reset(seed=0)",
    ],
)
def test_the_ways_to_an_environment_work_in_a_fresh_process(program: str) -> None:
    run(program)


@pytest.mark.slow
def test_importing_and_playing_one_game_start_no_jax_backend() -> None:
    run("""
import gymnasium, loqa_envs
from loqa_envs import ipd_v0
from jax._src import xla_bridge
parallel = ipd_v0.parallel_env(render_mode="rgb_array")
parallel.reset(seed=0)
parallel.step({"player_0": 0, "player_1": 1})
parallel.render()
for opponent in loqa_envs.IPD().scripted_players(0):
    env = gymnasium.make("loqa/IPD-v0", opponent=opponent)
    env.reset(seed=0)
    env.step(1)
assert not xla_bridge.backends_are_initialized()
""")


def test_registering_again_is_silent_and_changes_nothing() -> None:
    run("""
import importlib, gymnasium, loqa_envs, pettingzoo
spec = gymnasium.spec("loqa/IPD-v0")
importlib.reload(loqa_envs)
assert gymnasium.spec("loqa/IPD-v0") is spec
ids = sorted(id for id in gymnasium.registry if id.startswith("loqa/"))
assert ids == ["loqa/" + name + "-v0" for name in (
    "BattleOfTheSexes", "Chicken", "CoinGame", "EscalationGrid", "HarvestGrid", "IPD",
    "MatchingPennies", "MatrixGame", "Negotiation", "PublicGoods", "StagHunt", "StagHuntGrid",
)], ids
for registry in (pettingzoo.parallel_registry, pettingzoo.aec_registry):
    names = {id for id in registry if id.startswith("loqa/")}
    assert names == {"loqa/" + name + "-v0" for name in loqa_envs.GAMES}, names
""")


@pytest.mark.slow
def test_supersuit_may_fork_after_jax_was_used() -> None:
    output = run(
        USED_JAX
        + """
import numpy as np, supersuit
from loqa_envs import ipd_v0
# Gymnasium warns that SuperSuit's vector environments lack things; that is SuperSuit's affair.
warnings.filterwarnings("ignore", module="gymnasium|supersuit")
env = supersuit.pettingzoo_env_to_vec_env_v1(ipd_v0.parallel_env(max_cycles=5))
env = supersuit.concat_vec_envs_v1(env, 4, num_cpus=2, base_class="gymnasium")
env.reset(seed=0)
total = sum(env.step(np.zeros(8, np.int64))[1].sum() for _ in range(12))
env.close()
print(total)
"""
    )
    assert float(output) == -12 * 8  # everyone cooperates: -1 for each of 8 seats in 12 steps


@pytest.mark.slow
def test_gymnasiums_asynchronous_environments_may_fork_after_jax_was_used() -> None:
    output = run(
        USED_JAX
        + """
import gymnasium, loqa_envs, numpy as np
env = gymnasium.make_vec("loqa/IPD-v0", 3, "async", {"context": "fork"}, opponent="always_defect")
env.reset(seed=0)
total = sum(env.step(np.zeros(3, int))[1].sum() for _ in range(10))
env.close()
print(total)
"""
    )
    assert float(output) == -3 * 3 * 10


@pytest.mark.slow
def test_a_policy_of_jax_in_a_worker_forked_from_jax_is_refused_instead_of_waiting_for_ever() -> (
    None
):
    # Gymnasium logs the workers' tracebacks as warnings.
    quiet = "import gymnasium; gymnasium.logger.min_level = 50\n"
    output = run(USED_JAX + quiet + "CONTEXT = 'fork'" + WORKERS)
    (line,) = output.splitlines()
    assert line.startswith("JAX must not run in a process that was forked while JAX was running")
    assert 'context="spawn"' in line


TRAINED = """
import gymnasium, loqa_envs, numpy as np
gymnasium.logger.min_level = 50
if __name__ == "__main__":
    # Read in each worker, or here and sent to all.
    opponent = "coin3x3/loqa/42"
    if HERE:
        opponent = __import__("loqa_agents").load_agent(opponent)
    how = {"context": CONTEXT}
    env = gymnasium.make_vec("loqa/CoinGame-v0", 2, "async", how, opponent=opponent)
    try:
        env.reset(seed=0)
        for _ in range(3):
            rewards = env.step(np.ones(2, int))[1]
        print(rewards.shape)
    except RuntimeError as error:
        print(error)
    env.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize("here", [False, True])
def test_a_trained_opponent_in_forked_workers_is_refused_in_one_line(here: bool) -> None:
    (line,) = run(f"{USED_JAX}CONTEXT, HERE = None, {here}" + TRAINED).splitlines()
    assert line.startswith("JAX must not run in a process that was forked while JAX was running")
    assert 'context="spawn"' in line


@pytest.mark.slow
def test_a_trained_opponent_plays_in_spawned_workers() -> None:
    assert run(USED_JAX + "CONTEXT, HERE = 'spawn', False" + TRAINED, 240) == "(2,)\n"


@pytest.mark.slow
def test_a_worker_that_is_the_first_to_make_an_environment_is_refused_too() -> None:
    output = run(
        USED_JAX
        + """
import multiprocessing

def work():
    import gymnasium, loqa_envs
    env = gymnasium.make("loqa/IPD-v0", opponent=loqa_envs.Tremble(loqa_envs.Grim(), 0.0))
    env.reset(seed=0)
    try:
        env.step(0)
    except RuntimeError as error:
        print(error, flush=True)

worker = multiprocessing.get_context("fork").Process(target=work)
worker.start()
worker.join()
"""
    )
    assert output.startswith("JAX must not run in a process that was forked while JAX was running")


@pytest.mark.slow
@pytest.mark.parametrize(
    "before",
    [
        pytest.param(USED_JAX + "CONTEXT = 'spawn'", marks=pytest.mark.slow, id="spawned"),
        pytest.param("CONTEXT = 'fork'", id="forked before JAX runs"),
    ],
)
def test_a_policy_of_jax_acts_in_workers_that_start_jax_themselves(before: str) -> None:
    assert run(before + WORKERS) == "[0.0, 0.0] [-2.0, -2.0]\n"


@pytest.mark.slow
def test_a_trained_opponent_is_read_and_seated_without_starting_jax() -> None:
    run("""
import gymnasium, loqa_envs
from jax._src import xla_bridge
from loqa_agents import load_agent
gymnasium.make("loqa/CoinGame-v0", opponent=load_agent("coin3x3/loqa/42"))
assert not xla_bridge.backends_are_initialized()
""")
