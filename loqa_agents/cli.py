"""The command line: ``loqa train``, ``loqa evaluate``, ``loqa play``, ``loqa league``."""

import io
import logging
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn, Union

import jax
import numpy as np
import tyro
from rich.console import Console

from loqa_agents.commands import FLAT, Play, Train
from loqa_agents.league.command import LeagueCommand
from loqa_agents.league.evaluate import Evaluate
from loqa_agents.loop import package_version
from loqa_agents.presets import PRESETS, Preset
from loqa_agents.signals import InterruptedRun
from loqa_envs.matrix_game import Payoffs


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; mistakes of the user's end in one line and exit code 2."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments == ["--version"]:
        print("loqa", package_version("loqa"))
        return
    console = Console()
    # Orbax warns of what killed runs left behind, and clears it away itself.
    logging.getLogger("absl").setLevel(logging.ERROR)
    try:
        _use_compilation_cache()
        _parse(arguments)(console)
    except InterruptedRun as stop:
        console.print(
            f"Stopped {stop.where}; all until then is saved. To go on:\n"
            f"  {resume_command(arguments, stop.out)}",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )
        raise SystemExit(128 + stop.signal_number) from None
    except KeyboardInterrupt:
        _fail("interrupted.", 130)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (ValueError, FloatingPointError) as error:
        _fail(str(error))


def resume_command(arguments: Sequence[str], out: Path) -> str:
    """The command that goes on with the run that ``arguments`` began."""
    kept, skip = [], False
    for argument in arguments:
        if skip or argument in ("--resume", "--overwrite") or argument.startswith("--out="):
            skip = False
        elif argument == "--out":
            skip = True
        else:
            kept.append(argument)
    return shlex.join(["loqa", *kept, "--out", str(out), "--resume"])


def _parse(arguments: Sequence[str]) -> Callable[[Console], None]:
    presets: Any = tuple(_subcommand(name, preset) for name, preset in PRESETS.items())
    trains: Any = Annotated[Union[presets], FLAT]  # noqa: UP007 -- made at run time

    @dataclass(frozen=True)
    class TrainAny:
        preset: trains
        """A game, and where the settings start from. See loqa train ipd --help for all of them."""

        def __call__(self, console: Console) -> None:
            self.preset(console)

    commands: Any = (
        Annotated[
            TrainAny, tyro.conf.subcommand("train", description="Train one agent for each seed.")
        ]
        | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
        | Annotated[Play, tyro.conf.subcommand("play")]
        | Annotated[LeagueCommand, tyro.conf.subcommand("league")]
    )
    printed = io.StringIO()
    try:
        with redirect_stderr(printed):
            command: Callable[[Console], None] = tyro.cli(
                commands,
                args=arguments,
                prog="loqa",
                description="Social dilemmas, and learners that shape their opponents.",
                config=(tyro.conf.OmitSubcommandPrefixes, tyro.conf.FlagCreatePairsOff),
                registry=_registry(),
            )
    except SystemExit as end:
        if end.code:
            _fail(_one_line(printed.getvalue()))
        raise
    return command


def _subcommand(name: str, preset: Preset) -> Any:
    default: Any = Train(preset.game, preset.learner, preset.training, preset.seeds)
    return Annotated[
        Train[type(preset.game)],  # type: ignore[misc]
        tyro.conf.subcommand(name, default=default, description=preset.summary),
    ]


def _registry() -> tyro.constructors.ConstructorRegistry:
    """Payoffs as any number of words, so that the game itself says what is wrong with them."""
    registry = tyro.constructors.ConstructorRegistry()

    @registry.primitive_rule
    def payoffs_rule(
        kind: tyro.constructors.PrimitiveTypeInfo,
    ) -> tyro.constructors.PrimitiveConstructorSpec[Any] | None:
        if kind.type != Payoffs | str:
            return None
        return tyro.constructors.PrimitiveConstructorSpec(
            nargs="*",
            metavar="NAME | 4 NUMBERS | 8 NUMBERS",
            instance_from_str=_payoffs,
            is_instance=lambda value: True,
            str_from_instance=lambda rows: [
                f"{number:g}" for number in (rows[0] if rows[0] == rows[1] else np.ravel(rows))
            ],
        )

    return registry


def _payoffs(words: list[str]) -> Any:
    try:
        numbers = tuple(float(word) for word in words)
    except ValueError:
        return " ".join(words)
    return (numbers[:4], numbers[4:]) if len(numbers) == 8 else numbers


def _one_line(box: str) -> str:
    """The text within the box that tyro draws around an error, without its heading and rules."""
    words = " ".join(line.strip("│╰╯ ") for line in box.splitlines()[1:]).split()
    parts = re.split("[─-]{4,}", " ".join(words))
    return ". ".join(part.strip(" .") for part in parts if part.strip(" .")) + "."


def _use_compilation_cache() -> None:
    """Keep compiled programs between runs, unless the user has said where or that not."""
    if getattr(jax.config, "jax_compilation_cache_dir", None) is None:
        base = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
        if base.is_absolute():  # a user without a home has no cache
            jax.config.update("jax_compilation_cache_dir", str(base / "loqa" / "jax"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def _fail(message: str, code: int = 2) -> NoReturn:
    print(f"loqa: error: {message}", file=sys.stderr)
    raise SystemExit(code)
