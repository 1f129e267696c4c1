"""What holds of every game in the catalogue."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_envs import Game, MatrixGame, make_game
from loqa_envs.testing import check_game, check_policy

NUM_STEPS = 8


def random_actions(game: Game, seed: int = 0, steps: int = NUM_STEPS) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.integers(game.num_actions, size=(steps, game.num_players)).astype(np.int32)


def play(game: Game, key: jax.Array, actions: np.ndarray) -> list:
    """Everything that one episode gives out, in order."""
    reset_key, *step_keys = jax.random.split(key, 1 + len(actions))
    state = game.reset(reset_key)
    record = [state, game.observe(state)]
    for step_key, joint in zip(step_keys, actions, strict=True):
        state, rewards, info = game.step(step_key, state, jnp.asarray(joint))
        record.append((state, rewards, info, game.observe(state)))
    return record


def assert_same(left: object, right: object) -> None:
    jax.tree.map(
        lambda a, b: np.testing.assert_array_equal(np.asarray(a), np.asarray(b), strict=True),
        left,
        right,
    )


def test_the_laws_of_all_games_hold_to_the_last_digit(game: Game) -> None:
    check_game(game, rtol=0)


def test_jit_equals_eager(game: Game) -> None:
    actions = random_actions(game)
    eager = play(game, jax.random.key(0), actions)
    reset, step, observe = jax.jit(game.reset), jax.jit(game.step), jax.jit(game.observe)
    reset_key, *step_keys = jax.random.split(jax.random.key(0), 1 + NUM_STEPS)
    state = reset(reset_key)
    assert_same([state, observe(state)], eager[:2])
    for t, (key, joint) in enumerate(zip(step_keys, actions, strict=True)):
        state, rewards, info = step(key, state, joint)
        assert_same((state, rewards, info, observe(state)), eager[2 + t])


def test_exchanging_the_seats_exchanges_everything(game: Game) -> None:
    if not isinstance(game, MatrixGame):
        pytest.skip("the game's own tests say what exchanging seats means")
    exchanged = replace(game, payoffs=game.payoffs[::-1])
    actions = random_actions(game)
    ours = play(game, jax.random.key(0), actions)
    theirs = play(exchanged, jax.random.key(0), actions[:, ::-1])
    assert_same(jax.tree.map(lambda leaf: leaf[::-1], ours), theirs)


@pytest.mark.slow
def test_no_key_is_used_twice(game: Game) -> None:
    with jax.debug_key_reuse(True):
        reset_key, step_key = jax.random.split(jax.random.key(0))
        state = game.reset(reset_key)
        actions = jnp.zeros(game.num_players, jnp.int32)
        game.step(step_key, state, actions)
        for player in game.scripted_players(1).values():
            key = jax.random.key(1)
            player.act(key, (), player.initial_carry(), game.observe(state)[1])


def test_equal_settings_make_equal_games_with_equal_hashes(game_name: str, game: Game) -> None:
    assert game == replace(game)
    assert hash(game) == hash(replace(game))
    assert game != replace(game, episode_length=game.episode_length + 1)
    assert make_game(game) is game


def test_every_game_has_players_that_are_always_there(game: Game) -> None:
    assert {"always_cooperate", "random"} <= set(game.scripted_players(0))


@pytest.mark.slow
def test_scripted_players_keep_their_laws_in_every_other_seat(game: Game) -> None:
    for seat in range(1, game.num_players):
        for name in game.scripted_players(seat):
            check_policy(name, game, seat=seat)


def test_a_game_that_exists_takes_no_further_settings(game: Game) -> None:
    with pytest.raises(ValueError, match="settings go with a game's name"):
        make_game(game, episode_length=3)
