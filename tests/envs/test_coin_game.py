"""The Coin Game against an oracle, and each of its rules and switches by an example."""

import sys
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_envs import COIN_PRESETS, CoinGame, CoinState, coin_game_v0, make_game

sys.path.insert(0, str(Path(__file__).parent))
from coin_oracle import Oracle

LEFT, RIGHT, UP, DOWN, STAY = range(5)

# A 3 x 3 board is numbered
#     0 1 2
#     3 4 5
#     6 7 8


def state(players: list[int], coins: list[int], owners: list[int]) -> CoinState:
    return CoinState(*(np.array(cells, np.int32) for cells in (players, coins, owners)))


def step(game: CoinGame, before: CoinState, actions: list[int], noise: float = 0.0) -> tuple:
    """The state after, rewards, own and others' coins taken, as lists."""
    chance = np.full(game.noise_size, noise, np.float32)
    after, rewards, info = game.transition(before, np.array(actions, np.int32), chance)
    return after, rewards.tolist(), info["took_own"].tolist(), info["took_other"].tolist()


def oracle_of(game: CoinGame) -> Oracle:
    names = "num_coins coins_on_players players_overlap tie next_owner swap_view shift_view rewards moves"  # noqa: E501
    settings = {name: getattr(game, name) for name in names.split()}
    return Oracle(game.height, game.width, game.num_players, **settings)


ORACLE_CASES = [
    *({"preset": name} for name in COIN_PRESETS),
    {"size": (4, 7), "observation": "index"},
    {"size": 7, "num_players": 3, "next_owner": "random", "shift_view": True},
    {
        "size": (1, 6),
        "num_players": 4,
        "tie": "first",
        "players_overlap": False,
        "swap_view": False,
    },
    {"size": 2, "num_players": 3, "num_coins": 3, "observation": "index", "shift_view": True},
]


@pytest.mark.slow
@pytest.mark.parametrize("settings", ORACLE_CASES, ids=lambda s: "-".join(map(str, s.values())))
def test_ten_thousand_random_steps_equal_the_oracle(settings: dict) -> None:
    game = make_game("coin_game", **settings)
    oracle = oracle_of(game)
    generator = np.random.default_rng(len(str(settings)))
    steps, episodes = 500, 20
    reset_noise = generator.random((episodes, game.reset_noise_size), np.float32)
    noise = generator.random((episodes, steps, game.noise_size), np.float32)
    actions = generator.integers(game.num_actions, size=(episodes, steps, game.num_players))
    actions = actions.astype(np.int32)

    def jax_step(before: CoinState, chance: tuple) -> tuple:
        after, rewards, info = game.transition(before, *chance)
        return after, (after, rewards, info["took_own"], info["took_other"])

    @jax.jit
    @jax.vmap
    def jax_episode(reset_noise: jax.Array, *chance: jax.Array) -> tuple:
        return jax.lax.scan(jax_step, game.initial_state(reset_noise), chance)[1]

    in_jax = jax.tree.map(np.asarray, jax_episode(*map(jnp.asarray, (reset_noise, actions, noise))))
    for episode in range(episodes):
        oracle.reset(reset_noise[episode])
        current = game.initial_state(reset_noise[episode])
        assert tuple(leaf.tolist() for leaf in current) == oracle.state()
        for t in range(steps):
            expected = oracle.step(actions[episode, t].tolist(), noise[episode, t])
            current, rewards, info = game.transition(
                current, actions[episode, t], noise[episode, t]
            )
            outcome = (rewards.tolist(), info["took_own"].tolist(), info["took_other"].tolist())
            assert outcome == expected
            after, *jax_outcome = jax.tree.map(
                lambda leaf, at=(episode, t): leaf[at].tolist(), in_jax
            )
            assert tuple(jax_outcome) == expected
            assert tuple(leaf.tolist() for leaf in current) == tuple(after) == oracle.state()
            if t % 10 == 0:
                for seat, seen in enumerate(game.observe(current)):
                    planes, features = oracle.view(seat)
                    if game.observation == "index":
                        assert seen.tolist() == features
                    else:
                        planes = planes.transpose(1, 2, 0) if game.channels_last else planes
                        np.testing.assert_array_equal(seen, planes.reshape(seen.shape))


def test_moves_go_round_the_board() -> None:
    game = CoinGame()
    for action, (first, second) in {LEFT: (2, 7), RIGHT: (1, 6), UP: (6, 5), DOWN: (3, 2)}.items():
        after, *_ = step(game, state([0, 8], [4], [0]), [action, action])
        assert after.players.tolist() == [first, second]


