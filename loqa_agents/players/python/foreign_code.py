"""Calls of other people's code, which may raise anything, end the process or never come back."""

import importlib
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Annotated, Any, TypeAlias

from annotated_types import Interval

Limit: TypeAlias = Annotated[float, Interval(ge=0.001, le=86_400)] | None
"""Seconds that other people's code may take; None for as long as it likes."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Fault(Exception):  # noqa: N818 -- it is read as "it raised ..."
    """What other people's code did instead of answering, as the rest of a sentence: raised ..."""


def one_line_error(error: BaseException) -> str:
    """An error of anyone's code in one line, without a full stop."""
    message = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def called(
    function: Callable[..., Any],
    *arguments: Any,
    passing: tuple[type[Exception], ...] = (),
) -> Any:
    """``function(*arguments)``; errors of the kinds ``passing`` are raised as they are.

    Raises:
        Fault: for all else that it raises, ``SystemExit`` and ``KeyboardInterrupt`` too.
        KeyboardInterrupt: if there was a signal, so that it is the user who interrupts.
    """
    with _signals() as seen:
        try:
            return function(*arguments)
        except Fault:
            raise
        except passing:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and seen:
                raise
            raise Fault(f"raised {one_line_error(error)}") from error


class Caller:
    """Calls functions as `called` does, and waits for each at most ``seconds``.

    With a limit, functions are called in a thread of their own. One that takes longer cannot be
    stopped: it goes on in that thread until it ends or the process does, and the next function has
    a new thread. Code that keeps Python's lock to itself, as a search for a regular expression
    does, keeps everything waiting, and the limit with it.
    """

    def __init__(self, seconds: Limit = None) -> None:
        self._seconds = seconds
        self._thread: _Thread | None = None

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Raises what `called` does, and `Fault` when time is up."""
        if self._seconds is None:
            return called(function, *arguments)
        if self._thread is None:
            self._thread = _Thread()
        try:
            return self._thread.call(function, arguments, self._seconds)
        except Empty:
            self._thread = None
            raise Fault(f"did not answer within {self._seconds:g} s") from None


class _Thread:
    """One thread, which ends with the process, or when nobody has this object any more."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Any] = SimpleQueue()
        self._done: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        weakref.finalize(self, self._work.put, None)
        threading.Thread(target=_work_off, args=(self._work, self._done), daemon=True).start()

    def call(self, function: Callable[..., Any], arguments: Any, seconds: float) -> Any:
        self._work.put((function, arguments))
        value, error = self._done.get(timeout=seconds)
        if error is not None:
            raise error
        return value


def _work_off(work: "SimpleQueue[Any]", done: "SimpleQueue[Any]") -> None:
    while (job := work.get()) is not None:
        function, arguments = job
        try:
            done.put((called(function, *arguments), None))
        except Fault as fault:
            done.put((None, fault))


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The signals that came within; what handles them does so as before.

    Signals come in the main thread only, so in others there are none.
    """
    seen: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield seen
        return
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in handlers.items() if callable(handler)}

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        before[signal.Signals(number)](number, frame)

    try:
        for number in before:
            signal.signal(number, note)
        yield seen
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is note:  # what handled the signal may have put another
                signal.signal(number, handler)


def imported(word: str) -> Any:
    """What ``module:name`` names; modules are looked for in the working folder, too.

    Raises:
        Fault: if there is no such module, if it cannot be imported, or has nothing of that name.
    """
    module, _, name = word.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return called(lambda: getattr(importlib.import_module(module), name))
