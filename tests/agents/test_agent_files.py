"""What a file promises of an agent is compared with what it holds before anything is made of it."""

import json
import tracemalloc
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from loqa_agents import Agent, DenseGRU, Learner, load_agent, register_network, save_agent
from loqa_agents.common.settings import KINDS
from loqa_envs import IPD, MatrixGame


def _agent(game: Any = IPD(episode_length=5), **settings: Any) -> Agent:  # noqa: B008
    learner = Learner(**settings)
    return Agent(game, learner, learner.init(jax.random.key(0), game).params, np.int64(3))


@pytest.fixture
def rewritten(tmp_path: Path) -> Any:
    """The file of an agent with other settings in its header, or other arrays."""

    def write(change: Any, arrays: Any = lambda arrays: arrays) -> Path:
        path = tmp_path / "agent.safetensors"
        save_agent(path, _agent())
        with safe_open(path, framework="numpy") as file:
            header = json.loads(file.metadata()["loqa"])
        change(header)
        save_file(arrays(load_file(path)), path, {"loqa": json.dumps(header)})
        return path

    return write


HOSTILE: list[tuple[Any, str]] = [
    (lambda h: h["game"].update(episode_length=10**9), "episode_length must be an integer from 1"),
    (lambda h: h["learner"]["actor"].update(hidden=[1] * 50_000), "at most 64 entries"),
    (lambda h: h["learner"]["actor"].update(hidden=[9] * 60), "an array for each of 61 layers"),
    (lambda h: h["learner"]["actor"].update(hidden=[10**12]), "DenseGRU.hidden must be"),
    (lambda h: h["learner"]["actor"].update(memory=65_536), "array .* must be of shape"),
    (
        lambda h: h.update(game={"name": "coin_game", "size": [12_000] * 2}),
        r"CoinGame.size must be an integer from 1 to 1,000",
    ),
    (
        lambda h: h.update(game={"name": "coin_game", "size": [1000] * 2}),
        r"actor/params/Dense_0/kernel must be of shape \(4000000, 4\)",
    ),
    (lambda h: h["learner"].update(clip="0.2"), "Learner.clip must be a number from"),
    (lambda h: h["learner"].update(clip=True), "Learner.clip must be a number from"),
    (lambda h: h["learner"]["actor"].update(kind="rnn"), "a kind of Network must be registered"),
    (lambda h: h["learner"]["actor"].update(kind="cnn"), "cnn must be given an image"),
    (lambda h: h["learner"].update(actor=[]), "Learner.actor must be a Network"),
    (lambda h: h["game"].update(name="chess"), "game must be one of"),
    (lambda h: h["game"].update(game="ipd"), "was given a setting that it lacks"),
    (lambda h: h.update(seed=-1), "seed must be greater than or equal to 0"),
    (lambda h: h.update(seed="x"), "seed must be a valid integer"),
    (lambda h: h.pop("game"), "game must be there"),
]


@pytest.mark.parametrize(("change", "said"), HOSTILE, ids=[said for _, said in HOSTILE])
def test_a_header_that_promises_too_much_is_refused_for_nothing(
    rewritten: Any, change: Any, said: str
) -> None:
    path = rewritten(change)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=said) as refusal:
            load_agent(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(refusal.value).startswith("an agent must have been saved by loqa in the format")
    assert "\n" not in str(refusal.value)
    assert peak < 2**24


def test_networks_are_not_traced_before_layers_and_arrays_agree(
    rewritten: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rewritten(lambda h: h["learner"]["actor"].update(hidden=[1] * 60))
    monkeypatch.setattr(Learner, "init", lambda *_: pytest.fail("was traced"))
    with pytest.raises(ValueError, match="an array for each of 61 layers, it has"):
        load_agent(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_neither_saved_nor_loaded(
    rewritten: Any, tmp_path: Path, value: float
) -> None:
    def spoil(arrays: dict[str, Any]) -> dict[str, Any]:
        last = sorted(arrays)[-1]
        arrays[last] = arrays[last].copy()
        arrays[last].flat[-1] = value
        return arrays

    path = rewritten(lambda header: None, spoil)
    with pytest.raises(ValueError, match=r"weights must be finite; critic/.* has NaN or infinity"):
        load_agent(path)
    agent = _agent()
    spoilt = agent.actor_critic._replace(
        critic=jax.tree.map(lambda x: x * value, agent.actor_critic.critic)
    )
    with pytest.raises(ValueError, match="weights must be finite"):
        save_agent(tmp_path / "spoilt.safetensors", replace(agent, actor_critic=spoilt))
    assert not (tmp_path / "spoilt.safetensors").exists()


@dataclass(frozen=True)
class Doubled(DenseGRU):
    """Says twice what its base says."""

    def apply(self, *arguments: Any) -> Any:
        outputs, carry = super().apply(*arguments)
        return 2 * outputs, carry


def test_an_agent_comes_back_as_it_was_saved_with_game_and_network_of_their_own_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent.safetensors"
    game = MatrixGame("lola", episode_length=5)
    agent = _agent(game, actor=Doubled(hidden=(3,)))
    with pytest.raises(ValueError, match="Doubled must be registered so that it can be saved"):
        save_agent(path, agent)
    monkeypatch.setattr("loqa_agents.common.settings.KINDS", dict(KINDS))
    register_network("doubled", Doubled)
    save_agent(path, agent)
    again = load_agent(path)
    assert (again.game, again.learner, again.seed) == (game, agent.learner, 3)
    assert [type(part) for part in (again.game, again.learner.actor)] == [MatrixGame, Doubled]
    step = game.observe(game.reset(jax.random.key(0)))[0]
    outputs = [each.policy.step(each.params, (), step)[0] for each in (agent, again)]
    np.testing.assert_array_equal(*outputs)
    monkeypatch.setattr("loqa_agents.common.settings.KINDS", {})
    with pytest.raises(ValueError, match=r"must be registered by the module .*'doubled'"):
        load_agent(path)
