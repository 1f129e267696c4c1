"""The state of a training run, kept by orbax."""

import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from loqa_agents.updates import TrainState

_OVERHEAD = 2**16
"""Bytes that a checkpoint takes beside its arrays, generously."""


class Checkpoints:
    """The newest states of a training run, written atomically, and how far each has come."""

    def __init__(self, folder: Path) -> None:
        self._manager = ocp.CheckpointManager(
            folder.resolve(),
            options=ocp.CheckpointManagerOptions(
                max_to_keep=2, create=True, enable_async_checkpointing=False
            ),
        )

    def save(self, update: int, state: TrainState, progress: dict[str, Any]) -> None:
        """Keep the state before ``update``, and ``progress`` (JSON data) beside it.

        Raises:
            OSError: if that cannot be written; what was kept before stays.
        """
        state = jax.device_get(state)
        arguments = ocp.args.Composite(
            state=ocp.args.StandardSave(state), progress=ocp.args.JsonSave(progress)
        )
        try:
            # Looked at first, since orbax's threads complain at length about a full disk.
            size = sum(leaf.nbytes for leaf in jax.tree.leaves(state))
            if shutil.disk_usage(self._manager.directory).free < 2 * size + _OVERHEAD:
                raise OSError("No space left on device")
            self._manager.save(update, args=arguments)
        except Exception as error:  # orbax raises whatever its storage layer raised
            raise OSError(
                f"the folder of a run must stay writable; the checkpoint of update {update} could "
                f"not be kept in {self._manager.directory}: {_reason(error)}. Earlier ones stay."
            ) from None

    def restore(self, template: TrainState) -> tuple[int, TrainState, dict[str, Any]] | None:
        """The newest update, state and progress that can be read; None if none was ever kept.

        Raises:
            ValueError: if there are checkpoints and none can be read.
        """
        shapes = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), template)
        arguments = ocp.args.Composite(
            state=ocp.args.StandardRestore(shapes), progress=ocp.args.JsonRestore()
        )
        broken: dict[int, Exception] = {}
        for update in sorted(self._manager.all_steps(), reverse=True):
            try:
                restored = self._manager.restore(update, args=arguments)
            except Exception as error:  # orbax raises whatever its storage layer raised
                broken[update] = error
                continue
            for newer in broken:  # in their place the run will write them anew
                self._manager.delete(newer)
            return update, restored["state"], restored["progress"]
        if broken:
            newest = max(broken)
            raise ValueError(
                f"the checkpoint of update {newest} must be whole, so that the run can go on; "
                f"it cannot be read: {_reason(broken[newest])}."
            )
        return None

    def close(self) -> None:
        self._manager.close()


def _reason(error: Exception) -> str:
    """The innermost cause in a chain of messages joined by colons, as storage layers report."""
    line = (str(error) or type(error).__name__).splitlines()[0]
    return line.rsplit(": ", 1)[-1].rstrip(".")
