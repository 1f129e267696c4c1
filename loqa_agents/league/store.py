"""The finished pairs of a league on disk, so that a league that was stopped goes on."""

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from typing_extensions import TypedDict

from loqa_agents.common.files import parse_json, write_atomically
from loqa_agents.common.settings import differences
from loqa_agents.league.pairs.pair_id import Pair, PairId
from loqa_agents.league.pairs.tables import PairResult

FORMAT = "loqa-pairs-1"
_FILES = "[0-9][0-9][0-9][0-9][0-9].safetensors"
_INFO = "info "


class _Pair(TypedDict):
    names: Pair
    players: tuple[str | None, str | None]


class _Header(TypedDict):
    format: Literal["loqa-pairs-1"]
    league: dict[str, Any]
    pairs: list[_Pair]
    sha256: str


class _Kept(NamedTuple):
    players: tuple[str | None, str | None]
    result: PairResult


_HEADER = TypeAdapter(_Header)


class PairStore:
    """Keeps pairs in files of a folder, a file for each call of `keep`, none of which it changes.

    A file says which league it is of and who played, and has a digest of all that is in it. What is
    of another league, damaged, or of players that have changed is not used; ``note`` is called with
    a line that says so.
    """

    def __init__(self, folder: Path, note: Callable[[str], None] = warnings.warn) -> None:
        self._folder = folder
        self._note = note
        self._league: dict[str, Any] = {}
        self._held: dict[Pair, _Kept] = {}
        self._noted: set[str] = set()

    def __len__(self) -> int:
        return len(self._held)

    def open(self, league: dict[str, Any]) -> None:
        """Read what there is of a league with these settings.

        Raises:
            OSError: if the folder cannot be made or read.
        """
        self._league = json.loads(json.dumps(league))
        self._held = {}
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.glob(_FILES)):
            try:
                self._held |= _read(path, self._league)
            except (ValueError, SafetensorError) as error:
                self._note(f"{path} is not used: {str(error).rstrip('.')}.")

    def get(self, pair: PairId) -> PairResult | None:
        """The pair's episodes, if they were kept and both players are what they were."""
        kept = self._held.get(pair.names)
        if kept is None:
            return None
        same = True
        for name, before, now in zip(pair.names, kept.players, pair.players, strict=True):
            if now is None or before != now:
                same = False
                why = "has changed" if now else "cannot be compared with what it was"
                self._note_once(f"{name} {why}, so its pairs are played again.")
        return kept.result if same else None

    def keep(self, played: dict[PairId, PairResult]) -> None:
        """Write these pairs; the file appears whole or not at all."""
        self._held |= {pair.names: _Kept(pair.players, result) for pair, result in played.items()}
        results = list(played.values())
        tables = {"rewards": [result.rewards for result in results]}
        tables |= {
            _INFO + name: [result.info[name] for result in results] for name in results[0].info
        }
        arrays = {name: np.stack(rows).astype(np.float32) for name, rows in tables.items()}
        header: Any = {
            "format": FORMAT,
            "league": self._league,
            "pairs": [pair._asdict() for pair in played],
        }
        header["sha256"] = _digest(header, arrays)
        numbers = [int(path.stem) for path in self._folder.glob(_FILES)]
        path = self._folder / f"{max(numbers, default=-1) + 1:05d}.safetensors"
        write_atomically(path, save(arrays, {"loqa": json.dumps(header)}))

    def _note_once(self, line: str) -> None:
        if line not in self._noted:
            self._noted.add(line)
            self._note(line)


def _read(path: Path, league: dict[str, Any]) -> dict[Pair, _Kept]:
    """The pairs of a file; nothing of their size is made before the header and they agree."""
    if not path.is_file():
        raise ValueError("it must be a file")
    with safe_open(path, framework="numpy") as file:
        header = parse_json((file.metadata() or {}).get("loqa", ""), _HEADER, "its header")
        if changed := differences(header["league"], league):
            raise ValueError(f"it is of another league, whose {'; '.join(changed)}")
        shape, names = [len(header["pairs"]), league["episodes"], 2], list(file.keys())
        if "rewards" not in names:
            raise ValueError("it must have an array rewards")
        for name in names:
            found = file.get_slice(name)
            if (found.get_dtype(), found.get_shape()) != ("F32", shape):
                raise ValueError(
                    f"its array {name} must be F32{shape}, is {found.get_dtype()}"
                    f"{found.get_shape()}"
                )
        arrays = {name: file.get_tensor(name) for name in names}
    if header["sha256"] != _digest(header, arrays):
        raise ValueError("its sha256 must be that of what it holds, and is another")
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"its array {name} must be finite")
    rewards = arrays.pop("rewards")
    info = {name.removeprefix(_INFO): array for name, array in arrays.items()}
    return {
        pair["names"]: _Kept(
            pair["players"],
            PairResult(rewards[i], {name: array[i] for name, array in info.items()}),
        )
        for i, pair in enumerate(header["pairs"])
    }


def _digest(header: Any, arrays: dict[str, NDArray[Any]]) -> str:
    """Of all that a file says, but the digest itself."""
    said = {name: value for name, value in header.items() if name != "sha256"}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
