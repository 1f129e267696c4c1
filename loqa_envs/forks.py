"""Whether this process was forked while JAX was running: JAX would wait for ever there.

Its threads stay behind in the process that was forked, and with them whatever they had locked.
"""

import os


def check_jax_may_run() -> None:
    """Refuse to run JAX where it would hang.

    Raises:
        RuntimeError: in a process that was forked while JAX was running.
    """
    if _forked:
        raise RuntimeError(
            "JAX must not run in a process that was forked while JAX was running; start the "
            'workers anew instead, with context="spawn" (in stable-baselines3 '
            'start_method="spawn").'
        )


def _is_running() -> bool:
    try:
        from jax._src import xla_bridge  # there is no public way to ask without starting a backend

        return xla_bridge.backends_are_initialized()
    except (ImportError, AttributeError):  # of another version; better refused than left hanging
        return True


def _has_one_thread() -> bool:
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _before_fork() -> None:  # while every lock is in the hands of its owner
    global _running
    _running = _is_running()


def _after_fork() -> None:
    global _forked
    _forked = _forked or _running


_running = False
# A worker may be the first to import this. Where JAX was started, it has threads.
_forked = _is_running() and _has_one_thread()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
