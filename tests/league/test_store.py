"""A league that was stopped goes on where it was."""

import json
import re
import threading

import numpy as np
import pytest
from safetensors.numpy import load, save

from loqa_agents.league import Entrant, play_league
from loqa_agents.league.pairs.pair_id import PairId
from loqa_agents.league.pairs.tables import PairResult
from loqa_agents.league.store import PairStore
from loqa_envs import MemoryOne

from .conftest import DILEMMA, KEY
from .players import ThreeTimes, TitForTat


class Stopped(Exception):  # noqa: N818 -- nothing went wrong
    pass


class Counting(PairStore):
    """Knows which pairs were played."""

    def keep(self, played):
        self.played = [*getattr(self, "played", []), *played]
        super().keep(played)


def stop_after(pairs):
    def progress(done, of):
        if done >= pairs:
            raise Stopped

    return progress


@pytest.fixture
def entrants() -> list[Entrant]:
    return [
        Entrant("mine", TitForTat()),
        Entrant("always_defect", "always_defect"),
        Entrant("random", "random"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("pairs", [1, 6])
def test_a_league_goes_on_without_playing_a_pair_again(entrants, tmp_path, pairs):
    whole = play_league(KEY, DILEMMA, entrants, 4)
    first, second = Counting(tmp_path), None
    with pytest.raises(Stopped):
        play_league(KEY, DILEMMA, entrants, 4, finished=first, progress=stop_after(pairs))
    assert pairs <= len(first) < 8  # six pairs and two references
    second, seen = Counting(tmp_path), []
    again = play_league(
        KEY, DILEMMA, entrants, 4, finished=second, progress=lambda done, of: seen.append(done)
    )
    assert seen[0] == len(first)
    assert not set(first.played) & set(second.played)
    assert len(first.played) + len(second.played) == len(second) == 8
    np.testing.assert_array_equal(again.rewards, whole.rewards)
    np.testing.assert_array_equal(again.info["cooperated"], whole.info["cooperated"])
    for name, values in whole.references.items():
        np.testing.assert_array_equal(again.references[name], values)


class Weighed(TitForTat):
    def __init__(self, weights):
        self.weights = np.array(weights)


class Locked(TitForTat):
    def __init__(self):
        self.lock = threading.Lock()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        (Weighed([1.0]), Weighed([1.0]), None),
        (Weighed([1.0]), Weighed([2.0]), "mine has changed"),
        (TitForTat(), ThreeTimes(), "mine has changed"),
        (MemoryOne((1, 1, 0, 1, 0)), MemoryOne((1, 1, 0.5, 1, 0)), "mine has changed"),
        (Locked(), Locked(), "mine cannot be compared with what it was"),
    ],
)
def test_pairs_of_a_player_that_has_changed_are_played_again(tmp_path, before, after, note):
    defects = Entrant("always_defect", "always_defect")
    play_league(KEY, DILEMMA, [Entrant("mine", before), defects], 2, finished=Counting(tmp_path))
    notes = []
    store = Counting(tmp_path, notes.append)
    again = play_league(KEY, DILEMMA, [Entrant("mine", after), defects], 2, finished=store)
    played = {pair.names for pair in getattr(store, "played", [])}
    if note is None:
        assert not played
        assert not notes
        return
    assert played == {("always_defect", "mine"), ("mine", "mine")}
    assert notes == [f"{note}, so its pairs are played again."]
    expected = play_league(KEY, DILEMMA, [Entrant("mine", after), defects], 2)
    np.testing.assert_array_equal(again.rewards, expected.rewards)


LEAGUE = {"game": "a game", "key": [0, 7], "episodes": 3, "common": False}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def met(value: float) -> PairResult:
    return PairResult(np.full((3, 2), value), {"cooperated": np.full((3, 2), value / 2)})


def pair(*names: str) -> PairId:
    return PairId(names, tuple(f"is {name}" for name in names))


class Noting(PairStore):
    """Says nothing, and knows what it would have said."""

    def __init__(self, folder, league=LEAGUE):
        self.notes = []
        super().__init__(folder, self.notes.append)
        self.open(league)


@pytest.fixture
def folder(tmp_path):
    """Two files, of one pair and of two."""
    store = Noting(tmp_path / "new" / "pairs")
    store.keep({pair("a", "b"): met(1)})
    store.keep({pair("a", "c | d\n"): met(2), pair("c | d\n", "ü"): met(3)})
    return tmp_path / "new" / "pairs"


