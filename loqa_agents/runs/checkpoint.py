"""The state of a training run on disk: one file for each of its newest checkpoints."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import jax
import numpy as np
from pydantic import Field, FiniteFloat, TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from typing_extensions import TypedDict

from loqa_agents.common.files import parse_json, write_atomically
from loqa_agents.players.agent import named_leaves
from loqa_agents.training.updates import TrainState

FORMAT = "loqa-checkpoint-1"
_KEPT = 2


class Progress(TypedDict):
    """How far a run has come beside its state, in seconds over all its sessions."""

    wall_seconds: Annotated[FiniteFloat, Field(ge=0)]
    compile_seconds: Annotated[FiniteFloat, Field(ge=0)]


class _Header(TypedDict):
    format: Literal["loqa-checkpoint-1"]
    update: Annotated[int, Field(ge=0)]
    progress: Progress
    sha256: str


_HEADER = TypeAdapter(_Header)


class Checkpoints:
    """The newest states of a training run, written atomically, and how far each has come.

    Nothing is changed on disk before `save`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._whole: list[Path] = []

    def save(self, update: int, state: TrainState, progress: Progress) -> None:
        """Keep the state before ``update``, and ``progress`` beside it.

        Raises:
            OSError: if that cannot be written; what was kept before stays.
        """
        arrays = _arrays(jax.device_get(state))
        header = {
            "format": FORMAT,
            "update": update,
            "progress": progress,
            "sha256": _digest(update, progress, arrays),
        }
        path = self._folder / f"{update}.safetensors"
        try:
            self._folder.mkdir(exist_ok=True)
            write_atomically(path, save(arrays, {"loqa": json.dumps(header)}))
        except OSError as error:
            raise OSError(
                f"the folder of a run must stay writable; the checkpoint of update {update} could "
                f"not be kept in {self._folder}: {error.strerror}. Earlier ones stay."
            ) from None
        self._whole = [*(kept for kept in self._whole if kept != path), path][-_KEPT:]
        for other in self._files().values():
            if other not in self._whole and not other.is_dir():
                other.unlink()

    def restore(self, template: TrainState) -> tuple[int, TrainState, Progress] | None:
        """The newest update, state and progress that can be read; None if none was ever kept.

        Raises:
            ValueError: if there are checkpoints and none can be read.
        """
        broken: list[str] = []
        for update, path in sorted(self._files().items(), reverse=True):
            try:
                state, progress = _read(path, update, template)
            except (ValueError, SafetensorError) as error:
                broken.append(f"{path} cannot be read: {str(error).rstrip('.')}.")
                continue
            self._whole = [path]
            return update, state, progress
        if broken:
            raise ValueError(f"a checkpoint must be whole, so that the run can go on; {broken[0]}")
        older = [path.name for path in _below(self._folder) if path.is_dir()]
        if older:
            raise ValueError(
                f"checkpoints must be files; those in {self._folder} were made by an older version "
                f"of loqa (folders, such as {older[0]}), and only that can go on from them."
            )
        return None

    def _files(self) -> dict[int, Path]:
        """The checkpoints by the updates that their names say."""
        return {
            int(path.stem): path
            for path in _below(self._folder)
            if path.suffix == ".safetensors" and path.stem.isascii() and path.stem.isdecimal()
        }


def _below(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _read(path: Path, update: int, template: TrainState) -> tuple[TrainState, Progress]:
    expected = named_leaves(template)
    if not path.is_file():  # a pipe would be waited for
        raise ValueError("it is no file")
    with safe_open(path, framework="numpy") as file:
        header = parse_json((file.metadata() or {}).get("loqa", ""), _HEADER, "its header")
        if header["update"] != update:
            raise ValueError(f"it is of update {header['update']}")
        # Nothing of the size of an array is made before the file and the run agree.
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        if shapes != {name: leaf.shape for name, leaf in expected.items()}:
            raise ValueError("its arrays have other names or shapes than the run's")
        arrays = {name: file.get_tensor(name) for name in expected}
    if any(arrays[name].dtype != leaf.dtype for name, leaf in expected.items()):
        raise ValueError("its arrays have other types than the run's")
    if _digest(update, header["progress"], arrays) != header["sha256"]:
        raise ValueError("it has changed since it was written")
    state: TrainState = jax.tree.unflatten(jax.tree.structure(template), list(arrays.values()))
    return state, header["progress"]


def _arrays(state: TrainState) -> dict[str, Any]:
    return {name: np.asarray(leaf, order="C") for name, leaf in named_leaves(state).items()}


def _digest(update: int, progress: Progress, arrays: dict[str, Any]) -> str:
    numbers = (update, float(progress["wall_seconds"]), float(progress["compile_seconds"]))
    digest = hashlib.sha256(repr(numbers).encode())
    for array in arrays.values():
        digest.update(array.tobytes() if array.ndim == 0 else array)
    return digest.hexdigest()
