"""Where evaluations go."""

import os
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from loqa_agents import Learner, Training, run
from loqa_agents.common.versions import require_package
from loqa_agents.runs.folder import Kind, claim
from loqa_agents.runs.loggers import Logger, TensorBoard, WeightsAndBiases, scalars

CONFIG = {"seeds": [42, 43]}


def record(update: int) -> dict:
    return {
        "update": update,
        "self_play": [1.0, 2.0],
        "versus": {"grim": {"agent": [0.0, 0.5], "opponent": [None, 3.0]}},
    }


SCALARS = {
    "self_play": 1.5,
    "self_play/seed_42": 1.0,
    "self_play/seed_43": 2.0,
    "versus/grim/agent": 0.25,
    "versus/grim/agent/seed_42": 0.0,
    "versus/grim/agent/seed_43": 0.5,
    "versus/grim/opponent": 3.0,
    "versus/grim/opponent/seed_43": 3.0,
}


def test_every_number_has_its_path_by_seed_and_as_a_mean() -> None:
    assert dict(scalars(record(7), [42, 43])) == {"update": 7.0} | SCALARS


def test_what_is_unknown_for_every_seed_is_left_out() -> None:
    found = dict(scalars({"none": [None], "passed": [True]}, [1]))
    assert found == {"passed": 1.0, "passed/seed_1": 1.0}


def test_a_missing_extra_is_named_with_its_command() -> None:
    require_package("--json", "json", "json")
    with pytest.raises(ValueError, match=r'--magic needs .* pip install "loqa\[magic\]"'):
        require_package("--magic", "no_such_package", "magic")


def events(folder: Path) -> list[Any]:
    """The events of all files, in the order in which TensorBoard reads them."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(folder.glob("events*"), key=lambda path: path.stat().st_mtime_ns):
        content = path.read_bytes()
        while content:  # length, its checksum, an event, its checksum
            (length,) = struct.unpack("<Q", content[:8])
            found.append(Event.FromString(content[12 : 12 + length]))
            content = content[12 + length + 4 :]
    return found


def test_tensorboard_shows_each_update_once_after_a_crash(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="the extra loqa[tensorboard] is missing")
    killed = TensorBoard()
    killed.begin(tmp_path, CONFIG, 0)
    for update in (0, 5, 10):
        killed.log(record(update))
    (path,) = (tmp_path / "tensorboard").iterdir()
    written = path.stat().st_size
    assert written > 3 * 100  # before it is closed, which a killed process does not do
    path.rename(path.with_name("events.out.tfevents.0.host"))  # names are of the second
    again = TensorBoard()
    again.begin(tmp_path, CONFIG, 6)  # from a checkpoint after update 5
    again.log(record(10))
    for logger in (again, killed):
        logger.close()
    shown: dict[str, dict[int, float]] = {}
    for event in events(tmp_path / "tensorboard"):
        if event.HasField("session_log"):  # what a restart makes void, TensorBoard drops
            assert event.session_log.status == event.session_log.START
            shown = {
                tag: {step: value for step, value in steps.items() if step < event.step}
                for tag, steps in shown.items()
            }
        for value in event.summary.value:
            assert event.step not in shown.setdefault(value.tag, {})
            shown[value.tag][event.step] = value.simple_value
    assert {tag: sorted(steps) for tag, steps in shown.items()} == {
        tag: [0, 5, 10] for tag in ("update", *SCALARS)
    }
    assert {tag: steps[10] for tag, steps in shown.items()} == {"update": 10} | SCALARS


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a stand-in for wandb was told."""
    heard: list[Any] = []
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
    return heard


def test_weights_and_biases_gets_one_run_over_all_sessions(
    tmp_path: Path, heard: list[Any]
) -> None:
    for given in ({}, {"group": "sweep"}, {}):
        logger = WeightsAndBiases(**given)
        logger.begin(tmp_path / ".", CONFIG, 0)
        logger.log(record(7))
        logger.close()
    first, logged, end, second, _, _, third, _, _ = heard
    assert (first["project"], first["group"], first["name"]) == ("loqa", None, tmp_path.name)
    assert first["config"] == CONFIG
    assert logged == (7, {"update": 7.0} | SCALARS)
    assert end == "end"
    assert first["id"] == second["id"] == third["id"]
    assert first["resume"] == "allow"
    assert second["group"] == third["group"] == "sweep"


def test_another_run_is_another_run_there(tmp_path: Path, heard: list[Any]) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        WeightsAndBiases("mine", "group", "name").begin(tmp_path / name, CONFIG, 0)
    assert heard[0]["id"] != heard[1]["id"]
    assert [heard[0][key] for key in ("project", "group", "name")] == ["mine", "group", "name"]


def test_a_logger_that_never_began_can_be_closed() -> None:
    for logger in (TensorBoard(), WeightsAndBiases()):
        logger.close()


def test_weights_and_biases_without_account_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(**settings: object) -> None:
        raise RuntimeError("not logged in")

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init))
    with pytest.raises(ValueError, match=r"--wandb .* not logged in"):
        WeightsAndBiases().begin(tmp_path, CONFIG, 0)


@pytest.mark.slow
def test_two_sessions_offline_are_one_run_to_be_synchronised(tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="the extra loqa[wandb] is missing")
    program = (
        "from pathlib import Path; from loqa_agents.runs.loggers import WeightsAndBiases\n"
        "logger = WeightsAndBiases(); logger.begin(Path('run'), {'seeds': [1]}, 0)\n"
        "logger.log({'update': 0, 'self_play': [1.0]}); logger.close()"
    )
    (tmp_path / "run").mkdir()
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True,
            env=os.environ | {"WANDB_MODE": "offline", "WANDB_SILENT": "true"},
        )  # fmt: skip
    files = [path.stem for path in (tmp_path / "run" / "wandb").rglob("*.wandb")]
    assert files
    assert len(set(files)) == 1


class Refusing(Logger):
    """Leaves something behind and cannot begin."""

    def begin(self, out: Path, config: dict[str, Any], update: int) -> None:
        (out / "notes").mkdir()
        (out / "notes" / "one.txt").write_text("one")
        raise ValueError("--notes must be able to begin")


@pytest.mark.slow
@pytest.mark.parametrize("there", [False, True])
def test_a_logger_that_cannot_begin_leaves_a_new_folder_as_it_was(
    there: bool, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    if there:
        out.mkdir()
    with pytest.raises(ValueError, match="must be able to begin"):
        run("ipd", Learner(), Training(updates=1), 0, out, loggers=[Logger(), Refusing()])
    assert list(tmp_path.rglob("*")) == [out] * there


def test_a_logger_that_cannot_begin_leaves_a_run_that_goes_on_alone(tmp_path: Path) -> None:
    config = {"learner": {}, "game": {}}
    kind = Kind("training", ("game",), lambda path: config, lambda config: "")
    (tmp_path / "config.json").write_text("{}")
    with claim(tmp_path, "run", kind, config, True, False) as held:
        held.begin(config)
        held.lasting = False
        held.leave(ValueError, ValueError("a logger cannot begin"), None)
    assert list(tmp_path.iterdir()) == [tmp_path / "config.json"]
