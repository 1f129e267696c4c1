"""Where the evaluations of a run go: one small interface, one class per place."""

import math
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from loqa_agents.common.files import read_json, write_atomically

Record = dict[str, Any]
"""One evaluation: ``update``, ``env_steps``, ``wall_seconds`` and measurements, which are lists of
a number, a truth or None per seed, or dicts of such."""


class Logger:
    """A place for the evaluations of a run. What a subclass does not define does nothing."""

    def begin(self, out: Path, config: dict[str, Any], update: int) -> None:
        """The run in the folder ``out``, with what its ``config.json`` says, begins or goes on.

        Evaluations of ``update`` and later come; what a session that was killed logged of them is
        void. Called once, before anything is logged.
        """

    def log(self, record: Record) -> None:
        """Take one evaluation."""

    def close(self) -> None:
        """Nothing more comes; called once, also where `begin` failed."""


class TensorBoard(Logger):
    """Scalars for TensorBoard, by tensorboardX (extra ``tensorboard``)."""

    _writer: Any = None

    def begin(self, out: Path, config: dict[str, Any], update: int) -> None:
        from tensorboardX import SummaryWriter

        self._seeds = config["seeds"]
        self._writer = SummaryWriter(str(out / "tensorboard"), purge_step=update)

    def log(self, record: Record) -> None:
        for name, value in scalars(record, self._seeds):
            self._writer.add_scalar(name, value, record["update"])
        self._writer.flush()  # a checkpoint after this one would be of evaluations that are lost

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _Place(TypedDict):
    """Which run of Weights & Biases a run of ours is."""

    id: str
    project: str
    group: str | None
    name: str


_PLACE = TypeAdapter(_Place)


class WeightsAndBiases(Logger):
    """Scalars to Weights & Biases (extra ``wandb``): one run there, however often ours is resumed.

    Which it is, is kept in ``wandb.json``; without a project it is ``loqa``, without a name the
    folder's.
    """

    def __init__(
        self, project: str | None = None, group: str | None = None, name: str | None = None
    ) -> None:
        given = {"project": project, "group": group, "name": name}
        self._given = {key: value for key, value in given.items() if value is not None}
        self._run: Any = None

    def begin(self, out: Path, config: dict[str, Any], update: int) -> None:
        import wandb

        self._seeds = config["seeds"]
        path = out / "wandb.json"
        place: Any = {"id": secrets.token_hex(8), "project": "loqa", "group": None}
        place["name"] = out.resolve().name
        if path.exists():
            place = read_json(path, _PLACE)
        place |= self._given
        write_atomically(path, _PLACE.dump_json(place, indent=1) + b"\n")
        try:
            self._run = wandb.init(
                dir=str(out), config=config, resume="allow", allow_val_change=True, **place
            )
        except Exception as error:  # no account, no network: wandb has many errors for it
            raise ValueError(f"--wandb must be able to start a run, it got: {error}") from None

    def log(self, record: Record) -> None:
        self._run.log(dict(scalars(record, self._seeds)), step=record["update"])

    def close(self) -> None:
        if self._run is not None:
            self._run.finish()


def scalars(record: Record, seeds: Sequence[int], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a record by its path: ``NAME/seed_SEED``, and the mean over seeds ``NAME``.

    Where a seed has no number, both are without it.
    """
    for name, value in record.items():
        if isinstance(value, dict):
            yield from scalars(value, seeds, f"{prefix}{name}/")
        elif isinstance(value, list):
            known = {
                seed: float(number)
                for seed, number in zip(seeds, value, strict=True)
                if number is not None
            }
            if known:
                yield f"{prefix}{name}", math.fsum(known.values()) / len(known)
            for seed, number in known.items():
                yield f"{prefix}{name}/seed_{seed}", number
        else:
            yield f"{prefix}{name}", float(value)
