"""The devices that JAX computes on; on a CPU, every core is one."""

import os
import platform
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import jax
from pydantic import Field
from typing_extensions import TypedDict

from loqa_agents.common.settings import differences

_WORTH_A_DEVICE = 128
"""Episodes an update below which handing them to one more device costs more than it saves."""
_VECTORS = ("avx512f", "avx2", "avx")
"""Sets of instructions, of which XLA uses the widest that a CPU has."""

Count = Annotated[int, Field(ge=1)]


class Devices(TypedDict):
    """What the last digits of a run depend on beside its settings."""

    platform: str
    """``cpu``, ``gpu`` or ``tpu``."""
    kind: str
    """The model of an accelerator, the instructions of a CPU."""
    number: Count
    threads: Count
    """Of a CPU's matrix products; 1 on accelerators."""


def describe(devices: Sequence[jax.Device]) -> Devices:
    first = devices[0]
    cpu = first.platform == "cpu"
    return {
        "platform": first.platform,
        "kind": _instructions() if cpu else first.device_kind,
        "number": len(devices),
        "threads": _threads(len(jax.devices("cpu"))) if cpu else 1,
    }


def use_devices(number: int | None = None) -> list[jax.Device]:
    """The first ``number`` devices, without it all.

    Raises:
        ValueError: if there are fewer.
    """
    if number is not None and number < 1:
        raise ValueError(f"--devices must be at least 1, got {number}.")
    cores = _cores()
    _split_cpu(min(number or cores, cores))
    devices: list[jax.Device] = jax.devices()
    if number is not None and number > len(devices):
        raise ValueError(
            f"--devices must be at most the devices that there are, {len(devices)}; got {number}."
        )
    return devices[:number]


def training_devices(number: int | None, seeds: int, episodes: int) -> list[jax.Device]:
    """The devices of a run: ``number`` of them or, without it, as many as the run keeps busy.

    A device is kept busy by a seed of its own or, where seeds are too few, by its share of the
    ``episodes`` that devices can share in an update, if that is worth handing out.

    Raises:
        ValueError: if there are fewer.
    """
    devices = use_devices(number)
    if number is not None:
        return devices
    by_seed = max(n for n in range(1, len(devices) + 1) if seeds % n == 0)
    by_episode = min(len(devices), seeds * episodes // _WORTH_A_DEVICE)
    return devices[: max(by_seed, by_episode)]


def choose_devices(
    given: int | Sequence[jax.Device] | None, recorded: Devices | None, changed: bool
) -> list[jax.Device]:
    """The devices of a run: those ``given``, or a number of them; else those that it was recorded
    with, or all that JAX has.

    Raises:
        ValueError: if they are none, or not there, or other ones than were ``recorded`` although
            they have not ``changed``.
    """
    again = None if changed else recorded
    if again and (given is None or given == again["number"]):
        devices = _same_devices(again)
    elif given is None:
        devices = jax.devices()
    else:
        devices = use_devices(given) if isinstance(given, int) else list(given)
    if not devices:
        raise ValueError(f"devices must be a number or some of jax.devices(), got {given!r}.")
    if again and (other := differences(again, describe(devices), "devices")):
        raise ValueError(
            "a training must go on with the devices that it began with, so that it ends in the "
            f"same numbers; {'; '.join(other)}. To go on all the same, say --devices-changed."
        )
    return devices


def _same_devices(recorded: Devices) -> list[jax.Device]:
    """Devices as recorded, as far as this machine has them.

    A CPU with fewer cores can still be the same devices, only slower.
    """
    if recorded["platform"] == "cpu" and _split_cpu(recorded["number"]):
        os.environ["NPROC"] = str(recorded["threads"])  # XLA reads it when it starts
    devices: list[jax.Device] = jax.devices()
    return devices[: recorded["number"]]


def _split_cpu(number: int) -> bool:
    """Make that many devices of a CPU, unless JAX is in use already: then it keeps what it has."""
    try:
        jax.config.update("jax_num_cpu_devices", number)
    except RuntimeError:
        return False
    return True


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _threads(devices: int) -> int:
    """How many threads XLA computes with on a CPU: NPROC, or the cores that it may use."""
    number = os.environ.get("NPROC", "")
    return max(int(number) if number.isdecimal() else _cores(), devices)


def _instructions() -> str:
    """The machine and its widest vectors."""
    flags: set[str] = set()
    with suppress(OSError):
        found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        flags = set(found[1].split()) if found else set()
    return " ".join([platform.machine(), *(name for name in _VECTORS if name in flags)][:2])
