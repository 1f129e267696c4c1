"""What a process of the command line sets up, and how it ends."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path


def open_standard_streams() -> None:
    """Make standard streams that are closed go nowhere, and all of them write any text.

    Otherwise the next file that is opened takes the place of one that is closed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):  # what a terminal's encoding lacks, and lone bytes
            stream.reconfigure(errors="backslashreplace" if number else "surrogateescape")


def give_up_output() -> None:
    """Let standard output go nowhere if nothing can be written to it any more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_line(number: int, text: str) -> None:
    """Write a last line to a standard stream, from whatever thread; never fails."""
    with suppress(OSError):
        os.write(number, f"{text}\n".encode(errors="backslashreplace"))


def use_compilation_cache() -> None:
    """Keep compiled programs between runs, unless the user has said where or that not."""
    import jax

    if getattr(jax.config, "jax_compilation_cache_dir", None) is None:
        base = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
        if base.is_absolute():  # a user without a home has no cache
            jax.config.update("jax_compilation_cache_dir", str(base / "loqa" / "jax"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
