"""What holds of every game in the catalogue."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_envs import Game, MatrixGame, make_game, make_player

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


def test_dtypes_and_shapes_are_as_promised_and_never_change(game: Game) -> None:
    players = game.num_players
    _, *steps = play(game, jax.random.key(0), random_actions(game))
    first_state = game.reset(jax.random.key(1))
    for state, rewards, info, observations in steps[1:]:
        assert jax.tree.map(lambda x: (x.shape, x.dtype), state) == jax.tree.map(
            lambda x: (x.shape, x.dtype), first_state
        )
        assert (rewards.shape, rewards.dtype) == ((players,), np.float32)
        (leaf,) = game.observation_spec.leaves
        assert (observations.shape, observations.dtype) == ((players, *leaf.shape), leaf.dtype)
        assert all((v.shape, v.dtype) == ((players,), np.float32) for v in info.values())


def test_observations_and_rewards_stay_in_their_ranges(game: Game) -> None:
    low, high = game.reward_range
    for _, rewards, _, observations in play(game, jax.random.key(0), random_actions(game))[2:]:
        assert np.all((low <= rewards) & (rewards <= high))
        assert all(game.observation_spec.contains(row) for row in np.asarray(observations))


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


def test_vmap_equals_a_loop(game: Game) -> None:
    keys = jax.random.split(jax.random.key(3), 5)
    actions = random_actions(game, steps=5)
    states = jax.vmap(game.reset)(keys)
    outcomes = jax.vmap(game.step)(keys, states, actions)
    for i in range(5):
        one = game.step(keys[i], game.reset(keys[i]), jnp.asarray(actions[i]))
        assert_same(jax.tree.map(lambda leaf, i=i: leaf[i], outcomes), one)


def test_numpy_equals_jax_given_the_same_noise_over_a_whole_episode(game: Game) -> None:
    generator = np.random.default_rng(7)
    reset_noise = generator.random(game.reset_noise_size, np.float32)
    noise = generator.random((game.episode_length, game.noise_size), np.float32)
    state = game.initial_state(reset_noise)
    jax_state = game.initial_state(jnp.asarray(reset_noise))
    assert_same(state, jax_state)
    transition = jax.jit(game.transition)
    for joint, chance in zip(random_actions(game, steps=game.episode_length), noise, strict=True):
        outcome = game.transition(state, joint, chance)
        jax_outcome = transition(jax_state, jnp.asarray(joint), jnp.asarray(chance))
        assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(outcome))
        assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(jax_outcome))
        state, jax_state = outcome[0], jax_outcome[0]
        assert_same(
            (outcome, game.observe(state)),
            (jax_outcome, game.observe(jax_state)),
        )


def test_the_same_key_gives_the_same_episode(game: Game) -> None:
    actions = random_actions(game)
    assert_same(play(game, jax.random.key(5), actions), play(game, jax.random.key(5), actions))


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


def test_every_action_has_a_name_of_its_own(game: Game) -> None:
    assert len(set(game.action_names)) == len(game.action_names) == game.num_actions


def test_the_text_of_a_state_is_text(game: Game) -> None:
    state = game.initial_state(np.zeros(game.reset_noise_size, np.float32))
    text = game.render(state)
    assert isinstance(text, str)
    assert text.strip()


def test_every_scripted_player_answers_to_its_name_and_acts_within_the_game(game: Game) -> None:
    observations = game.observe(game.reset(jax.random.key(0)))
    names = list(game.scripted_players(0))
    assert {"always_cooperate", "random"} <= set(names)
    for seat, observation in enumerate(observations):
        assert list(game.scripted_players(seat)) == names
        for name in names:
            player = make_player(name, game, seat)
            carry = player.initial_carry()
            action, new_carry = player.act(jax.random.key(0), (), carry, observation)
            assert action.dtype == np.int32
            assert action.shape == ()
            assert 0 <= int(action) < game.num_actions
            assert jax.tree.map(jnp.shape, new_carry) == jax.tree.map(jnp.shape, carry)


def test_a_game_that_exists_takes_no_further_settings(game: Game) -> None:
    with pytest.raises(ValueError, match="settings go with a game's name"):
        make_game(game, episode_length=3)