def test_taking_an_own_coin_earns_one_and_the_next_is_the_others() -> None:
    after, rewards, own, other = step(CoinGame(), state([3, 0], [4], [0]), [RIGHT, LEFT])
    assert (rewards, own, other) == ([1, 0], [1, 0], [0, 0])
    assert after.owners.tolist() == [1]
    assert after.coins.tolist() == [0]  # the first free cell: players are on 4 and 2


def test_taking_the_others_coin_costs_its_owner_two() -> None:
    _, rewards, own, other = step(CoinGame(), state([3, 0], [4], [1]), [RIGHT, LEFT])
    assert (rewards, own, other) == ([1, -2], [0, 0], [1, 0])


def test_when_both_take_a_coin_its_owner_nets_minus_one() -> None:
    _, rewards, own, other = step(CoinGame(), state([3, 5], [4], [1]), [RIGHT, LEFT])
    assert (rewards, own, other) == ([1, -1], [0, 1], [1, 0])


def test_an_untaken_coin_stays_where_and_whose_it_was() -> None:
    after, rewards, *_ = step(CoinGame(), state([3, 5], [8], [1]), [UP, UP], noise=0.9)
    assert (after.coins.tolist(), after.owners.tolist(), rewards) == ([8], [1], [0, 0])


def test_with_three_players_the_owner_loses_once_however_many_take_its_coin() -> None:
    # As in LOQA's file for three: each taker +1, the owner -2 if any other took it.
    game = CoinGame(num_players=3)
    after, rewards, *_ = step(game, state([3, 5, 0], [4], [2]), [RIGHT, LEFT, UP])
    assert rewards == [1, 1, -2]
    assert after.owners.tolist() == [0]


def test_the_first_in_order_may_take_a_coin_alone() -> None:
    game = CoinGame(tie="first")
    for owner, rewards in ((0, [1, 0]), (1, [1, -2])):
        assert step(game, state([3, 5], [4], [owner]), [RIGHT, LEFT])[1] == rewards
    assert step(game, state([0, 5], [4], [1]), [UP, LEFT])[1] == [0, 1]


def test_the_next_owner_may_be_anyone() -> None:
    game = CoinGame(next_owner="random")
    assert game.noise_size == 2
    for noise, owner in ((0.2, 0), (0.7, 1)):
        after, *_ = step(game, state([3, 0], [4], [0]), [RIGHT, LEFT], noise)
        assert after.owners.tolist() == [owner]


def test_each_may_have_a_coin_of_its_own() -> None:
    game = CoinGame(num_coins=2)
    after, rewards, own, other = step(game, state([3, 0], [4, 2], [0, 1]), [RIGHT, LEFT], 0.99)
    assert (rewards, own, other) == ([1, 1], [1, 1], [0, 0])
    assert (after.coins.tolist(), after.owners.tolist()) == ([8, 8], [0, 1])
    _, rewards, own, other = step(game, state([3, 0], [4, 4], [0, 1]), [RIGHT, LEFT])
    assert (rewards, own, other) == ([2, -2], [1, 0], [1, 0])
    assert game.reward_range == (-2, 2)


def test_staying_is_a_fifth_action_and_takes_a_coin_that_landed_on_the_player() -> None:
    game = CoinGame(stay=True, coins_on_players=True)
    assert (game.num_actions, game.action_names[STAY]) == (5, "stay")
    after, rewards, *_ = step(game, state([4, 0], [4], [0]), [STAY, STAY])
    assert (after.players.tolist(), rewards) == ([4, 0], [1, 0])


def test_coins_land_on_players_only_where_they_may() -> None:
    for allowed, cells in ((False, {0, 1, 3, 5, 6, 7, 8}), (True, set(range(9)))):
        game = CoinGame(coins_on_players=allowed)
        landed = {
            int(step(game, state([3, 1], [4], [0]), [RIGHT, RIGHT], noise)[0].coins[0])
            for noise in np.arange(0, 1, 0.01)
        }
        assert landed == cells


def test_players_begin_on_one_cell_only_where_they_may() -> None:
    for allowed in (True, False):
        game = CoinGame(size=(1, 4), num_players=3, players_overlap=allowed)
        noise = np.random.default_rng(0).random((200, game.reset_noise_size), np.float32)
        shared = [len(set(game.initial_state(chance).players.tolist())) < 3 for chance in noise]
        assert any(shared) is allowed


def test_rewards_are_what_they_are_set_to() -> None:
    game = CoinGame(rewards=(3, 5, -7))
    assert step(game, state([3, 5], [4], [1]), [RIGHT, LEFT])[1] == [5, 3 - 7]
    assert game.reward_range == (-7, 5)


