"""A player's fingerprint is that of its code and of its weights."""

import os
import subprocess
import sys
import threading
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loqa_agents import load_agent
from loqa_agents.players.python.fingerprint import fingerprint
from loqa_envs import MemoryOne, Tremble, make_game

SOURCE = """
import dataclasses, enum, functools
import numpy as np

LIMIT = 3
NAMES = {"a", "b", "c", "d"}

def helper(x):
    return [y for y in range(x)] + [LIMIT]

class Mood(enum.Enum):
    GOOD, BAD = 1, 2

class Base:
    mood = Mood.GOOD

    def reset(self):
        # A comment.
        pass

class Player(Base):
    def __init__(self, weights=(1.0, 2.0)):
        self.weights = np.array(weights)
        self.seen = {"a": [], "b": {1, 2}}

    @functools.cached_property
    def doubled(self):
        return 2 * self.weights

    def act(self, observation):
        return len(helper(2)) in NAMES

@dataclasses.dataclass(frozen=True)
class Frozen:
    numbers: tuple = (1, 2)
    rule: object = dataclasses.field(default_factory=lambda: lambda x: x + 1)

def make(scale=1):
    def act(self, observation):
        return scale
    return type("Made", (Base,), {"act": act})()
"""


def module(change=("", "")):
    assert change[0] in SOURCE
    made = ModuleType("somebodys_player")
    exec(compile(SOURCE.replace(*change), "somebodys_player.py", "exec"), made.__dict__)
    return made


def of(made):
    return {
        name: fingerprint(value)
        for name, value in {
            "player": made.Player(), "frozen": made.Frozen(), "made": made.make(),
            "function": made.make,
        }.items()
    }  # fmt: skip


def test_the_same_code_and_state_have_the_same_fingerprint():
    assert of(module()) == of(module())
    assert len(set(of(module()).values())) == 4
    assert of(module(("# A comment.", "# Another one."))) == of(module())


def test_what_a_player_has_only_worked_out_does_not_count():
    made = module()
    player, other = made.Player(), made.Player()
    assert player.doubled.sum() == 6
    for _ in range(100):
        player.act(None)  # the interpreter rewrites what runs often
    assert fingerprint(player) == fingerprint(other)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (("(1.0, 2.0)", "(1.0, 2.5)"), {"player"}),
        (("len(helper(2))", "len(helper(3))"), {"player"}),
        (("range(x)", "range(x + 1)"), {"player"}),
        (("LIMIT = 3", "LIMIT = 4"), {"player"}),
        (('"a", "b", "c"', '"a", "b", "e"'), {"player"}),
        (("GOOD, BAD = 1, 2", "GOOD, BAD = 2, 1"), {"player", "made", "function"}),
        (("mood = Mood.GOOD", "mood = Mood.BAD"), {"player", "made", "function"}),
        (("(1, 2)\n    rule", "(1, 3)\n    rule"), {"frozen"}),
        (("lambda x: x + 1", "lambda x: x + 2"), {"frozen"}),
        (("scale=1", "scale=2"), {"made", "function"}),
    ],
)
def test_whatever_a_player_depends_on_changes_its_fingerprint(change, changed):
    before, after = of(module()), of(module(change))
    assert {name for name in before if before[name] != after[name]} == changed


class Holds:
    def __init__(self, *held):
        self.held = held


VALUES = [
    Holds(), Holds(0), Holds(False), Holds(0.0), Holds("0"), Holds(b"0"), Holds((0,)), Holds([0]),
    Holds({0: 0}), Holds({0}), Holds(np.zeros(1)), Holds(np.zeros(1, np.float32)),
    Holds(np.zeros((1, 1))), Holds(np.random.default_rng(0)), Holds(np.random.default_rng(1)),
    Holds(np.random.default_rng(1).random), Holds(np.random.default_rng(2).random),
    Holds(jax.random.key(0)), Holds(jnp.zeros(2)), Holds(len), Holds(max), Holds(np),
    Holds(1, 23), Holds(12, 3), Holds(("a", "b")), Holds("ab"), Holds(np.array([None])),
    MemoryOne((1, 1, 1, 1, 1)), MemoryOne((0, 0, 0, 0, 0)), make_game("ipd", episode_length=3),
    make_game("ipd"), Tremble(MemoryOne((0, 0, 0, 0, 0)), 0.1),
]  # fmt: skip


def test_values_that_differ_have_fingerprints_that_do():
    prints = [fingerprint(value) for value in VALUES]
    assert None not in prints
    assert len(set(prints)) == len(VALUES)


def test_agents_that_differ_in_their_weights_have_fingerprints_that_do():
    one, same, other = (load_agent(f"coin3x3/loqa/{seed}") for seed in (42, 42, 43))
    assert fingerprint(one) == fingerprint(same) != fingerprint(other)


def test_a_value_may_be_part_of_itself():
    loop = Holds([1])
    loop.held[0].append(loop)
    other = Holds([2])
    other.held[0].append(other)
    assert None is not fingerprint(loop) != fingerprint(other)


@pytest.mark.parametrize("value", [threading.Lock(), (n for n in "ab"), sys.stdout])
def test_what_cannot_be_taken_apart_has_none(value):
    assert fingerprint(Holds(value)) is None


@pytest.mark.slow
def test_fingerprints_are_the_same_in_every_process(tmp_path):
    (tmp_path / "somebodys_player.py").write_text(SOURCE)
    code = (
        "import somebodys_player as made; "
        "from loqa_agents.players.python.fingerprint import fingerprint; "
        "print(fingerprint([made.Player(), made.make, made.Frozen()]))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
    assert said != {"None\n"}
