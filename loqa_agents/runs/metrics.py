"""``metrics.jsonl``: every evaluation of a run, one JSON object per line."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, FiniteFloat, TypeAdapter
from typing_extensions import TypedDict

from loqa_agents.common.files import read_json_lines, write_atomically
from loqa_agents.runs.loggers import Logger, Record

Count = Annotated[int, Field(ge=0)]


class _Versus(TypedDict):
    agent: list[Any]
    opponent: list[Any]


class _Record(TypedDict):
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    update: Count
    env_steps: Count
    wall_seconds: Annotated[FiniteFloat, Field(ge=0)]
    self_play: list[Any]
    versus: dict[str, _Versus]


def read_metrics(path: Path, seeds: int, players: Sequence[str], names: Sequence[str]) -> list[Any]:
    """The records of a file of a run, none if there is no file.

    Each has a number per seed in every measurement, ``versus`` has the ``players``, and
    measurements of these ``names`` are there.

    Raises:
        ValueError: for a line that is no such record, or whose update is not after the one before.
        OSError: if the file cannot be read.
    """

    def check(record: Any) -> Any:
        for name, value in record.items():
            if name not in ("update", "env_steps", "wall_seconds"):
                _check_measured(name, value, seeds)
        if set(record["versus"]) != set(players):
            raise ValueError(f"versus must be of {', '.join(players)}")
        if missing := [name for name in names if name not in record]:
            raise ValueError(f"{missing[0]} must be there")
        return record

    schema: TypeAdapter[Any] = TypeAdapter(Annotated[_Record, AfterValidator(check)])
    records = read_json_lines(path, schema) if path.exists() else []
    for number, (before, record) in enumerate(pairwise(records), 2):
        if record["update"] <= before["update"]:
            raise ValueError(
                f"{path}, line {number} is damaged: update must be above the {before['update']} of "
                f"the line before, got {record['update']}."
            )
    return records


def _check_measured(name: str, value: Any, seeds: int) -> None:
    if isinstance(value, dict):
        for inner, part in value.items():
            _check_measured(f"{name}.{inner}", part, seeds)
    elif not (
        isinstance(value, list)
        and len(value) == seeds
        and all(number is None or isinstance(number, int | float) for number in value)
    ):
        raise ValueError(f"{name} must be a list of {seeds} numbers, one per seed")


def require_evaluations(path: Path, records: Sequence[Record], update: int, every: int) -> None:
    """Raise ``ValueError`` unless all evaluations to the checkpoint of ``update`` are there."""
    missing = sorted(set(range(0, update + 1, every)) - {record["update"] for record in records})
    if missing:
        raise ValueError(
            f"{path} must have all evaluations until the checkpoint of update {update}, so that "
            f"the run can go on; that of update {missing[0]} is not there."
        )


class JsonLines(Logger):
    """Writes each evaluation as a line after those of ``records``, which replace what there is."""

    def __init__(self, path: Path, records: Sequence[Record]) -> None:
        write_atomically(path, "".join(map(_line, records)).encode())
        self.records = list(records)
        self._file = path.open("a")

    def log(self, record: Record) -> None:
        self.records.append(record)
        self._file.write(_line(record))
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _line(record: Record) -> str:
    return json.dumps(record) + "\n"
