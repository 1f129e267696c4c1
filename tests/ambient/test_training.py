"""Learning gives the same numbers whatever JAX is configured with."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import pytest

from loqa_agents import (
    ALGORITHMS,
    DenseGRU,
    Learner,
    Shaping,
    Trainer,
    Training,
    load_agent,
    run,
    save_agent,
)  # fmt: skip
from loqa_agents.algorithms.dice.lola_dice import LolaDice
from loqa_agents.algorithms.dice.pola_dice import PolaDice
from loqa_agents.algorithms.ppo.ippo import IPPO
from loqa_envs import CoinGame, make_game

from .configurations import (
    EVERYTHING,
    STRICT,
    WIDE,
    as_ever,
    configured,
    nearly_as_ever,
    types,
    wide_types,
)

SMALL = DenseGRU(hidden=(4,), memory=3)
COIN = CoinGame(observation="index", shift_view=True, episode_length=4)
DILEMMA = make_game("ipd", episode_length=4)
ANNEALED = Learner(
    actor=SMALL, critic=SMALL, balance=True, anneal=3, entropy=0.1, target_decay=0.5,
    actor_steps=1, critic_steps=1,
)  # fmt: skip
POOL = Training(
    pool=2, pool_interval=1, opponents=4, newest=1, both_seats=True,
    scripted=("always_defect", "tit_for_tat"), episodes=4, updates=2,
)  # fmt: skip
SELF_PLAY = Training(episodes=4, updates=2)
RECIPES = {name: (DILEMMA, Learner(algorithm=name), SELF_PLAY) for name in ALGORITHMS} | {
    "pool": (COIN, ANNEALED, POOL),
    "planes": (CoinGame(episode_length=4), Learner(actor=SMALL), SELF_PLAY),
    "rival": (DILEMMA, Learner(), Training(rival="naive", episodes=4, updates=2)),
    "seats": (make_game("battle_of_the_sexes", episode_length=4), Learner(), SELF_PLAY),
    "exact": (DILEMMA, Learner(entropy=0.1), Training(exact=True, updates=2)),
    "endless": (DILEMMA, Learner(finite_horizon=False), SELF_PLAY),
    "mean": (DILEMMA, Learner(shaping=Shaping(past="mean")), SELF_PLAY),
    "ippo": (COIN, IPPO(actor=SMALL, critic=SMALL, anneal=5, minibatches=5), POOL),
    "lola_dice": (DILEMMA, LolaDice(actor=SMALL, initial_scale=1), SELF_PLAY),
    "pola_dice": (DILEMMA, PolaDice(actor=SMALL, critic=SMALL, initial_scale=1), SELF_PLAY),
    "sampled": (DILEMMA, Learner(shaping=Shaping(sampled_values=True)), SELF_PLAY),
}


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_kind_of_update_names_its_types(recipe):
    trainer = Trainer(*RECIPES[recipe], (42,), jax.devices()[:1])
    state = trainer.shapes()

    def advance(state: Any) -> Any:
        return trainer.advance(state, 0, 2)

    expected = types(trainer.init), types(advance, state)
    with configured(WIDE | STRICT):
        assert (types(trainer.init), types(advance, state)) == expected
        assert not wide_types(trainer.init) | wide_types(advance, state)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["pool", "exact"])
def test_training(recipe):
    def trained() -> Any:
        trainer = Trainer(*RECIPES[recipe], (42,), jax.devices()[:1])
        return trainer.advance(trainer.init(), 0, 2)

    assert nearly_as_ever(trained, EVERYTHING)


@pytest.mark.slow
def test_a_run_from_the_first_update_to_its_files_and_an_agent_of_it():
    def done() -> Any:
        with TemporaryDirectory() as folder:
            out, recipe = Path(folder), Training(episodes=2, updates=1, evaluate_every=1)
            results = run(DILEMMA, Learner(), recipe, (0, 1), out / "run", final_episodes=128)
            first = load_agent(out / "run" / "agents" / "0.safetensors")
            save_agent(out / "again.safetensors", first)
            again = load_agent(out / "again.safetensors").actor_critic
        kept = ("self_play", "cross_play", "versus", "cooperation")
        return [results[name] for name in kept], first.actor_critic, again

    assert as_ever(done, EVERYTHING)
