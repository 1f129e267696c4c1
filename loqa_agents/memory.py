"""How much memory there is, and giving back what is not needed."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path


def available_memory() -> int | None:
    """Bytes of memory that this machine can still give; None where it does not say."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return 1024 * int(
            next(line for line in lines if line.startswith("MemAvailable")).split()[1]
        )
    with suppress(AttributeError, ValueError, OSError):  # without it, all that there is
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def give_back_memory() -> None:
    """Return freed memory to the system, where the C library can.

    The compiler frees hundreds of megabytes that glibc would keep for the process.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
