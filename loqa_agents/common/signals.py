"""Signals that ask the process to stop: SIGINT, which is Ctrl-C, and SIGTERM.

A process of the command line answers them from its first instruction on (`answer`), so this module
imports nothing that takes time. A run collects them, so that it is saved first (`stop_signals`).
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

HANDLED = (signal.SIGINT, signal.SIGTERM)
GRACE = 2.0
"""Seconds in which the main thread must have come to an end, or the process ends without it."""


_whole: Path | None = None


@contextmanager
def part_of(whole: Path) -> Iterator[None]:
    """Runs within are parts of what is in that folder, with which one goes on after a signal."""
    global _whole
    before, _whole = _whole, whole
    try:
        yield
    finally:
        _whole = before


class InterruptedRun(KeyboardInterrupt):
    """A signal asked the run in ``out`` to stop, which is saved up to ``where``."""

    def __init__(self, out: Path, signal_number: int, where: str) -> None:
        super().__init__(f"interrupted {where}")
        self.out = out if _whole is None else _whole
        self.signal_number = signal_number
        self.where = where


class Caught(list[int]):
    """Signals that came within `stop_signals`; only the first one is caught."""

    def __init__(self) -> None:
        super().__init__()
        self._stop: Callable[[int], InterruptedRun] | None = None
        self._noticed = 0

    def at_once(self, stop: Callable[[int], InterruptedRun]) -> None:
        """From now on a signal raises ``stop(number)`` wherever it comes: all is saved."""
        self._stop = stop
        if self:
            raise stop(self[0])

    def collect(self) -> None:
        """From now on a signal is kept here, and whoever has something to save looks for it."""
        if self and self._stop is not None:
            raise self._stop(self[0])
        self._stop = None

    def note(self, number: int) -> None:
        self.append(number)
        if self._stop is not None:
            raise self._stop(number)

    def notice(self, number: int) -> tuple[bool, InterruptedRun | None]:
        """Whether the signal should end the main thread soon, and with what."""
        self._noticed += 1
        stop = None if self._stop is None else self._stop(number)
        return stop is not None or self._noticed > 1, stop


_caught: Caught | None = None


@contextmanager
def stop_signals() -> Iterator[Caught]:
    """Catches the first SIGINT or SIGTERM; the second one acts as usual."""
    global _caught
    caught = Caught()
    try:
        before = {number: signal.getsignal(number) for number in HANDLED}

        def handler(number: int, frame: FrameType | None) -> None:
            for other in HANDLED:
                signal.signal(other, before[other])
            caught.note(number)

        for number in HANDLED:
            signal.signal(number, handler)
    except ValueError:  # not in the main thread: whoever is there handles signals
        yield caught
        return
    around, _caught = _caught, caught
    try:
        yield caught
    finally:
        _caught = around
        for number in HANDLED:
            signal.signal(number, before[number])


class Answer:
    """How a process of the command line's own answers signals: a last line, and 128 + number.

    As long as there is nothing to undo, and from the second signal on, it ends at once. Otherwise
    the main thread is interrupted, and has `GRACE` to come to an end: it may be in a compiler, that
    does not hear of signals, or in a callback, out of which nothing can be raised.
    """

    def __init__(self, say: Callable[[int, InterruptedRun | None], None]) -> None:
        self.patient = False
        """Whether the main thread has something to undo."""
        self.signalled = 0
        """The signal that interrupted the main thread."""
        self._say = say
        self._first = threading.Lock()
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        threading.Thread(target=self._watch, args=(reader,), daemon=True).start()
        sys.unraisablehook = self._unraisable
        # The number of each signal is written there at once, whatever the main thread is in.
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in HANDLED:
            signal.signal(number, self._interrupt)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_forget)

    def leave(self, number: int, stop: InterruptedRun | None = None) -> None:
        """Say the last line and end the process; nothing, if another thread is doing so."""
        if self._first.acquire(blocking=False):
            try:
                self._say(number, stop)
            finally:
                os._exit(128 + number)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.signalled or not self.patient:
            self.leave(number)
        self.signalled = number
        raise KeyboardInterrupt

    def _unraisable(self, unraisable: "sys.UnraisableHookArgs") -> None:
        # Raised within a finaliser or a callback of the garbage collector: `GRACE` will end it.
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            sys.__unraisablehook__(unraisable)

    def _watch(self, reader: int) -> None:
        while True:
            number = os.read(reader, 1)[0]
            if number not in HANDLED:
                continue
            if not self.patient:
                self.leave(number)
            due, stop = (True, None) if _caught is None else _caught.notice(number)
            if due:
                timer = threading.Timer(GRACE, self.leave, (number, stop))
                timer.daemon = True
                timer.start()


def _block() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)


def _forget() -> None:
    """In a child process, signals do what they do in any other; it would write to our pipe."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _unblock()
