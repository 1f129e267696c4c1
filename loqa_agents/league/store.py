"""The finished pairs of a league on disk, so that a league that was stopped goes on."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from loqa_agents.files import write_atomically
from loqa_agents.league.play import Pair
from loqa_agents.league.tables import Met

_FILES = "[0-9][0-9][0-9][0-9][0-9].npz"


class PairStore:
    """Keeps pairs in files of a folder, a file for each call of `keep`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._held: dict[Pair, Met] = {}
        for path in sorted(folder.glob(_FILES)):
            content = path.read_bytes()  # a disk that fails is no damaged file
            try:
                self._held.update(_read(content))
            except MemoryError:
                raise
            except Exception:  # a damaged file has many ways to fail
                path.replace(path.with_suffix(".damaged"))  # its pairs are played again

    def __len__(self) -> int:
        return len(self._held)

    def get(self, pair: Pair) -> Met | None:
        return self._held.get(pair)

    def keep(self, played: dict[Pair, Met]) -> None:
        """Write these pairs; the file appears whole or not at all."""
        self._held.update(played)
        mets = list(played.values())
        arrays: dict[str, Any] = {
            f"info {name}": np.stack([np.asarray(met.info[name], np.float32) for met in mets])
            for name in mets[0].info
        }
        arrays["pairs"] = np.array(list(played))
        arrays["rewards"] = np.stack([np.asarray(met.rewards, np.float32) for met in mets])
        content = io.BytesIO()
        np.savez(content, **arrays)
        numbers = [int(path.stem) for path in self._folder.glob(_FILES)]
        write_atomically(
            self._folder / f"{max(numbers, default=-1) + 1:05d}.npz", content.getvalue()
        )


def _read(content: bytes) -> dict[Pair, Met]:
    # From memory, since NumPy leaves a damaged file open.
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        info = {
            name.removeprefix("info "): arrays[name] for name in arrays if name.startswith("info ")
        }
        rewards = arrays["rewards"]
        return {
            (str(first), str(second)): Met(rewards[i], {name: info[name][i] for name in info})
            for i, (first, second) in enumerate(arrays["pairs"])
        }
