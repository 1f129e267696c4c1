"""The command line: ``loqa train``, ``evaluate``, ``play``, ``league`` and ``benchmark``.

This module imports nothing that takes time, so that signals are answered before all that does.
"""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from loqa_agents.cli.process import give_up_output, open_standard_streams, write_line
from loqa_agents.common.signals import Answer, InterruptedRun

_OUT, _ERR = 1, 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; whatever ends it early is said in one line.

    Without ``arguments`` they are those of the process, which from then on answers signals.

    Raises:
        SystemExit: with code 2 for a mistake of the user's, 130 after Ctrl-C, 143 after SIGTERM,
            and 1 for anything else that goes wrong.
    """
    if arguments is not None:
        _run(arguments)
        return
    open_standard_streams()
    arguments = sys.argv[1:]
    answer = Answer(lambda number, stop: write_line(*_last_words(number, stop, sys.argv[1:])))
    try:
        _run(arguments, answer)
    finally:
        answer.patient = False  # nothing is left to undo


def _run(arguments: Sequence[str], answer: Answer | None = None) -> None:
    try:
        _command(arguments, answer)
        sys.stdout.flush()
    except SystemExit:
        raise
    except BaseException as error:
        give_up_output()
        stop = error if isinstance(error, InterruptedRun) else None
        number = stop.signal_number if stop else answer.signalled if answer else 0
        if answer and number:  # an interruption, whatever has become of it
            answer.leave(number, stop)
        if stop or isinstance(error, KeyboardInterrupt):
            number = number or signal.SIGINT
            stream, text = _last_words(number, stop, arguments)
            print(text, file=sys.stdout if stream == _OUT else sys.stderr)
            raise SystemExit(128 + number) from None
        _fail(error)


def _command(arguments: Sequence[str], answer: Answer | None) -> None:
    if list(arguments) == ["--version"]:
        from loqa_agents.common.versions import package_version

        print("loqa", package_version("loqa"))
        return
    from rich.console import Console

    from loqa_agents.cli.parser import parse
    from loqa_agents.cli.process import use_compilation_cache

    use_compilation_cache()
    if answer is not None:
        answer.patient = True
    parse(arguments)(Console())


def resume_command(arguments: Sequence[str], out: Path) -> str:
    """The command that goes on with the run that ``arguments`` began."""
    import shlex

    kept, skip = [], False
    for argument in arguments:
        if skip or argument in ("--resume", "--overwrite") or argument.startswith("--out="):
            skip = False
        elif argument == "--out":
            skip = True
        else:
            kept.append(argument)
    return shlex.join(["loqa", *kept, "--out", str(out), "--resume"])


def _last_words(
    number: int, stop: InterruptedRun | None, arguments: Sequence[str]
) -> tuple[int, str]:
    """What is said after a signal, and the stream on which."""
    if stop is None:
        what = "interrupted" if number == signal.SIGINT else "terminated"
        return _ERR, f"loqa: error: {what}."
    command = resume_command(arguments, stop.out)
    return _OUT, f"Stopped {stop.where}; all until then is saved. To go on:\n  {command}"


def _fail(error: BaseException) -> NoReturn:
    if isinstance(error, BrokenPipeError):  # whoever read our output has seen enough
        raise SystemExit(1) from None
    from loqa_agents.cli.errors import one_line, wants_traceback

    if wants_traceback():
        raise error
    message, code = one_line(error)
    print(f"loqa: error: {message}", file=sys.stderr)
    raise SystemExit(code) from None
