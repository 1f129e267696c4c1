"""Whatever goes wrong, as one line."""

import os
import traceback
from pathlib import Path

from loqa_agents.common.text import printable

MISTAKE, FAULT = 2, 1
"""Exit codes: of what a user can mend, and of all else."""
_TRACEBACK = "LOQA_TRACEBACK"


def one_line(error: BaseException) -> tuple[str, int]:
    """What an error says, and the exit code that goes with it."""
    mistake = _mistake(error)
    message = _fault(error) if mistake is None else mistake
    return printable(" ".join(message.split())), FAULT if mistake is None else MISTAKE


def wants_traceback() -> bool:
    return bool(os.environ.get(_TRACEBACK))


def _mistake(error: BaseException) -> str | None:
    text = str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text:  # of JAX, a RuntimeError
        detail = text.removeprefix("RESOURCE_EXHAUSTED: ").rstrip(".")
        asked = f" ({detail})" if detail else ""
        return f"memory must hold all that the settings ask for, and ran out{asked}; ask for less."
    if text.startswith("Unable to initialize backend"):
        platforms = os.environ.get("JAX_PLATFORMS")
        return f"JAX_PLATFORMS must name platforms that JAX finds here, got {platforms!r}: {text}"
    known = isinstance(error, OSError | ValueError | FloatingPointError)
    return text if known else None


def _fault(error: BaseException) -> str:
    *_, frame = traceback.extract_tb(error.__traceback__)
    return (
        f"unexpected {type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}: "
        f"{error}. This is a fault of loqa, or of code that it was given; with {_TRACEBACK}=1 it "
        "says where."
    )
