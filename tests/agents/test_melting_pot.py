"""Melting Pot's substrates, where they can be imported: as environments, and a first update."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SCRIPT = """
import json, sys
import numpy as np
from loqa_agents import DenseGRU, HostTrainer, Learner, Training
from loqa_envs import environment
from pettingzoo.test import parallel_api_test
import melting_pot_coins

make_env = getattr(melting_pot_coins, sys.argv[1])
env, chance, found = make_env(), np.random.default_rng(0), {}
parallel_api_test(env, 20)
env.reset(seed=1)
missed, first = 0, env.env
while env.agents:
    seen, rewards, *_ = env.step({agent: int(chance.integers(7)) for agent in env.agents})
    for agent, other in (env.possible_agents, env.possible_agents[::-1]):
        told = env._views[agent].get("MISMATCHED_COIN_COLLECTED_BY_PARTNER", 0)
        missed += bool(rewards[agent] < 0) != bool(told > 0)
found["rewards tell who took whose coin"] = missed == 0
found["fits its space"] = all(env.observation_space(a).contains(x) for a, x in seen.items())
env.reset(seed=2)
found["goes on"] = env.env is first
found["state"] = env.state().shape == env.render().shape
env.close()

game = environment(make_env, 50, seats_alike=True)
learner = Learner(algorithm="loqa", actor=DenseGRU((16,)), critic=DenseGRU((16,)),
                  finite_horizon=False)
trainer = HostTrainer(game, learner, Training(episodes=2), (42,))
_, metrics = trainer.advance(trainer.init(), 0, 1)
trainer.close()
found["learns"] = bool(np.isfinite(metrics["actor_loss"]).all())
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coins_in_parts", "prisoners_dilemma_in_parts"])
def test_a_substrate_is_an_environment_to_train_in(name):
    pytest.importorskip("dmlab2d")
    pytest.importorskip("shimmy")
    # In a process of its own: TensorFlow comes with it, and with that warnings, which are errors.
    command = [sys.executable, "-c", SCRIPT, name]
    ended = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout.splitlines()[-1])
    assert all(found.values()), found