def test_actions_may_be_in_another_order() -> None:
    game = CoinGame(moves=("down", "up", "left", "right"))
    assert step(game, state([0, 0], [8], [0]), [0, 3])[0].players.tolist() == [3, 1]


SEEN = state([0, 5], [7], [1])


def test_each_seat_sees_itself_first_on_planes() -> None:
    first, second = CoinGame().observe(SEEN).reshape(2, 4, 9)
    assert [np.flatnonzero(plane).tolist() for plane in first] == [[0], [5], [], [7]]
    assert [np.flatnonzero(plane).tolist() for plane in second] == [[5], [0], [7], []]


def test_without_swapping_all_seats_see_the_same() -> None:
    first, second = CoinGame(swap_view=False).observe(SEEN)
    np.testing.assert_array_equal(first, CoinGame().observe(SEEN)[0])
    np.testing.assert_array_equal(first, second)


def test_flat_planes_are_the_planes() -> None:
    planes = CoinGame().observe(SEEN)
    np.testing.assert_array_equal(CoinGame(observation="flat").observe(SEEN), planes.reshape(2, 36))
    last = CoinGame(channels_last=True)
    assert last.observation_spec.leaves[0].shape == (3, 3, 4)
    np.testing.assert_array_equal(last.observe(SEEN), planes.transpose(0, 2, 3, 1))
    flat = CoinGame(channels_last=True, observation="flat").observe(SEEN)
    np.testing.assert_array_equal(flat, planes.transpose(0, 2, 3, 1).reshape(2, 36))


def test_index_features_are_cells_and_whose_coin() -> None:
    game = CoinGame(observation="index")
    assert game.observe(SEEN).tolist() == [[0, 5, 7, 1], [5, 0, 7, 0]]
    (leaf,) = game.observation_spec.leaves
    assert (leaf.kind, leaf.high) == ("categories", (8, 8, 8, 1))
    assert game.observe(SEEN).dtype == leaf.dtype == "int32"
    two = CoinGame(observation="index", num_coins=2)
    assert two.observe(state([0, 5], [7, 8], [0, 1])).tolist() == [[0, 5, 7, 8], [5, 0, 8, 7]]
    assert CoinGame(size=15, observation="index").observation_spec.size == leaf.size


def test_a_shifted_view_has_the_player_in_the_middle() -> None:
    game = CoinGame(observation="index", shift_view=True)
    # Player 0 moves from (0, 0) to (1, 1): everything moves down and right, round the edges.
    # (1, 2) becomes (2, 0) = 6 and (2, 1) becomes (0, 2) = 2. For player 1, all moves left by one:
    # (0, 0) becomes (0, 2) = 2 and (2, 1) becomes (2, 0) = 6.
    assert game.observe(SEEN).tolist() == [[4, 6, 2, 1], [4, 2, 6, 0]]


def test_a_large_board_is_seen_as_a_small_one_is() -> None:
    game = CoinGame(size=(40, 30))
    seen = game.observe(state([0, 1199], [601], [0]))
    assert [np.flatnonzero(plane).tolist() for plane in seen[1].reshape(4, -1)] == [
        [1199], [0], [], [601]]  # fmt: skip


@pytest.mark.parametrize("settings", [{}, {"num_coins": 3, "stay": True}, {"observation": "index"}])
def test_exchanging_seats_and_colours_exchanges_everything(settings: dict) -> None:
    game = CoinGame(size=(3, 4), num_players=3, **settings)
    generator = np.random.default_rng(0)
    noise = generator.random((200, game.noise_size), np.float32)
    actions = generator.integers(game.num_actions, size=(200, 3)).astype(np.int32)
    ours = game.initial_state(generator.random(game.reset_noise_size, np.float32))

    def turned(left: CoinState) -> CoinState:
        """Seat i's place and colour go to seat i + 1."""
        coins, owners = left.coins, (left.owners + 1) % 3
        if game.num_coins == 3:
            coins, owners = np.roll(coins, 1), np.arange(3, dtype=np.int32)
        return CoinState(np.roll(left.players, 1), coins, owners)

    theirs = turned(ours)
    for joint, chance in zip(actions, noise, strict=True):
        ours, *outcome = game.transition(ours, joint, chance)
        turned_chance = np.roll(chance, 1) if game.num_coins == 3 else chance
        theirs, *turned_outcome = game.transition(theirs, np.roll(joint, 1), turned_chance)
        for left, right in zip(turned(ours), theirs, strict=True):
            np.testing.assert_array_equal(left, right)
        for left, right in zip(*map(jax.tree.leaves, (outcome, turned_outcome)), strict=True):
            np.testing.assert_array_equal(np.roll(left, 1), right)
        np.testing.assert_array_equal(np.roll(game.observe(ours), 1, 0), game.observe(theirs))


