"""Every Python player has chance of its own, which comes from the league's key."""

import functools
import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents.league import Entrant, PlayerError, play_league
from loqa_agents.league.entrants import seat
from loqa_agents.league.pairs.python_pairs import play_python_pair
from loqa_agents.players.python.chance import generator_in
from loqa_agents.responses.host_copies import HostCopies
from loqa_envs import Grim, MatrixGame

from .conftest import DILEMMA, KEY
from .players import TitForTat

STAG_HUNT = MatrixGame("stag_hunt", episode_length=10)


class Coin:
    """Cooperates with probability 1/2."""

    def reset(self):
        pass

    def act(self, observation):
        return int(self.chance.random() < 0.5)


class SeededForEachEpisode(Coin):
    def reset(self, seed):
        self.chance = np.random.default_rng(seed)


class SeededFromOutside(Coin):
    def __init__(self):
        self.chance = random.Random(0)

    def seed(self, seed):
        self.chance.seed(seed)


class Given(Coin):
    def __init__(self, chance):
        self.chance = chance


class MadeFromSeed(Given):
    def __init__(self, seed):
        super().__init__(np.random.RandomState(seed))


def from_seed(game, seed):
    assert game == STAG_HUNT
    return MadeFromSeed(seed)


FAIR = {
    "reset(seed)": SeededForEachEpisode(),
    "a class with reset(seed)": SeededForEachEpisode,
    "seed(seed)": SeededFromOutside(),
    "a class with a seed": MadeFromSeed,
    "a function of the game and a seed": from_seed,
}


@pytest.fixture(params=FAIR.values(), ids=FAIR)
def coin(request):
    return request.param


def test_a_random_player_meets_itself_in_every_outcome(coin):
    mine = seat(Entrant("mine", coin), STAG_HUNT)
    met, again, other = (
        play_python_pair(seed, STAG_HUNT, ("mine", "mine"), (mine, mine), 128) for seed in (0, 0, 1)
    )
    # (4 + 0 + 3 + 2) / 4; with the same numbers in both seats it would be (4 + 2) / 2 = 3.
    assert met.rewards.mean(0) == pytest.approx([2.25] * 2, abs=0.15)  # s.e. 0.04
    # Episodes differ, too: with one seed for all of them, the shares would be the same.
    assert len(set(met.info["cooperated"][:, 0].tolist())) > 3
    np.testing.assert_array_equal(met.info["cooperated"], again.info["cooperated"])
    assert (met.info["cooperated"] != other.info["cooperated"]).any()


@pytest.mark.slow
def test_its_numbers_do_not_depend_on_who_else_is_there():
    mine, again = Entrant("mine", MadeFromSeed), Entrant("again", SeededFromOutside())
    few, many = (
        play_league(KEY, STAG_HUNT, entrants, 4).info["cooperated"]
        for entrants in ([mine, again], [Entrant("random", "random"), again, mine])
    )
    np.testing.assert_array_equal(few, many[:0:-1, :0:-1])


def test_the_copies_that_a_best_response_meets_draw_numbers_of_their_own(coin):
    seated = seat(Entrant("mine", coin), STAG_HUNT)

    def share(seed):
        copies = HostCopies.of("mine", seated.seats[1], 64, seed)
        act = jax.jit(jax.vmap(lambda step, seen: copies.act(None, (), step, seen)))
        steps, actions = jnp.zeros(64, jnp.int32), []
        for step in range(6):  # three episodes of two steps
            taken, steps, _ = act(steps if step % 2 else jnp.zeros_like(steps), jnp.zeros((64, 5)))
            actions.append(taken)
        assert copies.error is None
        return np.array(actions)

    one = share(0)
    # Each step is a draw of 64 fair coins: 32 with a standard deviation of 4.
    assert (np.abs(one.sum(1) - 32) < 17).all()
    assert len({tuple(row) for row in one}) == 6
    np.testing.assert_array_equal(one, share(0))
    assert (one != share(1)).any()


def hidden():
    chance = np.random.default_rng(0)

    class Hides(Coin):
        def act(self, observation):
            return int(chance.random() < 0.5)

    return Hides()


class OfAll(Coin):
    chance = random.Random(0)


class Slotted:
    __slots__ = ("held",)

    def __init__(self, held):
        self.held = held


UNFAIR = {
    "a generator": (Given(np.random.default_rng(0)), "numpy's Generator in chance"),
    "one of Python": (Given(random.Random(0)), "random's Random in chance"),
    "an old one of NumPy": (Given(np.random.RandomState(0)), "numpy's RandomState in chance"),
    "a key": (Given(jax.random.key(0)), "a key of JAX in chance"),
    "an old key": (Given(jax.random.PRNGKey(0)), "a key of JAX in chance"),
    "its method": (Given(np.random.default_rng(0).random), "numpy's Generator in chance.__self__"),
    "one further in": (
        Given(Slotted({"a": [Slotted(np.random.default_rng(0))]})),
        "numpy's Generator in chance.held['a'][0].held",
    ),
    "one of its class": (OfAll(), "random's Random in chance"),
    "one in a closure": (hidden(), "numpy's Generator in act.chance"),
    "one in an argument": (
        Given(functools.partial(abs, np.random.default_rng(0))),
        "numpy's Generator in chance.args[0]",
    ),
    "a function without a seed": (lambda: Given(random.Random(0)), "random's Random in chance"),
}


@pytest.mark.parametrize(("player", "what"), UNFAIR.values(), ids=UNFAIR)
def test_a_player_with_a_generator_that_cannot_be_seeded_is_refused(player, what):
    with pytest.raises(ValueError, match="must take a seed") as refused:
        seat(Entrant("mine", player), DILEMMA)
    assert str(refused.value).startswith("entrant mine: a player with random numbers of its own")
    assert str(refused.value).endswith(f"It holds {what}.")


def test_a_generator_that_comes_with_the_first_episode_is_refused_there():
    class Late(Coin):
        def reset(self):
            self.chance = np.random.default_rng(0)

    with pytest.raises(PlayerError, match=r"episode 1, step 1 .* must take a seed"):
        play_league(KEY, DILEMMA, [Entrant("a", Late()), Entrant("random", "random")], 2)


@pytest.mark.parametrize("player", [TitForTat(), TitForTat, lambda: TitForTat()])
def test_a_player_without_chance_needs_no_seed(player):
    assert seat(Entrant("mine", player), DILEMMA).on_host


def test_chance_that_is_a_modules_is_nobodys():
    class Shares(Coin):
        def act(self, observation):
            return int(random.random() < 0.5)

    assert generator_in(Shares()) is None


def test_a_function_makes_a_player_for_each_seat_of_each_pair():
    made = []

    class Counted(TitForTat):
        def __init__(self):
            made.append(self)
            self.seen = None

        def reset(self):
            assert self.seen is None or self.seen == 10  # episodes that overlap would share it
            self.seen = 0

        def act(self, observation):
            self.seen += 1
            return super().act(observation)

    play_league(KEY, DILEMMA, [Entrant("mine", Counted), Entrant("random", "random")], 4)
    # One to look at, two that meet each other, one that meets the random player.
    assert len(made) == 4
    assert made[0].seen is None


def test_a_function_may_make_a_policy():
    seated = seat(Entrant("mine", lambda game: game.scripted_players(0)["grim"]), DILEMMA)
    assert seated.seats == (Grim(), Grim())
