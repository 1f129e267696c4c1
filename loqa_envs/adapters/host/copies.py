"""Copies of somebody's environment, stepped in this process or shared among worker processes."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any, Protocol, TypeAlias

MakeEnv: TypeAlias = Callable[[], Any]
"""A function that makes a new PettingZoo ``ParallelEnv``."""
_PATIENCE = 2.0
"""Seconds that a worker has to end by itself."""


class CopyFailed(RuntimeError):  # noqa: N818 -- it is read as "copy 3 failed: ..."
    """A copy of an environment raised, or its process ended; says which, when and how."""

    def __init__(self, copy: int, what: str) -> None:
        super().__init__(copy, what)
        self.copy, self.what = copy, what


class Copies(Protocol):
    """Copies 0, 1, ... of an environment, each made when it is first reset."""

    def reset(self, seeds: Mapping[int, int]) -> dict[int, Any]:
        """Reset copies, each with its seed; what each ``reset`` returns.

        Raises:
            CopyFailed: if one cannot.
        """

    def step(self, t: int, actions: Mapping[int, Mapping[Any, int]]) -> dict[int, Any]:
        """Step number ``t`` of copies, each with its agents' actions; what each ``step`` returns.

        Raises:
            CopyFailed: if one cannot.
        """

    def close(self) -> None:
        """Close all copies."""


class CopiesHere:
    """Copies in this process, stepped one after another."""

    def __init__(self, make_env: MakeEnv) -> None:
        self._make_env = make_env
        self._envs: dict[int, Any] = {}

    def reset(self, seeds: Mapping[int, int]) -> dict[int, Any]:
        for copy in seeds:
            if copy not in self._envs:
                self._envs[copy] = _answer(copy, "when it was made", self._make_env)
        return {
            copy: _answer(copy, "in its reset", self._envs[copy].reset, seed=seed)
            for copy, seed in seeds.items()
        }

    def step(self, t: int, actions: Mapping[int, Mapping[Any, int]]) -> dict[int, Any]:
        return {
            copy: _answer(copy, f"in step {t}", self._envs[copy].step, chosen)
            for copy, chosen in actions.items()
        }

    def close(self) -> None:
        for env in self._envs.values():
            env.close()
        self._envs = {}


def _answer(copy: int, when: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return call(*args, **kwargs)
    except Exception as error:
        message = " ".join(str(error).split())
        raise CopyFailed(copy, f"raised {type(error).__name__} {when}: {message}") from error


class CopiesInWorkers:
    """Copies in ``workers`` processes: copy i is in worker i modulo their number.

    Workers are started anew ("spawn"), not forked, so that it does not matter what has run here
    before, JAX in particular. They leave signals to this process, and end when it closes them or
    ends itself, however that comes about.

    They start when a copy is first reset, also after they were closed.

    Raises:
        ValueError: if other processes cannot import ``make_env``.
    """

    def __init__(self, make_env: MakeEnv, workers: int) -> None:
        try:
            self._pickled = pickle.dumps(make_env)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ValueError(
                "make_env must be a function that worker processes can import, so no lambda and "
                f"none within another function, unless workers is 0: {error}."
            ) from None
        self._number = workers
        self._workers: list[_Worker] = []

    def reset(self, seeds: Mapping[int, int]) -> dict[int, Any]:
        return self._all("in its reset", "reset", seeds)

    def step(self, t: int, actions: Mapping[int, Mapping[Any, int]]) -> dict[int, Any]:
        return self._all(f"in step {t}", "step", actions, t)

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

    def _all(self, when: str, method: str, work: Mapping[int, Any], *args: Any) -> dict[int, Any]:
        if not self._workers:
            self._start()
        shares = [{c: work[c] for c in work if c % self._number == i} for i in range(self._number)]
        busy = [
            (worker, share) for worker, share in zip(self._workers, shares, strict=True) if share
        ]
        try:
            for worker, share in busy:
                worker.ask(when, share, (method, (*args, share)))
            answers = [worker.answer(when, share) for worker, share in busy]
        except BaseException:  # an answer that is still to come would be taken for the next one
            self.close()
            raise
        together = {copy: reply for answer in answers for copy, reply in answer.items()}
        return {copy: together[copy] for copy in work}


class _Worker:
    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.process, self.connection = process, connection

    def ask(self, when: str, share: Mapping[int, Any], request: Any) -> None:
        try:
            self.connection.send(request)
        except OSError:
            raise self._ended(when, share) from None

    def answer(self, when: str, share: Mapping[int, Any]) -> dict[int, Any]:
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            raise self._ended(when, share) from None
        if isinstance(answer, CopyFailed):
            raise answer
        replies: dict[int, Any] = answer
        return replies

    def _ended(self, when: str, share: Mapping[int, Any]) -> CopyFailed:
        self.process.join(_PATIENCE)
        code = self.process.exitcode
        return CopyFailed(min(share), f"lost its process {when}, with exit code {code}.")


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
    """Answer requests until nobody can ask any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    copies: Any = None
    while True:
        try:
            method, arguments = connection.recv()
        except (EOFError, OSError):
            break
        first = min(arguments[-1])
        try:
            if copies is None:
                copies = CopiesHere(_answer(first, "when it was looked for", pickle.loads, pickled))
            answer = getattr(copies, method)(*arguments)
            sent = _answer(first, "when its answer was sent", pickle.dumps, answer)
        except CopyFailed as failed:
            sent = pickle.dumps(failed)
        connection.send_bytes(sent)
    if copies is not None:
        copies.close()