def test_a_preset_is_its_settings_and_takes_more() -> None:
    assert CoinGame.preset("loqa") == CoinGame() == make_game("coin_game")
    pola = CoinGame.preset("pola", size=4, swap_view=True)
    assert (pola.size, pola.observation, pola.swap_view) == ((4, 4), "flat", True)
    assert make_game("coin_game", preset="lola", size=(4, 7)) == CoinGame.preset(
        "lola", size=[4, 7]
    )
    assert coin_game_v0.parallel_env(preset="jaxmarl", size=5).max_cycles == 10
    for name, preset in COIN_PRESETS.items():
        assert preset.differs.endswith(".")
        assert CoinGame(**preset.settings) == CoinGame.preset(name)
    assert CoinGame(3) == CoinGame((3, 3)) != replace(CoinGame(), size=(3, 4))


BAD = [
    ({"size": (1, 2)}, r"size must be at least 3 cells, so that a coin can land away .* '1 x 2'"),
    ({"size": (1, 2), "num_players": 3}, "size must be at least 3 cells, .* one for each player"),
    ({"size": 0}, "size must be an integer from 1 to 1,000, or a pair of them.* got 0"),
    ({"size": (3, 3, 3)}, r"size must be .* got \(3, 3, 3\)"),
    ({"size": "3x3"}, "size must be .* got '3x3'"),
    ({"size": 12000}, "size must be an integer from 1 to 1,000, .* got 12000"),
    ({"num_players": 5}, "num_players must be an integer from 2 to 4, got 5"),
    ({"num_coins": 3}, "num_coins must be 1, or 2 so that each player has a coin .*, got 3"),
    ({"num_coins": 2, "next_owner": "random"}, "next_owner must be alternating .* got 'random'"),
    ({"channels_last": True, "observation": "index"}, "channels_last must be False .* got True"),
    ({"tie": "none"}, "tie must be one of both, first, got 'none'"),
    ({"observation": "rgb"}, "observation must be one of planes, flat, index, got 'rgb'"),
    ({"next_owner": "me"}, "next_owner must be one of alternating, random, got 'me'"),
    ({"stay": "yes"}, "stay must be True or False, got 'yes'"),
    ({"rewards": (1, -2)}, r"rewards must be three numbers.* got \(1, -2\)"),
    ({"rewards": (1, 1, float("nan"))}, "rewards must be three numbers"),
    ({"rewards": (1, 1, 1e300)}, "rewards must be three numbers from -1e12 to 1e12, .*1e.300"),
    ({"moves": ("left", "right")}, "moves must be left, right, up, down in any order"),
    ({"episode_length": 0}, "episode_length must be an integer from 1 to 1,000,000, got 0"),
    ({"preset": "poker"}, "preset must be one of loqa, pola, .* got 'poker'"),
    ({"colour": "red"}, "coin_game was given a setting that it lacks.*colour"),
]


@pytest.mark.parametrize(("settings", "message"), BAD)
def test_bad_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_game("coin_game", **settings)


def test_an_action_out_of_range_is_refused() -> None:
    env = coin_game_v0.parallel_env()
    env.reset(seed=0)
    with pytest.raises(ValueError, match="player_1's action must be an integer from 0 to 3, got 4"):
        env.step({"player_0": 0, "player_1": 4})


def test_text_shows_players_and_whose_coin() -> None:
    text = CoinGame().render(state([3, 3], [8], [1]))
    assert [line.split() for line in text.splitlines()] == [
        [".", ".", "."], ["01", ".", "."], [".", ".", "(1)"]]  # fmt: skip


@pytest.mark.parametrize("size", [(3, 3), (4, 7), (7, 2), (15, 15), (1, 20)])
def test_pictures_have_a_size_for_each_board_and_show_every_difference(size: tuple) -> None:
    game = CoinGame(size=size)
    states = [([0, 1], [2], [0]), ([0, 1], [2], [1]), ([1, 0], [2], [0]), ([0, 0], [2], [0])]
    pictures = [game.picture(state(*parts)) for parts in states]
    assert {(picture.shape, picture.dtype) for picture in pictures} == {
        (pictures[0].shape, np.dtype(np.uint8))
    }
    height, width, _ = pictures[0].shape
    assert width >= 320
    assert height >= 28 * size[0]
    assert len({picture.tobytes() for picture in pictures}) == len(states)
