"""How much memory there is, whether a program can have it, and giving back what is not needed."""

import ctypes
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import jax

_PROCESSES = Path("/proc")
_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_NO_LIMIT = 2**60
"""What the first version of control groups says where there is no limit is more than this."""


def require_memory(
    what: str, needed: int, settings: Mapping[str, Any], devices: Sequence[jax.Device] = ()
) -> None:
    """Raise ``ValueError`` unless there are ``needed`` bytes on the devices, in one line.

    ``settings`` are those that it depends on, with their values.
    """
    available = available_memory(devices)
    if available is not None and needed > available:
        given = ", ".join(f"{name}={value}" for name, value in settings.items())
        raise ValueError(
            f"{what} must fit in memory; with {given} about {needed:,} bytes are needed, and "
            f"{available:,} are available. Lower some of these."
        )


def available_memory(devices: Sequence[jax.Device] = ()) -> int | None:
    """Bytes that can still be had on all ``devices`` together; None where nobody says.

    A CPU has what the machine has left, and what the control group of this process may still take.
    """
    if any(device.platform != "cpu" for device in devices):
        stats = [device.memory_stats() for device in devices]
        if not all(each and "bytes_limit" in each for each in stats):
            return None
        return len(stats) * min(int(each["bytes_limit"] - each["bytes_in_use"]) for each in stats)
    left = [*_left_in_machine(), *_left_in_control_groups()]
    return max(0, min(left)) if left else None


def give_back_memory() -> None:
    """Return freed memory to the system, where the C library can.

    The compiler frees hundreds of megabytes that glibc would keep for the process.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _left_in_machine() -> Iterator[int]:
    with suppress(OSError, ValueError, IndexError):
        for line in (_PROCESSES / "meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                yield 1024 * int(line.split()[1])
                return
    with suppress(AttributeError, ValueError, OSError):  # without it, all that there is
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _left_in_control_groups() -> Iterator[int]:
    """For each control group that this process is in, and each around it: limit less use."""
    with suppress(OSError):
        for line in (_PROCESSES / "self" / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                folder, limit, use = _CONTROL_GROUPS, "memory.max", "memory.current"
                cache = "inactive_file"
            elif controllers == "memory":
                folder, limit = _CONTROL_GROUPS / "memory", "memory.limit_in_bytes"
                use, cache = "memory.usage_in_bytes", "total_inactive_file"
            else:
                continue
            inner = folder / path.lstrip("/")  # within a container, it may be seen as the root
            for group in (inner, *inner.parents):
                with suppress(OSError, ValueError):
                    most = int((group / limit).read_text())
                    if most < _NO_LIMIT:
                        yield most - int((group / use).read_text()) + _cached(group, cache)
                if group == folder:
                    break


def _cached(group: Path, name: str) -> int:
    """Bytes of files that a control group holds and gives back when it needs them."""
    with suppress(OSError):
        for line in (group / "memory.stat").read_text().splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    return 0
