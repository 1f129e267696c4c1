"""Named starting points: a game and how to learn it. The command line changes the rest."""

from dataclasses import replace
from typing import NamedTuple

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.algorithms.dice.pola_dice import PolaDice
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.weights.loqa import Shaping
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.training.updates import Training
from loqa_envs.catalogue import make_game
from loqa_envs.game import Game


class Preset(NamedTuple):
    game: Game
    learner: Algorithm
    training: Training
    summary: str
    """One line for ``--help``."""
    seeds: str = "42-51"


_TABULAR = (Learner(), Training())

_ALIGNED_IPD = (
    Learner(algorithm="advantage_alignment", credit_gae_decay=0.0, actor_learning_rate=0.03),
    Training(updates=400),
)
"""It ends in tit for tat, as published. A past of advantages with GAE shares noise with the present
ones; players then retaliate and forgive with probability 3/4 only."""

_PAPER_IPD = (
    Learner(
        shaping=Shaping(sampled_values=True),
        critic=DenseGRU(),
        finite_horizon=False,
        gae_decay=0.0,
        opponent_gae_decay=1.0,
        credit_gae_decay=0.0,
        td_decay=0.0,
        target_decay=0.99,
        actor_learning_rate=1e-3,
        critic_learning_rate=1e-2,
        actor_steps=1,
        critic_steps=1,
    ),
    Training(episodes=2048, updates=7000, evaluate_every=100),
)
"""As LOQA's published command for the IPD, with its endless-game critic beside returns that stop.

Two things differ on purpose: every update draws fresh random numbers (the published loop plays the
same ones for ever), and the advantage is held constant in the actor's loss.
"""

_POLA_IPD = (
    PolaDice(
        actor=DenseGRU(hidden=(64,), memory=64),
        critic=DenseGRU(hidden=(64,), memory=64),
        initial_scale=1.0, steps=200, rate=0.003, critic_rate=5e-4, inner_rate=0.005,
        penalty=100.0, inner_penalty=10.0,
    ),
    Training(rival="pola_dice", episodes=2000, updates=101, evaluate_every=10),
)  # fmt: skip
"""As POLA's published command for the IPD with full history; `PolaDice` says what differs."""

_PAPER_COIN = (
    replace(
        _PAPER_IPD[0],
        actor=DenseGRU(hidden=(128,), memory=128),
        critic=DenseGRU(hidden=(64,), memory=64),
        exploration=0.0,
        entropy=0.1,
    ),
    Training(pool=10_000, episodes=512, updates=6000, evaluate_every=100),
)
"""As LOQA's published command for the 3 x 3 Coin Game, with the same critic as the IPD's.

Two more things differ on purpose: the episodes of an update are shared by 8 past selves (there,
each episode draws its own, and every matrix product is one of a single row), and the board is
looked up and seen from the player (there, it is planes seen from above).
"""

_RECURRENT = (
    Learner(
        actor=DenseGRU(hidden=(64, 64), memory=32),
        critic=DenseGRU(hidden=(64, 64), memory=32),
        shaping=Shaping(weight=3.0, decay=0.8),
        exploration=0.0,
        credit_gae_decay=0.0,
        actor_learning_rate=5e-3,
        critic_learning_rate=3e-3,
        entropy=0.2,
        anneal=600,
        final_actor_learning_rate=1e-3,
        final_shaping_weight=2.2,
        final_entropy=0.003,
    ),
    Training(
        pool=256,
        scripted=("always_defect", "tit_for_tat"),
        episodes=256,
        updates=900,
        evaluate_every=25,
    ),
)
"""How it was found is in benchmarks/LABBOOK.md.

Each player sees the board around itself as a few numbers, so that what it learns in one place holds
everywhere and one step costs the same on every board.
"""

