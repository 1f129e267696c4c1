"""No key is used twice in an update, an evaluation or a league: every use is watched.

In this JAX ``split(k, n)[i]`` is ``fold_in(k, i)`` and bits are made of the same words, so a key's
uses are numbers: a split into n takes 0 to n - 1, a draw of n numbers too, ``fold_in(k, i)`` takes
i. Two uses of one key must have no number in common.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from math import prod

import jax
import numpy as np
import pytest

from loqa_agents import Evaluator, Learner, Trainer, Training
from loqa_agents.league import Entrant, play_league
from loqa_envs import IPD, CoinGame, SwitchPolicy

DRAWS = ("bits", "uniform", "bernoulli", "normal", "randint", "categorical", "gumbel")


class Uses:
    """For each key, the numbers that were taken, by whom."""

    def __init__(self) -> None:
        self.taken: dict[bytes, list[tuple[str, int, int]]] = defaultdict(list)

    def take(self, name: str, number: int, words: np.ndarray, first: np.ndarray) -> None:
        for key in np.asarray(words).reshape(-1, words.shape[-1]):
            use = name, int(first), int(first) + number
            # The same keys may be derived again: what counts is what is then drawn from them.
            if name in DRAWS or use not in self.taken[key.tobytes()]:
                self.taken[key.tobytes()].append(use)

    def clashes(self) -> list[tuple[str, str]]:
        found = []
        for uses in self.taken.values():
            for one, other in pairwise(sorted(uses, key=lambda use: use[1])):
                if other[1] < one[2]:
                    found.append((one[0], other[0]))
        return found


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Uses]:
    """Note every call of ``jax.random`` within, also in compiled programs when they run."""
    uses = Uses()

    def note(name: str, key: jax.Array, first: object, number: int) -> None:
        jax.debug.callback(partial(uses.take, name, number), jax.random.key_data(key), first)

    def split(key: jax.Array, num: int | tuple[int, ...] = 2) -> jax.Array:
        note("split", key, 0, prod(num) if isinstance(num, tuple) else num)
        return originals["split"](key, num)

    def fold_in(key: jax.Array, data: object) -> jax.Array:
        note("fold_in", key, np.uint32(data) if isinstance(data, int) else data, 1)
        return originals["fold_in"](key, data)

    def draw(name: str) -> Callable[..., jax.Array]:
        def drawn(key: jax.Array, *args: object, **options: object) -> jax.Array:
            numbers = originals[name](key, *args, **options)
            if numbers.size and not heard.get("one"):
                note(name, key, 0, max(2, numbers.size) if name == "randint" else numbers.size)
                heard.update(dict.fromkeys(heard, True))
            return numbers

        return drawn

    def act(self: SwitchPolicy, *args: object) -> object:
        """All of its players act with one key, one is heard: the first that draws counts."""
        heard["one"] = False
        move = original_act(self, *args)
        del heard["one"]
        return move

    heard: dict[str, bool] = {}
    original_act = SwitchPolicy.act

    originals = {name: getattr(jax.random, name) for name in (*DRAWS, "split", "fold_in")}
    replaced = {name: draw(name) for name in DRAWS} | {"split": split, "fold_in": fold_in}
    jax.clear_caches()
    with monkeypatch.context() as patch:
        for name, function in replaced.items():
            patch.setattr(jax.random, name, function)
        patch.setattr(SwitchPolicy, "act", act)
        yield uses
        jax.effects_barrier()
    jax.clear_caches()


def test_a_key_that_is_used_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def chance(key: jax.Array) -> jax.Array:
        first, second = jax.random.split(key)
        return jax.random.uniform(first) + jax.random.uniform(second)

    with watched(monkeypatch) as uses:
        jax.jit(jax.vmap(chance))(jax.random.split(jax.random.key(0), 3))
    assert len(uses.taken) == 1 + 3 + 6
    assert uses.clashes() == []
    with watched(monkeypatch) as uses:
        key = jax.random.key(0)
        jax.jit(chance)(key)
        jax.jit(lambda key: jax.random.fold_in(key, 1))(key)
    assert uses.clashes() == [("split", "fold_in")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "training",
    [
        pytest.param(Training(episodes=2, updates=2), id="self-play"),
        pytest.param(Training(episodes=2, updates=2, rival="naive"), id="rival"),
        pytest.param(
            Training(episodes=4, updates=2, pool=2, opponents=2, pool_interval=1), id="pool"
        ),
    ],
)
def test_no_key_is_used_twice_in_training(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched(monkeypatch) as uses:
        game = CoinGame(episode_length=2)
        trainer = Trainer(game, Learner(), training, (0, 1), jax.devices()[:1])
        trainer.advance(trainer.init(), 0, 2)
    assert len(uses.taken) > 20
    assert uses.clashes() == []


@pytest.mark.slow
def test_no_key_is_used_twice_in_an_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    game, learner = IPD(episode_length=2), Learner()
    with watched(monkeypatch) as uses:
        trainer = Trainer(game, learner, Training(updates=1), (0,), jax.devices()[:1])
        actors = learner.params(trainer.init().learners[0]).actor
        Evaluator(game, learner.policy(game)).evaluate(jax.random.key(7), actors, 2)
    assert len(uses.taken) > 20
    assert uses.clashes() == []


@pytest.mark.slow
def test_no_key_is_used_twice_in_a_league(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("always_cooperate", "random", "tit_for_tat")
    with watched(monkeypatch) as uses:
        play_league(jax.random.key(3), IPD(episode_length=2), [Entrant(n, n) for n in names], 4)
    assert len(uses.taken) > 20
    assert uses.clashes() == []
