"""A league that was stopped goes on where it was."""

import numpy as np
import pytest

from loqa_agents.league import Entrant, play_league
from loqa_agents.league.store import PairStore
from loqa_agents.league.tables import Met

from .conftest import DILEMMA, KEY
from .players import TitForTat


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


def met(value: float) -> Met:
    return Met(np.full((3, 2), value), {"cooperated": np.full((3, 2), value / 2)})


@pytest.fixture
def folder(tmp_path):
    """Two files, of one pair and of two."""
    store = PairStore(tmp_path / "new" / "pairs")
    store.keep({("a", "b"): met(1)})
    store.keep({("a", "c | d\n"): met(2), ("c | d\n", "ü"): met(3)})
    return tmp_path / "new" / "pairs"


def test_pairs_are_kept_under_whatever_name(folder):
    store = PairStore(folder)
    assert len(store) == 3
    assert store.get(("b", "a")) is None
    for pair, value in {("a", "b"): 1, ("a", "c | d\n"): 2, ("c | d\n", "ü"): 3}.items():
        np.testing.assert_array_equal(store.get(pair).rewards, met(value).rewards)
        np.testing.assert_array_equal(store.get(pair).info["cooperated"], value / 2)


def lacking(content: bytes) -> bytes:
    """An archive of other arrays."""
    import io

    file = io.BytesIO()
    np.savez(file, pairs=np.array([["a", "b"], ["a", "c"]]), rewards=np.zeros((1, 3, 2)))
    return file.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:100] + bytes(100) + content[200:],
        lambda content: b"not an archive",
        lacking,
    ],
)
def test_pairs_of_a_damaged_file_are_played_again(folder, damage):
    path = folder / "00001.npz"
    path.write_bytes(damage(path.read_bytes()))
    (folder / "00002.npz.partial").write_bytes(b"a write that was cut")
    store = PairStore(folder)
    assert len(store) == 1
    assert store.get(("a", "b")) is not None
    store.keep({("a", "c | d\n"): met(5)})
    assert len(PairStore(folder)) == 2
