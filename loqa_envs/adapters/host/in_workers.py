"""Copies of an environment that are shared among worker processes."""

import mmap
import multiprocessing
import os
import pickle
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import recv_handle, send_handle
from multiprocessing.util import Finalize
from typing import IO, Any, NamedTuple

import numpy as np

from loqa_envs.adapters.host.copies import CopyFailed
from loqa_envs.adapters.host.game import HostGame
from loqa_envs.adapters.host.in_process import Share, failure
from loqa_envs.adapters.host.rows import Rows

_PATIENCE = 2.0
"""Seconds that a worker has to end by itself."""


class CopiesInWorkers:
    """Copies in ``workers`` processes, see `Copies`: copy i is in worker i modulo their number.

    What the copies show and pay, and what is done there, lies in `Rows` that all processes share;
    only a word goes back and forth in each step. The memory has no name, so nothing of it is left
    behind, however the processes end.

    Workers are started anew ("spawn"), not forked, so that it does not matter what has run here
    before, JAX in particular. They leave signals to this process, and end when it closes them or
    ends itself, however that comes about.

    They start when a copy is first reset, also after they were closed.

    Raises:
        ValueError: if other processes cannot import the function that makes the environment, and
            on systems that are not like Unix.
    """

    def __init__(self, game: HostGame, workers: int) -> None:
        if os.name != "posix":
            raise ValueError(
                "workers must be 0 except on systems like Linux and macOS, where processes can "
                f"share a file that has no name; this one is {os.name}."
            )
        try:
            self._pickled = pickle.dumps(game)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ValueError(
                "make_env must be a function that worker processes can import, so no lambda and "
                f"none within another function, unless workers is 0: {error}."
            ) from None
        self._game, self._number = game, workers
        self._workers: list[_Worker] = []
        self._rows: Rows

    def reset(self, seeds: Sequence[int]) -> Rows:
        with self._whole(), _nameless_file() as file:
            if not self._workers:
                self._start()
            file.truncate(Rows.size(self._game, len(seeds)))
            self._rows = rows = Rows(self._game, len(seeds), mmap.mmap(file.fileno(), 0))
            for i in self._busy:
                share = dict(list(enumerate(seeds))[i :: self._number])
                self._ask(i, "in its reset", _Reset(share, len(seeds)), file.fileno())
            self._wait("in its reset")
        return rows

    def step(self, t: int) -> None:
        with self._whole():
            for i in self._busy:
                self._ask(i, f"in step {t}", t)
            self._wait(f"in step {t}")

    def close(self) -> None:
        if self._workers:
            self._finalize()

    def _start(self) -> None:
        # Before the end of this process, multiprocessing would wait for workers that wait for it.
        self._finalize = Finalize(self, _end, (self._workers,), exitpriority=10)
        context = multiprocessing.get_context("spawn")
        for _ in range(self._number):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(there, self._pickled))
            process.start()
            there.close()
            self._workers.append(_Worker(process, here))

    @property
    def _busy(self) -> range:
        """Workers that have copies to step."""
        return range(min(self._number, self._rows.copies))

    def _ask(self, i: int, when: str, request: Any, descriptor: int | None = None) -> None:
        process, connection = self._workers[i]
        with self._lost(i, when):
            connection.send(request)
            if descriptor is not None:
                send_handle(connection, descriptor, process.pid)

    def _wait(self, when: str) -> None:
        for i in self._busy:
            with self._lost(i, when):
                answer = self._workers[i].connection.recv()
            if answer is not None:
                raise answer

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """End the workers if an answer was not waited for; it would be taken for the next one."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _lost(self, i: int, when: str) -> Iterator[None]:
        """Say of a worker that has ended in which copy that was."""
        try:
            yield
        except (EOFError, OSError):
            process = self._workers[i].process
            process.join(_PATIENCE)
            within = np.flatnonzero(self._rows.busy[i :: self._number])
            copy = i + self._number * int(within[0] if len(within) else 0)
            code = process.exitcode
            raise CopyFailed(copy, f"lost its process {when}, with exit code {code}.") from None


class _Worker(NamedTuple):
    process: BaseProcess
    connection: Connection


class _Reset(NamedTuple):
    """Asked of a worker before the descriptor of the memory of all rows; else the step is asked."""

    seeds: dict[int, int]
    copies: int


def _nameless_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):  # Linux: in memory, whatever the limit of /dev/shm
        return open(os.memfd_create("rows"), "w+b")
    return tempfile.TemporaryFile()


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.connection.close()
    for worker in workers:
        worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
    workers.clear()


def _serve(connection: Connection, pickled: bytes) -> None:
    """Do what is asked until nobody can ask any more; answer None, or what was raised."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    share: Share | None = None
    with suppress(EOFError, OSError):
        while True:
            request = connection.recv()
            answer = None
            try:
                if isinstance(request, _Reset):
                    memory = _received(connection)
                    share = share or Share(_found(pickled, min(request.seeds)))
                    share.reset(Rows(share.game, request.copies, memory), request.seeds)
                else:
                    assert share is not None
                    share.step(request)
            except (CopyFailed, ValueError) as error:
                answer = error
            connection.send(answer)
    if share is not None:
        share.close()


def _received(connection: Connection) -> mmap.mmap:
    with open(recv_handle(connection), "r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def _found(pickled: bytes, copy: int) -> HostGame:
    try:
        game: HostGame = pickle.loads(pickled)
    except Exception as error:
        raise failure(copy, "when it was looked for", error) from error
    return game