_MIXED_POOL = (
    Learner(
        algorithm="naive",
        actor=DenseGRU(hidden=(32,), memory=32),
        critic=DenseGRU(hidden=(32,), memory=32),
        exploration=0.0,
        actor_learning_rate=3e-3,
        critic_learning_rate=3e-3,
        entropy=0.05,
        anneal=600,
        final_actor_learning_rate=1e-3,
    ),
    Training(
        pool=1, opponents=8, newest=4, both_seats=True, scripted=("memory_one:random",) * 4,
        episodes=256,
    ),
)  # fmt: skip
"""As Weis et al. (2026): a policy gradient with memory, half of whose opponents are itself and half
random memory-one players. Hyper-parameters are our own."""

_NEGOTIATION = (
    Learner(
        algorithm="advantage_alignment",
        shaping=Shaping(weight=10.0, past="mean"),
        actor=DenseGRU(hidden=(32,), memory=32),
        critic=DenseGRU(hidden=(32,), memory=32),
        exploration=0.0,
        credit_gae_decay=0.0,
        actor_learning_rate=3e-3,
        critic_learning_rate=3e-3,
        entropy=0.05,
    ),
    Training(episodes=128, updates=300),
)
"""The form of Advantage Alignment that its published negotiation has, with fewer episodes.

Ten seeds get .414 among themselves (.400 to .443), where .44 is published. With the published
weight, 3, at larger steps and less entropy two seeds asked for everything (.30).
"""

_GRID = (
    replace(_NEGOTIATION[0], algorithm="naive", shaping=Shaping(), entropy=0.03),
    Training(episodes=128, updates=300),
)
"""Policy gradients with memory: somewhere to start from, which nobody has tuned."""

PRESETS: dict[str, Preset] = {
    "ipd": Preset(make_game("ipd"), *_TABULAR, "the iterated prisoner's dilemma, in a minute"),
    "ipd-paper": Preset(
        make_game("ipd"), *_PAPER_IPD, "LOQA's published hyper-parameters and estimator; hours"
    ),
    "ipd-pola-paper": Preset(
        make_game("ipd", payoffs="pola"), *_POLA_IPD, "POLA's published settings; days", seeds="42"
    ),
    "ipd-mixed-pool": Preset(
        make_game("ipd", episode_length=100),
        *_MIXED_POOL,
        "policy gradients with memory, among themselves and random memory-one players",
        seeds="42-44",
    ),
    "ipd-alignment": Preset(
        make_game("ipd"), *_ALIGNED_IPD, "Advantage Alignment in the iterated prisoner's dilemma"
    ),
    **{
        name: Preset(make_game(name), *_TABULAR, f"{name.replace('_', ' ')}, as ipd")
        for name in ("stag_hunt", "chicken", "matching_pennies", "battle_of_the_sexes")
    },
    "coin": Preset(
        make_game("coin_game", observation="index", shift_view=True),
        *_RECURRENT,
        "the Coin Game, in self-play with past selves",
        seeds="42",
    ),
    "coin-paper": Preset(
        make_game("coin_game", observation="index", shift_view=True),
        *_PAPER_COIN,
        "LOQA's published hyper-parameters for the Coin Game; hours",
        seeds="42",
    ),
    "matrix_game": Preset(
        make_game("matrix_game", payoffs=(-1, -3, 0, -2)), *_TABULAR, "your own --payoffs, as ipd"
    ),
    "public_goods": Preset(
        make_game("public_goods"), *_TABULAR, "a dilemma of two to eight players, as ipd"
    ),
    "negotiation": Preset(
        make_game("negotiation"),
        *_NEGOTIATION,
        "negotiation, from which to start; not tuned",
        seeds="42",
    ),
    "stag_hunt_grid": Preset(
        make_game("stag_hunt_grid"), *_GRID, "the stag hunt on a board", seeds="42"
    ),
    "harvest_grid": Preset(
        make_game("harvest_grid"), *_GRID, "plants that mature, on a board", seeds="42"
    ),
    "escalation_grid": Preset(
        make_game("escalation_grid"), *_GRID, "a mark to follow together, on a board", seeds="42"
    ),
}
