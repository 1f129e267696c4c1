"""What each scripted player is known for."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_envs import (
    GAMES,
    IPD,
    Grim,
    MemoryOne,
    Random,
    ScriptedPolicy,
    Tremble,
    extortioner,
    make_game,
    make_player,
)

C, D = 0, 1
NO_NOISE = np.zeros(0, np.float32)
DILEMMA = IPD()
MEMORY_ONE = [
    name for name, player in DILEMMA.scripted_players(0).items() if isinstance(player, MemoryOne)
]


def answers(player: ScriptedPolicy | str, moves: str, seed: int = 0) -> str:
    """What the player does from the first step on against fixed moves of the other."""
    policy = make_player(player, DILEMMA, 0) if isinstance(player, str) else player
    generator = np.random.default_rng(seed)
    state, carry, played = DILEMMA.initial_state(NO_NOISE), policy.initial_carry(), ""
    for move in moves:
        noise = generator.random(policy.noise_size, np.float32)
        action, carry = policy.choose(carry, DILEMMA.observe(state)[0], noise)
        played += "CD"[int(action)]
        joint = np.array([action, "CD".index(move)], np.int32)
        state, _, _ = DILEMMA.transition(state, joint, NO_NOISE)
    return played


def stationary_rewards(
    first: MemoryOne, second: MemoryOne, payoffs: tuple[float, ...]
) -> tuple[float, float]:
    """Mean rewards per step of an endless game, from the stationary distribution over CC..DD."""
    own, other = np.array(first.cooperation[1:]), np.array(second.cooperation[1:])[[0, 2, 1, 3]]
    chain = np.stack(
        [own * other, own * (1 - other), (1 - own) * other, (1 - own) * (1 - other)], axis=1
    )
    # The distribution m solves m = m chain, with entries that add up to 1.
    equations = np.vstack([chain.T - np.eye(4), np.ones(4)])
    distribution = np.linalg.lstsq(equations, np.array([0, 0, 0, 0, 1.0]), rcond=None)[0]
    table = np.array(payoffs)
    return float(distribution @ table), float(distribution @ table[[0, 2, 1, 3]])


def test_always_cooperate_and_always_defect_do() -> None:
    assert answers("always_cooperate", "DDCDC") == "CCCCC"
    assert answers("always_defect", "CCDCC") == "DDDDD"


def test_tit_for_tat_opens_nicely_and_copies() -> None:
    assert answers("tit_for_tat", "DDCDCC") == "CDDCDC"


def test_suspicious_tit_for_tat_opens_with_a_defection_and_copies() -> None:
    assert answers("suspicious_tit_for_tat", "CDDCDC") == "DCDDCD"


@pytest.mark.parametrize(
    ("payoffs", "forgiving"),
    [
        ((-1, -3, 0, -2), 1 / 2),  # 1 - 1/2 and 1/2
        ((3, 0, 5, 1), 1 / 3),  # 1 - 2/3 and 2/4
        ((3, 0, 4, 2), 1 / 2),  # 1 - 1/3 and 1/2
        ((3, 0, 10, 1), 0),  # 1 - 7/3 and 2/9
    ],
    ids=str,
)
def test_generous_tit_for_tat_forgives_as_often_as_the_dilemma_allows(payoffs, forgiving) -> None:
    player = make_player("generous_tit_for_tat", IPD(payoffs), 0)
    assert player.cooperation == pytest.approx((1, 1, forgiving, 1, forgiving))


def test_generous_tit_for_tat_forgives_half_of_defections_in_the_default_dilemma() -> None:
    played = answers("generous_tit_for_tat", "D" * 3000)
    # After its opening it meets 2999 defections; 1/2 of them with a standard error of 0.0091.
    assert played[0] == "C"
    assert played[1:].count("C") / 2999 == pytest.approx(1 / 2, abs=4 * 0.0091)
    assert answers("generous_tit_for_tat", "C" * 500) == "C" * 500


def test_grim_never_forgives() -> None:
    assert answers("grim", "CCCDCCCCCC") == "CCCCDDDDDD"


def test_grim_forgives_itself_its_own_slip() -> None:
    grim, carry = Grim(), Grim().initial_carry()
    own_slip = np.array([0, 0, 0, 1, 0], np.float32)  # it sees DC: it defected, the other did not
    action, carry = grim.choose(carry, own_slip, NO_NOISE)
    assert (int(action), bool(carry)) == (C, False)
    both = np.array([0, 0, 0, 0, 1], np.float32)
    action, carry = grim.choose(carry, both, NO_NOISE)
    assert (int(action), bool(carry)) == (D, True)


def test_win_stay_lose_shift_shifts_after_the_other_defects_only() -> None:
    player = make_player("win_stay_lose_shift", DILEMMA, 0)
    moves = {}
    for i, situation in enumerate(("START", "CC", "CD", "DC", "DD")):
        action, _ = player.choose((), np.eye(5, dtype=np.float32)[i], np.full(1, 0.5, np.float32))
        moves[situation] = "CD"[int(action)]
    # A win is CC or DC, and it plays its last move again; after CD and DD it plays the other one.
    assert moves == {"START": "C", "CC": "C", "CD": "D", "DC": "D", "DD": "C"}


def test_random_is_uniform_and_blind() -> None:
    player = Random(5)
    rng = np.random.default_rng(0)
    drawn = [int(player.choose((), None, rng.random(1, np.float32))[0]) for _ in range(5000)]
    # 1000 of each expected, with a standard deviation of 28.
    assert np.abs(np.bincount(drawn, minlength=5) - 1000).max() < 4 * 28.3
    largest = np.array([1 - 2.0**-24], np.float32)  # the largest float32 below 1
    for n in range(1, 200):
        assert int(Random(n).choose((), None, largest)[0]) == n - 1


@pytest.mark.parametrize(
    "payoffs", [(-1, -3, 0, -2), (0.33, -0.335, 0.665, 0), (3, 0, 5, 1), (30, 0, 50, 10)], ids=str
)
@pytest.mark.parametrize("factor", [1, 2, 5])
def test_the_extortioner_keeps_its_factor_of_the_surplus(
    payoffs: tuple[float, ...], factor: float
) -> None:
    punishment = payoffs[3]
    extortion = extortioner(payoffs, factor)
    assert extortion.cooperation[4] == 0  # it never ends a war
    for other in product((0.15, 0.5, 0.9), repeat=4):
        own, theirs = stationary_rewards(extortion, MemoryOne((0.5, *other)), payoffs)
        assert own - punishment == pytest.approx(factor * (theirs - punishment), abs=1e-9)


@pytest.mark.parametrize(
    ("payoffs", "cooperation"),
    [
        # With χ = 2, φ = 1/9: 1 - φ (R - P)/2, 1 - φ ((P - S)/2 + T - P), φ (P - S + (T - P)/2), 0.
        ((3, 0, 5, 1), (8 / 9, 1 / 2, 1 / 3, 0)),  # as Stewart and Plotkin print it
        ((-1, -3, 0, -2), (17 / 18, 13 / 18, 2 / 9, 0)),
        ((30, 0, 50, 10), (7 / 9, 0, 2 / 3, 0)),  # φ is at most 1/45 here
    ],
    ids=str,
)
def test_extort_2_is_zd_extort_2(payoffs, cooperation) -> None:
    player = make_player("extort_2", IPD(payoffs), 0)
    assert player == extortioner(payoffs, 2)
    assert player.cooperation == pytest.approx((1, *cooperation))


def test_extortion_needs_a_dilemma_and_a_factor_of_one_or_more() -> None:
    with pytest.raises(ValueError, match="prisoner's dilemma"):
        extortioner((4, 0, 3, 2), 2)
    with pytest.raises(ValueError, match=r"factor must be a number from 1 to 1,000,000, got 0\.5"):
        extortioner((-1, -3, 0, -2), 0.5)


def test_a_memory_one_string_is_its_five_probabilities() -> None:
    assert make_player("memory_one:1,0.9, 0,1,.25", DILEMMA, 0) == MemoryOne((1, 0.9, 0, 1, 0.25))


def test_memory_one_cooperates_as_often_as_it_says() -> None:
    probabilities = (0.1, 0.3, 0.5, 0.7, 0.9)
    player = MemoryOne(probabilities)
    noise = np.random.default_rng(0).random((5, 4000, 1), np.float32)
    for i, probability in enumerate(probabilities):
        seen = np.eye(5, dtype=np.float32)[i]
        cooperated = np.mean([int(player.choose((), seen, n)[0]) == C for n in noise[i]])
        assert cooperated == pytest.approx(probability, abs=4 * np.sqrt(0.25 / 4000))


@pytest.mark.parametrize("cooperation", [(1, 1, 0, 1), (1, 1, 0, 1, 1.5), (1, 1, 0, 1, -0.1)])
def test_memory_one_refuses_what_is_not_five_probabilities(cooperation: tuple) -> None:
    with pytest.raises(ValueError, match="five probabilities"):
        MemoryOne(cooperation)


def test_a_certain_tremble_is_uniform_and_none_is_the_player_itself() -> None:
    seen = jnp.eye(5)[1]  # CC, after which always_cooperate cooperates
    keys = jax.random.split(jax.random.key(0), 4000)
    player = make_player("always_cooperate", DILEMMA, 0)
    act = lambda epsilon: jax.vmap(  # noqa: E731
        lambda key: Tremble(player, epsilon).act(key, (), (), seen)[0]
    )(keys)
    assert not act(0.0).any()
    # A slip is a uniform action, so it shows in half of the slips: 4 standard errors of 0.0079.
    assert float(act(1.0).mean()) == pytest.approx(0.5, abs=4 * 0.0079)
    assert float(act(0.2).mean()) == pytest.approx(0.1, abs=4 * 0.0048)


def test_a_trembling_player_keeps_its_memory_and_its_action_count() -> None:
    player = Tremble(Grim(), 1.0)
    assert player.num_actions == 2
    betrayal = jnp.eye(5)[2]
    _, carry, _ = player.act(jax.random.key(0), (), player.initial_carry(), betrayal)
    assert bool(carry)


@pytest.mark.parametrize("epsilon", [-0.1, 1.1])
def test_tremble_refuses_what_is_not_a_probability(epsilon: float) -> None:
    with pytest.raises(ValueError, match=f"epsilon must be a probability, .*, got {epsilon}"):
        Tremble(Random(2), epsilon)


def test_a_player_with_other_actions_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ipd must have 2 actions.*with 5"):
        make_player(Random(5), DILEMMA, 0)


@pytest.mark.parametrize("name", sorted(DILEMMA.scripted_players(0)))
def test_numpy_chooses_as_jax_does_given_the_same_noise(name: str) -> None:
    player = make_player(name, DILEMMA, 0)
    generator = np.random.default_rng(1)
    carry = jax_carry = player.initial_carry()
    choose = jax.jit(player.choose)
    for situation in generator.integers(5, size=40):
        seen = np.eye(5, dtype=np.float32)[situation]
        noise = generator.random(player.noise_size, np.float32)
        action, carry = player.choose(carry, seen, noise)
        jax_action, jax_carry = choose(jax_carry, seen, noise)
        assert isinstance(action, np.ndarray | np.generic)
        assert action.dtype == jax_action.dtype == np.int32
        assert (int(action), carry) == (int(jax_action), jax_carry)


@pytest.mark.parametrize("name", sorted(DILEMMA.scripted_players(0)))
def test_acting_is_choosing_with_noise_from_the_key(name: str) -> None:
    player = make_player(name, DILEMMA, 0)
    seen, key = jnp.eye(5)[2], jax.random.key(4)
    noise = jax.random.uniform(key, (player.noise_size,))
    expected = player.choose(player.initial_carry(), seen, noise)
    *actual, extras = player.act(key, (), player.initial_carry(), seen)
    jax.tree.map(np.testing.assert_array_equal, tuple(actual), expected)
    assert extras == {}


def test_matrix_games_without_a_dilemma_have_the_same_players_but_extortion() -> None:
    assert set(DILEMMA.scripted_players(0)) - set(make_game("chicken").scripted_players(0)) == {
        "extort_2"
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", GAMES)
def test_types_are_never_promoted_silently(name: str) -> None:
    game = make_game(name) if name != "matrix_game" else make_game(name, payoffs=(3, 0, 5, 1))
    with jax.numpy_dtype_promotion("strict"):
        state = game.reset(jax.random.key(0))
        actions = jnp.zeros(game.num_players, jnp.int32)
        state, *_ = game.step(jax.random.key(1), state, actions)
        for player in game.scripted_players(0).values():
            seen = game.observe(state)[0]
            player.act(jax.random.key(2), (), player.initial_carry(), seen)