def test_pairs_are_kept_under_whatever_name(folder):
    store = Noting(folder)
    assert len(store) == 3
    assert store.get(pair("b", "a")) is None
    for names, value in {("a", "b"): 1, ("a", "c | d\n"): 2, ("c | d\n", "ü"): 3}.items():
        np.testing.assert_array_equal(store.get(pair(*names)).rewards, met(value).rewards)
        np.testing.assert_array_equal(store.get(pair(*names)).info["cooperated"], value / 2)
    assert store.notes == []


@pytest.mark.parametrize(
    ("now", "note"),
    [
        ("is another a", "a has changed, so its pairs are played again."),
        (None, "a cannot be compared with what it was, so its pairs are played again."),
    ],
)
def test_pairs_of_a_player_that_has_changed_are_not_used(folder, now, note):
    store = Noting(folder)
    for names in (("a", "b"), ("a", "c | d\n")):
        assert store.get(PairId(names, (now, f"is {names[1]}"))) is None
    assert store.get(pair("c | d\n", "ü")) is not None
    assert store.notes == [note]
    store.keep({PairId(("a", "b"), ("is another a", "is b")): met(4)})
    again = Noting(folder).get(PairId(("a", "b"), ("is another a", "is b")))
    np.testing.assert_array_equal(again.rewards, met(4).rewards)


@pytest.mark.parametrize(
    ("field", "value"),
    [("game", "another"), ("key", [0, 8]), ("episodes", 4), ("common", True)],
)
def test_pairs_of_another_league_are_not_used(folder, field, value):
    store = Noting(folder, LEAGUE | {field: value})
    assert len(store) == 0
    assert len(store.notes) == 2
    for name, note in zip(("00000", "00001"), store.notes, strict=True):
        assert note == (
            f"{folder / name}.safetensors is not used: it is of another league, whose {field} was "
            f"{LEAGUE[field]}, is {value}."
        )


def rewritten(**changes):
    """The file with other arrays or parts of its header, and the digest that it had."""

    def change(content):
        header = json.loads(
            json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"][
                "loqa"
            ]
        )
        arrays = load(content)
        for name, value in changes.items():
            if name in arrays:
                arrays[name] = value(arrays[name])
            else:
                header[name] = value(header[name])
        return save(arrays, {"loqa": json.dumps(header)})

    return change


HUGE = json.dumps(
    {"rewards": {"dtype": "F32", "shape": [2**40, 3, 2], "data_offsets": [0, 24 * 2**40]}}
)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda content: b"", "header"),
        (lambda content: content[: len(content) // 2], "header"),
        (lambda content: content[:-8] + bytes(8), "sha256"),
        (lambda content: b"not an archive", "header"),
        (lambda content: len(HUGE).to_bytes(8, "little") + HUGE.encode(), "header"),
        (lambda content: save({"rewards": np.zeros((2, 3, 2), np.float32)}), "its header"),
        (rewritten(rewards=lambda rows: rows * 2), "sha256"),
        (rewritten(rewards=lambda rows: rows * np.nan), "sha256"),
        (
            rewritten(rewards=lambda rows: rows[0]),
            r"rewards must be F32\[2, 3, 2\], is F32\[3, 2\]",
        ),
        (rewritten(rewards=lambda rows: rows.astype(float)), r"rewards must be F32.*, is F64"),
        (rewritten(pairs=lambda pairs: pairs[::-1]), "sha256"),
        (rewritten(pairs=lambda pairs: pairs[:1]), r"must be F32\[1, 3, 2\]"),
        (rewritten(pairs=lambda pairs: [["a", "b"]] * 2), r"its header is damaged: pairs\.0"),
        (rewritten(format=lambda name: "loqa-pairs-0"), "its header is damaged: format"),
    ],
)
def test_a_damaged_file_is_left_alone_and_said(folder, damage, why):
    path = folder / "00001.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    before = contents(folder)
    store = Noting(folder)
    assert len(store) == 1
    assert store.get(pair("a", "b")) is not None
    (note,) = store.notes
    assert note.startswith(f"{path} is not used: ")
    assert re.search(why, note)
    assert contents(folder) == before
    store.keep({pair("a", "c | d\n"): met(5)})
    assert len(Noting(folder)) == 2


def test_what_was_never_a_number_is_not_used_either(folder):
    store = Noting(folder)
    store.keep({pair("a", "d"): met(np.inf)})
    again = Noting(folder)
    assert again.get(pair("a", "d")) is None
    assert again.notes[0].endswith("its array info cooperated must be finite.")
