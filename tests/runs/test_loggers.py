"""Where evaluations go."""

import json
import struct
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from loqa_agents.loggers import JsonLines, TensorBoard, WeightsAndBiases, require_extra, scalars


def record(update: int) -> dict:
    return {
        "update": update,
        "self_play": [1.0, 2.0],
        "versus": {"grim": {"agent": [0.0, 0.5], "opponent": [3.0, 3.0]}},
    }


MEANS = {"self_play": 1.5, "versus/grim/agent": 0.25, "versus/grim/opponent": 3.0}


def test_every_number_has_its_path_and_lists_their_means() -> None:
    assert dict(scalars(record(7))) == {"update": 7.0} | MEANS


def test_what_is_unknown_for_a_seed_is_left_out_of_means() -> None:
    found = dict(scalars({"own": [None, 0.5, 1.0], "none": [None], "passed": [True, False]}))
    assert found == {"own": 0.75, "passed": 0.5}


def test_each_line_is_on_disk_when_it_is_logged(tmp_path: Path) -> None:
    logger = JsonLines(tmp_path / "lines", 0)
    logger.log(record(0))
    logger.log(record(5))
    assert (tmp_path / "lines").read_text().splitlines() == [
        json.dumps(record(0)),
        json.dumps(record(5)),
    ]
    logger.close()


def test_resuming_drops_later_lines_and_logs_none_twice(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("".join(json.dumps(record(update)) + "\n" for update in (0, 5, 10, 15)))
    logger = JsonLines(path, 10)
    assert [line["update"] for line in logger.records] == [0, 5, 10]
    logger.log(record(10))
    logger.log(record(15) | {"new": 1})
    logger.close()
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert found == [record(0), record(5), record(10), record(15) | {"new": 1}]
    assert logger.records == found


@pytest.mark.parametrize("cut", ['{"upda', '{"update": 10,', "\0\0\0", '{"update": 10}trailing'])
def test_a_line_that_was_cut_is_dropped(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "lines"
    path.write_text(json.dumps(record(5)) + "\n" + cut)
    logger = JsonLines(path, 10)
    logger.log(record(10))
    logger.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == [record(5), record(10)]


def test_a_missing_extra_is_named_with_its_command() -> None:
    require_extra("json", "json")
    with pytest.raises(ValueError, match=r'--magic needs .* pip install "loqa\[magic\]"'):
        require_extra("magic", "no_such_package")


def test_tensorboard_gets_means(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="the extra loqa[tensorboard] is missing")
    from tensorboardX.proto.event_pb2 import Event

    logger = TensorBoard(tmp_path)
    logger.log(record(7))
    logger.close()
    (path,) = tmp_path.glob("events*")
    content, found = path.read_bytes(), {}
    while content:  # length, its checksum, an event, its checksum
        (length,) = struct.unpack("<Q", content[:8])
        event = Event.FromString(content[12 : 12 + length])
        found |= {value.tag: (event.step, value.simple_value) for value in event.summary.value}
        content = content[12 + length + 4 :]
    assert found == {name: (7, mean) for name, mean in ({"update": 7.0} | MEANS).items()}


def test_weights_and_biases_gets_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list = []
    wandb = SimpleNamespace(
        init=lambda **settings: (
            heard.append(settings)
            or SimpleNamespace(
                log=lambda data, step: heard.append((step, data)),
                finish=lambda: heard.append("end"),
            )
        )
    )
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    logger = WeightsAndBiases(tmp_path / "ipd-loqa", {"seeds": [1]})
    logger.log(record(7))
    logger.close()
    settings, logged, end = heard
    assert (settings["name"], settings["config"]) == ("ipd-loqa", {"seeds": [1]})
    assert logged == (7, {"update": 7.0} | MEANS)
    assert end == "end"


def test_weights_and_biases_without_account_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(**settings: object) -> None:
        raise RuntimeError("not logged in")

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init))
    with pytest.raises(ValueError, match=r"--wandb .* not logged in"):
        WeightsAndBiases(tmp_path, {})
