"""``metrics.jsonl`` is read whole or not at all."""

import json
from pathlib import Path

import pytest

from loqa_agents.runs.metrics import JsonLines, read_metrics, require_evaluations


def record(update: int) -> dict:
    return {
        "update": update,
        "env_steps": update * 8,
        "wall_seconds": update / 2,
        "self_play": [1.0, 2.0],
        "versus": {"grim": {"agent": [0.0, 0.5], "opponent": [3.0, 3.0]}},
        "own_colour": [None, 0.5],
        "passed": {"weak": [True, False]},
    }


def write(path: Path, *records: object) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def read(path: Path) -> list:
    return read_metrics(path, 2, ("grim",), ("self_play", "own_colour"))


def test_each_line_is_on_disk_when_it_is_logged_and_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    assert read(path) == []
    logger = JsonLines(path, [record(0)])
    logger.log(record(5))
    assert path.read_text().splitlines() == [json.dumps(record(0)), json.dumps(record(5))]
    assert logger.records == read(path) == [record(0), record(5)]
    logger.close()
    with path.open("a") as file:
        file.write('{"update": 10, "env')  # where a process was killed
    assert read(path) == [record(0), record(5)]


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ({}, "update must be there"),
        ([], "must be an object"),
        ("text", "must be an object"),
        (record(5) | {"update": "5"}, "update must be a valid integer, got '5'"),
        (record(5) | {"update": -5}, "update must be greater than or equal to 0"),
        (record(5) | {"update": 0}, "update must be above the 0 of the line before, got 0"),
        (record(5) | {"wall_seconds": -1.0}, "wall_seconds must be greater than or equal to 0"),
        (record(5) | {"wall_seconds": float("inf")}, "wall_seconds must be a finite number"),
        (record(5) | {"self_play": [1.0]}, "self_play must be a list of 2 numbers"),
        (record(5) | {"self_play": 1.0}, "self_play must be a valid array"),
        (record(5) | {"loss": ["high", "low"]}, "loss must be a list of 2 numbers"),
        (record(5) | {"loss": [[1.0], [1.0]]}, "loss must be a list of 2 numbers"),
        (record(5) | {"versus": {}}, "versus must be of grim"),
        (record(5) | {"versus": {"grim": {"agent": [1.0, 1.0]}}}, "versus.grim.opponent must be"),
        ({k: v for k, v in record(5).items() if k != "own_colour"}, "own_colour must be there"),
    ],
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, broken: object, complaint: str) -> None:
    path = tmp_path / "lines"
    write(path, record(0), broken, record(10))
    with pytest.raises(ValueError, match=r"lines, line 2 is damaged: ") as caught:
        read(path)
    assert complaint in str(caught.value)


def test_all_evaluations_before_a_checkpoint_must_be_there() -> None:
    path = Path("run/metrics.jsonl")
    records = [record(update) for update in (0, 5, 7, 10, 15)]
    require_evaluations(path, records, 12, every=5)
    require_evaluations(path, [], -1, every=5)
    for missing in (0, 5, 10):
        left = [line for line in records if line["update"] != missing]
        with pytest.raises(
            ValueError, match=rf"run/metrics\.jsonl .* update 12, .* of update {missing} is not"
        ):
            require_evaluations(path, left, 12, every=5)
