"""From words to a command: the options of all commands are made from their dataclasses."""

import io
import re
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Union, get_args

import numpy as np
import tyro
from rich.console import Console

from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.named import algorithm_named
from loqa_agents.cli.benchmark import Benchmark
from loqa_agents.cli.evaluate import Evaluate
from loqa_agents.cli.league import LeagueCommand
from loqa_agents.cli.play import Play
from loqa_agents.cli.training.environments import (
    TrainEnvironment,
    TrainEnvironmentNamed,
    environment_preset,
    names_environment,
)
from loqa_agents.cli.training.train import FLAT, Train, TrainNamed
from loqa_agents.common.files import as_path
from loqa_agents.common.text import shortened
from loqa_agents.training.changes import with_network
from loqa_agents.training.presets import PRESETS, Preset
from loqa_envs.matrix_games.game import PayoffsOrPreset

_LONGEST_WORD, _LONGEST_ERROR = 100, 800
"""Characters of what was typed that are repeated, and of all that is said about it."""


def parse(arguments: Sequence[str]) -> Callable[[Console], None]:
    """The command that the words ask for.

    Raises:
        ValueError: for words that are none.
        SystemExit: after help was printed.
    """
    network, algorithm = (_said(arguments, option) for option in ("--network", "--algorithm"))
    presets: Any = tuple(
        _subcommand(name, preset, network, algorithm) for name, preset in PRESETS.items()
    )
    if arguments[:1] == ["train"] and len(arguments) > 1 and names_environment(arguments[1]):
        word, kinds = arguments[1], (TrainEnvironment, TrainEnvironmentNamed)
        presets += (_subcommand(word, environment_preset(word), network, algorithm, kinds),)
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
        | Annotated[Benchmark, tyro.conf.subcommand("benchmark")]
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
            raise ValueError(_one_line(printed.getvalue())) from None
        raise
    return command


def _said(arguments: Sequence[str], option: str) -> str | None:
    """What is said of an option of loqa train from which other options follow."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    after = [word for said, word in pairwise(words) if said == option]
    return after[-1] if after and arguments[0] == "train" else None


def _subcommand(
    name: str,
    preset: Preset,
    network: str | None,
    algorithm: str | None,
    kinds: tuple[Any, Any] = (Train, TrainNamed),
) -> Any:
    game, learner = preset.game, preset.learner
    if algorithm is not None:
        learner = algorithm_named(algorithm, learner)
    if network is not None and (algorithm is not None or "actor" in vars(learner)):
        learner = with_network(learner, network)
    default: Any = kinds[0](game, learner, preset.training, preset.seeds)
    if not isinstance(learner, Learner):
        default = kinds[1](game, learner, preset.training, preset.seeds, algorithm=learner.label)
    if network is not None:
        default = replace(default, network=network)
    kind: Any = type(default)
    return Annotated[
        kind[type(game), type(default.learner)],
        tyro.conf.subcommand(name, default=default, description=preset.summary),
    ]


def _registry() -> tyro.constructors.ConstructorRegistry:
    """Payoffs as any number of words, so that the game itself says what is wrong with them, and
    paths in which ``~`` is a home folder."""
    registry = tyro.constructors.ConstructorRegistry()

    @registry.primitive_rule
    def payoffs_rule(
        kind: tyro.constructors.PrimitiveTypeInfo,
    ) -> tyro.constructors.PrimitiveConstructorSpec[Any] | None:
        if kind.type != get_args(PayoffsOrPreset)[0]:
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

    @registry.primitive_rule
    def path_rule(
        kind: tyro.constructors.PrimitiveTypeInfo,
    ) -> tyro.constructors.PrimitiveConstructorSpec[Path] | None:
        if kind.type is not Path:
            return None
        return tyro.constructors.PrimitiveConstructorSpec(
            nargs=1,
            metavar="PATH",
            instance_from_str=lambda words: as_path(words[0]),
            is_instance=lambda value: isinstance(value, Path),
            str_from_instance=lambda path: [str(path)],
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
    parts = re.split("[─-]{4,}", " ".join(shortened(word, _LONGEST_WORD) for word in words))
    text = ". ".join(part.strip(" .") for part in parts if part.strip(" .")) + "."
    return shortened(text, _LONGEST_ERROR)
