"""Where the evaluations of a run go: one small interface, one class a place."""

import json
import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from loqa_agents.files import write_atomically

Record = dict[str, Any]
"""One evaluation: ``update``, ``env_steps``, ``wall_seconds`` and measurements, which are lists of
a number, a truth or None a seed, or dicts of such."""


class Logger(Protocol):
    def log(self, record: Record) -> None:
        """Take one evaluation."""
        ...

    def close(self) -> None: ...


class JsonLines:
    """One line of JSON an evaluation. Lines after ``update``, and broken ones, are dropped first.

    So a run that is resumed from its checkpoint of ``update`` writes no evaluation twice.
    """

    def __init__(self, path: Path, update: int) -> None:
        kept = [record for record in read_json_lines(path) if record["update"] <= update]
        write_atomically(path, "".join(json.dumps(record) + "\n" for record in kept).encode())
        self.records = kept
        self._file = path.open("a")

    def log(self, record: Record) -> None:
        if any(old["update"] == record["update"] for old in self.records):
            return  # the evaluation at which the resumed run was cut
        self.records.append(record)
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class TensorBoard:
    """Means over seeds as TensorBoard scalars, by tensorboardX (extra ``tensorboard``)."""

    def __init__(self, folder: Path) -> None:
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder))

    def log(self, record: Record) -> None:
        for name, value in scalars(record):
            self._writer.add_scalar(name, value, record["update"])

    def close(self) -> None:
        self._writer.close()


class WeightsAndBiases:
    """Means over seeds to Weights & Biases (extra ``wandb``)."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        import wandb

        try:
            self._run = wandb.init(project="loqa", name=folder.name, dir=str(folder), config=config)
        except Exception as error:  # no account, no network: wandb has many errors for it
            raise ValueError(f"--wandb must be able to start a run, it got: {error}") from None

    def log(self, record: Record) -> None:
        self._run.log(dict(scalars(record)), step=record["update"])

    def close(self) -> None:
        self._run.finish()


def require_extra(option: str, package: str, extra: str = "") -> None:
    """``extra`` is what is to be installed, where it is not called as the option.

    Raises:
        ValueError: if the package that ``--OPTION`` needs is not installed.
    """
    if find_spec(package) is None:
        raise ValueError(
            f"--{option} needs the package {package}, which is not installed; get it with: "
            f'pip install "loqa[{extra or option}]"'
        )


def scalars(record: Record, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a record by its path, lists as the means of the numbers in them."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from scalars(value, f"{prefix}{name}/")
        elif isinstance(value, list):
            if known := [number for number in value if number is not None]:
                yield f"{prefix}{name}", math.fsum(known) / len(known)
        else:
            yield f"{prefix}{name}", float(value)


def read_json_lines(path: Path) -> list[Record]:
    """The whole lines of a file of JSON lines; a last line that was cut is left out."""
    records = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return records
