"""What each scripted player of the Coin Game is known for, and what they earn."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chisquare

from loqa_envs import (
    CoinGame,
    CoinPlayer,
    CoinState,
    Game,
    Policy,
    Reciprocator,
    make_game,
    make_player,
)
from loqa_envs.adapters.gymnasium import GameEnv
from loqa_envs.adapters.vector import VectorGameEnv

AC, AD, RANDOM, TFT = "always_cooperate", "always_defect", "random", "tit_for_tat"
LEFT, RIGHT, UP, DOWN, STAY = range(5)
NO_NOISE = np.zeros(0, np.float32)


def state(players: list[int], coins: list[int], owners: list[int]) -> CoinState:
    return CoinState(*(np.array(cells, np.int32) for cells in (players, coins, owners)))


def moves_of(player: Policy, game: CoinGame, seen: CoinState, seat: int = 0) -> set[int]:
    """Every first move that the player may choose."""
    observation = game.observe(seen)[seat]
    carry = player.initial_carry()
    return {
        int(player.choose(carry, observation, np.array([chance], np.float32))[0])
        for chance in np.arange(0, 1, 0.05)
    }


def mean_rewards(game: Game, names: tuple[str, ...], episodes: int, seed: int = 0) -> list[float]:
    """Mean reward a step of each seat, all episodes at once."""
    players = [make_player(name, game, seat) for seat, name in enumerate(names)]

    def uniform(key: jax.Array, number: int) -> jax.Array:
        return jax.random.uniform(key, (number, episodes)).T

    def play(carry: tuple, key: jax.Array) -> tuple:
        states, memories = carry
        game_key, *keys = jax.random.split(key, 1 + len(players))
        seen = jax.vmap(game.observe)(states)
        chosen = [
            jax.vmap(player.choose)(memory, seen[:, seat], uniform(keys[seat], player.noise_size))
            for seat, (player, memory) in enumerate(zip(players, memories, strict=True))
        ]
        joint = jnp.stack([action for action, _ in chosen], 1)
        chance = uniform(game_key, game.noise_size)
        states, rewards, _ = jax.vmap(game.transition)(states, joint, chance)
        return (states, tuple(memory for _, memory in chosen)), rewards.mean(0)

    @jax.jit
    def run(key: jax.Array) -> jax.Array:
        reset_key, steps_key = jax.random.split(key)
        states = jax.vmap(game.initial_state)(uniform(reset_key, game.reset_noise_size))
        memories = jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (episodes, *jnp.shape(leaf))),
            tuple(player.initial_carry() for player in players),
        )
        keys = jax.random.split(steps_key, game.episode_length)
        return jax.lax.scan(play, (states, memories), keys)[1].mean(0)

    return run(jax.random.key(seed)).tolist()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "names", "expected"),
    [
        (3, (AC, AC), (0.347, 0.347)),
        (3, (AC, AD), (-0.269, 0.635)),
        (3, (AD, AD), (0, 0)),
        (3, (RANDOM, AD), (-0.531, 0.531)),
        (4, (AC, AC), (0.243, 0.243)),
        (5, (AC, AC), (0.203, 0.203)),
        (6, (AC, AC), (0.163, 0.163)),
        (7, (AC, AC), (0.143, 0.143)),
    ],
)
def test_the_usual_players_earn_what_they_are_known_to(
    size: int, names: tuple, expected: tuple
) -> None:
    earned = mean_rewards(make_game("coin_game", size=size, observation="index"), names, 12_000)
    assert earned == pytest.approx(expected, abs=0.005)


@pytest.mark.slow
def test_tit_for_tat_cooperates_with_its_like_and_bounds_what_it_loses() -> None:
    game = make_game("coin_game", observation="index")
    assert mean_rewards(game, (TFT, TFT), 1024) == pytest.approx((0.347, 0.347), abs=0.01)
    loser, winner = mean_rewards(game, (TFT, AD), 1024)
    assert -0.05 < loser < winner < 0.06  # where always_cooperate would lose 0.27 and pay 0.63


def test_the_way_is_the_shortest_round_the_board_and_ties_are_even() -> None:
    game = CoinGame(size=(4, 7))
    player = make_player(AC, game, 0)
    # Cell 7 r + c; the player is at (0, 0).
    for coin, moves in {
        (0, 6): {LEFT},
        (0, 3): {RIGHT},
        (3, 0): {UP},
        (2, 0): {UP, DOWN},
        (1, 1): {RIGHT, DOWN},
        (2, 5): {UP, DOWN, LEFT},
    }.items():
        seen = state([0, 27], [7 * coin[0] + coin[1]], [0])
        assert moves_of(player, game, seen) == moves
    chances = np.random.default_rng(0).random((3000, 1), np.float32)
    observation = game.observe(state([0, 27], [2 * 7 + 5], [0]))[0]
    chosen = [int(player.choose((), observation, chance)[0]) for chance in chances]
    assert chisquare(np.bincount(chosen)[[UP, DOWN, LEFT]]).pvalue > 0.001


def test_cooperators_leave_the_others_coin_and_defectors_take_it() -> None:
    game = CoinGame(size=5)
    beside = state([0, 12], [1], [1])
    assert moves_of(make_player(AD, game, 0), game, beside) == {RIGHT}
    assert RIGHT not in moves_of(make_player(AC, game, 0), game, beside)


def test_with_two_coins_a_cooperator_steps_round_the_others() -> None:
    game = CoinGame(size=5, num_coins=2, stay=True)
    # Its own coin is two to the right, the other's is in between.
    seen = state([0, 12], [2, 1], [0, 1])
    assert RIGHT not in moves_of(make_player(AC, game, 0), game, seen)
    assert moves_of(make_player(AD, game, 0), game, seen) == {RIGHT}
    together = state([0, 12], [1, 1], [0, 1])
    assert moves_of(make_player(AC, game, 0), game, together) == {RIGHT}


def test_on_even_boards_a_fixed_tie_break_lets_a_defector_circle_for_ever() -> None:
    game = CoinGame(size=4, num_players=2)
    # The coin is two rows from the defector, so neither up nor down is shorter.
    current = state([0, 5], [8], [1])
    fixed = CoinPlayer(game, 0, greedy=True, ties="fixed")
    at_random = make_player(AD, game, 0)
    generator = np.random.default_rng(0)

    def rewards(player: Policy, steps: int) -> float:
        now, total = current, 0.0
        for t in range(steps):
            noise = generator.random(player.noise_size, np.float32)
            action, _ = player.choose((), game.observe(now)[0], noise)
            other = (LEFT, RIGHT)[t % 2]
            now, paid, _ = game.transition(
                now, np.array([action, other], np.int32), generator.random(1, np.float32)
            )
            total += float(paid[0])
        return total

    assert rewards(fixed, 500) == 0
    assert rewards(at_random, 2) == 1
    with pytest.raises(ValueError, match="ties must be one of random, fixed, got 'coin'"):
        CoinPlayer(game, 0, ties="coin")


def test_the_fixed_tie_break_is_the_published_one() -> None:
    game = CoinGame(size=5)
    fixed = CoinPlayer(game, 0, greedy=True, ties="fixed")
    # From the middle: rows come first, then columns.
    for coin, move in {0: UP, 24: DOWN, 14: RIGHT, 10: LEFT, 2: UP}.items():
        assert moves_of(fixed, game, state([12, 0], [coin], [1])) == {move}
    coward = CoinPlayer(game, 0, ties="fixed")
    assert moves_of(coward, game, state([12, 0], [2], [1])) == {DOWN}


@pytest.mark.parametrize("view", [{}, {"swap_view": False}, {"observation": "index"}])
@pytest.mark.parametrize("seat", [0, 1])
def test_tit_for_tat_takes_the_next_coin_of_who_took_its_own(view: dict, seat: int) -> None:
    game = CoinGame(size=5, **view)
    for lost in (True, False):
        player = make_player(TFT, game, seat)
        other, carry = 1 - seat, player.initial_carry()

        def see(mine: int, theirs: int, coin: int, owner: int, seat=seat, player=player) -> int:
            nonlocal carry
            cells = [theirs, mine] if seat else [mine, theirs]
            seen = game.observe(state(cells, [coin], [owner]))[seat]
            action, carry = player.choose(carry, seen, np.zeros(1, np.float32))
            return int(action)

        see(0, 11, 12, seat)  # its own coin, beside the other
        taker = (0, 12) if lost else (12, 11)
        assert (see(*taker, taker[0] + 1, other) == RIGHT) is lost
        # It takes the other's coin, or the other does: that is the end of it.
        see(taker[0] + 1, 3, 20, seat)
        see(20, 4, 24, other)  # it takes its own
        assert see(21, 5, 22, other) != RIGHT


def test_k_strikes_waits_for_k_losses_and_takes_m_coins() -> None:
    game = CoinGame(size=5)
    player = Reciprocator(game, 0, strikes=2, coins=3)
    carry = player.initial_carry()
    wants = []
    for _ in range(6):
        # Its own coin is at 12, beside the other, who takes it; then the other's is at 1.
        _, carry = player.choose(carry, game.observe(state([0, 11], [12], [0]))[0], np.zeros(1))
        seen = game.observe(state([0, 12], [1], [1]))[0]
        action, carry = player.choose(carry, seen, np.zeros(1, np.float32))
        wants.append(int(action) == RIGHT)
        # Someone takes that coin, and its own appears elsewhere.
        seen = game.observe(state([1, 11], [12], [0]))[0]
        _, carry = player.choose(carry, seen, np.zeros(1, np.float32))
        carry = carry._replace(coins=np.full(2, -1, np.int32))
    # Two losses bring three coins' revenge; losses meanwhile count for the next.
    assert wants == [False, True, True, True, True, True]
    with pytest.raises(
        ValueError, match=r"Reciprocator\.strikes must be an integer from 1 .* got 0"
    ):
        Reciprocator(game, 0, strikes=0)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"swap_view": False, "tie": "first"},
        {"observation": "index", "num_players": 3},
        {"observation": "flat", "channels_last": True, "shift_view": True, "num_coins": 2},
        {"observation": "index", "swap_view": False, "num_coins": 4, "num_players": 4},
    ],
)
def test_a_player_reads_any_view_as_it_is(settings: dict) -> None:
    game = CoinGame(size=(4, 5), **settings)
    plain = CoinGame(size=(4, 5), **(settings | {"shift_view": False}))
    generator = np.random.default_rng(0)
    for _ in range(20):
        now = game.initial_state(generator.random(game.reset_noise_size, np.float32))
        for seat in range(game.num_players):
            players, coins = plain.view.read(plain.observe(now)[seat], seat)
            np.testing.assert_array_equal(players, now.players)
            for cell, owner in zip(now.coins, now.owners, strict=True):
                assert coins[owner] == cell
            assert (coins == -1).sum() == game.num_players - game.num_coins
            noise = np.array([0.3], np.float32)
            for name in (AC, AD):
                chosen = [
                    make_player(name, each, seat).choose((), each.observe(now)[seat], noise)[0]
                    for each in (game, plain)
                ]
                assert chosen[0] == chosen[1]


def test_a_dawdler_takes_any_harmless_step_and_its_revenge_in_the_end() -> None:
    game = CoinGame(size=5)
    straight, player = (make_player(f"dawdler:{p},1", game, 0) for p in (0, 1))
    assert player.noise_size == 3
    carry = player.initial_carry()
    # The other's coin is to the right of it: all other steps are harmless, and equally probable.
    seen = game.observe(state([6, 20], [7], [1]))[0]
    steps = [
        int(player.choose(carry, seen, np.array([0, 0, chance], np.float32))[0])
        for chance in np.linspace(0, 1, 30, endpoint=False)
    ]
    assert sorted(set(steps)) == sorted({0, 1, 2, 3} - {RIGHT})
    assert {steps.count(step) for step in set(steps)} == {10}
    # Once it has lost its own coin, at 12, to the other, it is none of these that stops it.
    _, carry = player.choose(carry, game.observe(state([6, 11], [12], [0]))[0], np.zeros(3))
    seen = game.observe(state([6, 12], [7], [1]))[0]
    wanted = [
        int(player.choose(carry, seen, np.array([0, 0, chance], np.float32))[0])
        for chance in np.linspace(0, 1, 40, endpoint=False)
    ]
    assert wanted.count(RIGHT) == 10
    assert int(straight.choose(carry, seen, np.zeros(3, np.float32))[0]) == RIGHT


@pytest.mark.parametrize("words", ["", "0.3", "2,1", "0.3,0", "0.3,x", "0.3,1,1", "nan,1"])
def test_a_dawdler_is_a_probability_and_a_number(words: str) -> None:
    with pytest.raises(ValueError, match=r"dawdler: must be followed by|Dawdler"):
        make_player(f"dawdler:{words}", CoinGame(), 0)


@pytest.mark.parametrize("name", [AC, AD, TFT, "k_strikes", "dawdler:0.5,2"])
@pytest.mark.parametrize("settings", [{}, {"num_coins": 2, "stay": True, "shift_view": True}])
def test_numpy_chooses_as_jax_does_given_the_same_noise(name: str, settings: dict) -> None:
    game = CoinGame(**settings)
    player = make_player(name, game, 1)
    generator = np.random.default_rng(0)
    now = game.initial_state(generator.random(game.reset_noise_size, np.float32))
    carry = jax_carry = player.initial_carry()
    choose: Callable = jax.jit(player.choose)
    for _ in range(60):
        noise = generator.random(player.noise_size, np.float32)
        seen = game.observe(now)[1]
        action, carry = player.choose(carry, seen, noise)
        jax_action, jax_carry = choose(jax_carry, seen, noise)
        assert isinstance(action, np.ndarray | np.generic)
        assert int(action) == int(jax_action)
        for left, right in zip(jax.tree.leaves(carry), jax.tree.leaves(jax_carry), strict=True):
            np.testing.assert_array_equal(left, right)
            assert left.dtype == right.dtype
        joint = np.array([generator.integers(4), action], np.int32)
        now, *_ = game.transition(now, joint, generator.random(game.noise_size, np.float32))


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["loqa", "pola"])
def test_opponents_know_their_seat_whatever_they_see(preset: str) -> None:
    # Against always_defect, whoever stands still loses coins and never gains any.
    for seat in (0, 1):
        env = GameEnv("coin_game", AD, seat=seat, preset=preset, stay=True)
        env.reset(seed=0)
        infos = [env.step(4)[-1] for _ in range(50)]
        assert sum(info["opponent_reward"] for info in infos) > 15
        vector = VectorGameEnv("coin_game", AD, num_envs=32, seat=seat, preset=preset, stay=True)
        vector.reset(seed=0)
        paid = [vector.step(np.full(32, 4))[-1]["opponent_reward"].mean() for _ in range(49)]
        assert np.mean(paid) > 0.3


def test_a_player_of_another_board_is_refused() -> None:
    player = make_player(AC, CoinGame(size=4), 0)
    with pytest.raises(ValueError, match=r"size must be \(3, 3\), is \(4, 4\)"):
        make_player(player, CoinGame(), 0)


@pytest.mark.parametrize("on_players", [False, True])
def test_coins_appear_on_all_their_cells_alike(on_players: bool) -> None:
    game = CoinGame(size=(3, 4), num_players=3, coins_on_players=on_players)
    before = jax.tree.map(jnp.asarray, state([0, 4, 4], [5], [0]))
    keys = jax.random.split(jax.random.key(0), 20_000)
    actions = jnp.array([LEFT, RIGHT, UP], jnp.int32)
    after = jax.jit(jax.vmap(lambda key: game.step(key, before, actions)[0].coins[0]))(keys)
    counts = np.bincount(np.asarray(after), minlength=12)
    free = np.ones(12, bool)
    free[[3, 5, 0]] = on_players  # where the players have moved to
    assert not counts[~free].any()
    assert chisquare(counts[free]).pvalue > 0.001
    first = jax.jit(jax.vmap(game.reset))(keys)
    assert chisquare(np.bincount(np.asarray(first.players[:, 2]), minlength=12)).pvalue > 0.001
    assert chisquare(np.bincount(np.asarray(first.owners[:, 0]), minlength=3)).pvalue > 0.001
    assert chisquare(np.bincount(np.asarray(first.coins[:, 0]), minlength=12)).pvalue > 0.001
