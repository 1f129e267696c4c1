"""Games and environments give the same numbers whatever JAX is configured with."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents import Agent, DenseGRU, Learner
from loqa_envs import COIN_PRESETS, CoinGame, Game, Tremble, make_game
from loqa_envs.adapters.gymnasium import GameEnv
from loqa_envs.adapters.vector import SharedVectorEnv, VectorGameEnv
from loqa_envs.keys import key

from .configurations import (
    EVERYTHING,
    OTHER_CHANCE,
    STRICT,
    WARY,
    WIDE,
    as_ever,
    configured,
    types,
    wide_types,
)  # fmt: skip

GAMES = [
    make_game("stag_hunt"),
    CoinGame(observation="index", next_owner="random", tie="first", swap_view=False),
    CoinGame(size=(3, 4), num_players=3, num_coins=3, players_overlap=False, stay=True),
]


def steps(game: Game, start: jax.Array) -> Any:
    """Three steps with every scripted player, and with one whose hand trembles."""
    players = list(game.scripted_players(0).values())
    players.append(Tremble(players[0], 0.5))

    def step(carry: Any, key: jax.Array) -> Any:
        state, memories = carry
        seen, keys = game.observe(state), jax.random.split(key, len(players) + 1)
        moves = [
            player.act(each, (), memory, seen[0])
            for player, each, memory in zip(players, keys[1:], memories, strict=True)
        ]
        actions = jnp.stack([action for action, *_ in moves])
        state, *measured = game.step(keys[0], state, actions[: game.num_players])
        return (state, [memory for _, memory, _ in moves]), (seen, actions, measured)

    first, *keys = jax.random.split(start, 4)
    memories = [player.initial_carry() for player in players]
    return jax.lax.scan(step, (game.reset(first), memories), jnp.stack(keys))


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES, ids=["matrix", "index", "planes"])
def test_games_and_scripted_players_in_a_program_of_somebodys_own(game):
    # Whose program it is, whose chance it is: jax_threefry_partitionable is left alone.
    assert as_ever(lambda: jax.jit(steps, static_argnums=0)(game, key(5)), WIDE | STRICT | WARY)


@pytest.mark.parametrize("name", COIN_PRESETS)
def test_every_version_of_the_coin_game_names_its_types(name):
    program = functools.partial(steps, CoinGame.preset(name))
    expected = types(program, key(5))
    with configured(WIDE | STRICT):
        assert types(program, key(5)) == expected
        assert not wide_types(program, key(5))
    with configured(STRICT):
        assert types(program, key(5)) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ipd", "coin_game"])
@pytest.mark.parametrize(("xp", "highest"), [(np, 1 - 2**-53), (jnp, 1 - 2**-24)])
def test_rules_on_actions_and_noise_that_somebody_else_drew(name, xp, highest):
    game = make_game(name)

    def played() -> Any:
        noise, actions = xp.asarray(np.full(9, highest)), xp.asarray(np.zeros(2, np.int64))
        state = game.initial_state(noise[: game.reset_noise_size])
        return state, game.transition(state, actions, noise[: game.noise_size])

    if name == "coin_game":  # the largest number that is below 1 is below it in float32, too
        assert max(played()[0].players.max(), played()[0].coins.max()) < game.num_cells
    assert as_ever(played, WIDE | STRICT)


def agent() -> Agent:
    game = CoinGame(observation="index", shift_view=True, episode_length=4)
    learner = Learner(actor=DenseGRU(hidden=(4,), memory=3))
    return Agent(game, learner, learner.init(key(0), game).params, 0)


@pytest.mark.slow
def test_environments_against_scripted_players():
    def played() -> Any:
        env = VectorGameEnv("coin_game", "tit_for_tat", num_envs=3, episode_length=2)
        shared = SharedVectorEnv("chicken", num_games=2, episode_length=2)
        return [
            (each.reset(seed=5)[0], [each.step(actions)[:2] for _ in range(3)])
            for each, actions in ((env, np.zeros(3, np.int64)), (shared, np.zeros(4, np.int64)))
        ]

    assert as_ever(played, EVERYTHING)


@pytest.mark.slow
def test_environments_against_an_agent():
    def played() -> Any:
        me = agent()
        env, single = VectorGameEnv(me.game, me, num_envs=3), GameEnv(me.game, me)
        return (
            (env.reset(seed=5)[0], [env.step(np.zeros(3, np.int64))[:2] for _ in range(3)]),
            (single.reset(seed=5)[0], [single.step(1)[:2] for _ in range(3)]),
        )

    assert as_ever(played, EVERYTHING)
    assert as_ever(lambda: agent().actor_critic, OTHER_CHANCE)
