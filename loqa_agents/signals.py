"""Signals that ask a run to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


class InterruptedRun(Exception):  # noqa: N818 -- nothing went wrong
    """A signal asked the run in ``out`` to stop, which is saved up to ``where``."""

    def __init__(self, out: Path, signal_number: int, where: str) -> None:
        super().__init__(f"interrupted {where}")
        self.out = out
        self.signal_number = signal_number
        self.where = where


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Collects the first SIGINT or SIGTERM in a list; the second one acts as usual."""
    caught: list[int] = []
    handled = (signal.SIGINT, signal.SIGTERM)
    try:
        before = {number: signal.getsignal(number) for number in handled}

        def handler(number: int, frame: FrameType | None) -> None:
            caught.append(number)
            for other in handled:
                signal.signal(other, before[other])

        for number in handled:
            signal.signal(number, handler)
    except ValueError:  # not in the main thread: whoever is there handles signals
        yield caught
        return
    try:
        yield caught
    finally:
        for number in handled:
            signal.signal(number, before[number])
