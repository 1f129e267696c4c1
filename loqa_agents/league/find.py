"""Entrants by what a person calls them on the command line."""

import importlib
import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from loqa_agents import published
from loqa_agents.checkpoint import Agent, load_agent
from loqa_agents.league.entrants import Entrant, told
from loqa_agents.presets import PRESETS
from loqa_agents.shipping import shipped_agents
from loqa_envs.coin_game import CoinGame
from loqa_envs.coin_translation import TRANSLATED
from loqa_envs.game import Game


def find_entrants(word: str) -> list[Entrant]:
    """The entrants of one word: several for the folder of a run, or of published agents.

    A word is an agent that comes with loqa or the beginning of the names of several of one
    training (``coin3x3/loqa/42``, ``coin3x3/loqa``), a ``.safetensors`` file, the folder of a run,
    a published agent's file or a folder of them, or else the name of a scripted player.

    Raises:
        ValueError: if a folder has no agents, or a file is none.
    """
    path = Path(word)
    shipped = [agent for agent in shipped_agents() if f"{agent}/".startswith(f"{path.as_posix()}/")]
    if shipped:
        return [Entrant(agent, load_agent(agent), agent.rpartition("/")[0]) for agent in shipped]
    name = "/".join(path.absolute().parts[-2:])  # enough to tell most of them apart
    if path.is_dir():
        return list(_in_folder(name, path))
    if path.is_file() or word.endswith(".safetensors"):
        return [Entrant(name.removesuffix(".safetensors"), _load(path))]
    scripted = {player for preset in PRESETS.values() for player in preset.game.scripted_players(0)}
    if word in scripted or word.startswith("memory_one:"):
        return [Entrant(word, word)]
    raise ValueError(
        "an agent must be a file, the folder of a run, one that comes with loqa "
        f"({', '.join(shipped_agents()) or 'there are none in this version'}) or the name of a "
        f"scripted player ({', '.join(sorted(scripted))}); there is nothing called {word!r}."
    )


def is_function(word: str) -> bool:
    """Whether a word is module:function."""
    module, _, function = word.partition(":")
    return module != "memory_one" and function.isidentifier()


def bring(word: str, game: Game) -> Entrant:
    """The entrant that ``module:function`` makes; the function is given the game if it takes one.

    Modules are looked for in the working folder, too.

    Raises:
        ValueError: if there is no such module or function, or it fails.
    """
    module_name, _, function_name = word.partition(":")
    if not is_function(word):
        raise ValueError(f"--agent must be module:function, such as my_player:make; got {word!r}.")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        make = getattr(importlib.import_module(module_name), function_name)
        takes_game = bool(inspect.signature(make).parameters)
        return Entrant(word, make(game) if takes_game else make())
    except Exception as error:  # it is anyone's code
        raise ValueError(
            f"--agent must name a function that makes a player; {word} failed with {told(error)}."
        ) from error


def game_of(entrants: Sequence[Entrant]) -> Game | None:
    """The game that the first trained one among the entrants is for, as environments show it."""
    games = (getattr(entrant.player, "game", None) for entrant in entrants)
    return next((as_shown(game) for game in games if game is not None), None)


def as_shown(game: Game) -> Game:
    """The same game, seen and numbered as environments do by default."""
    if not isinstance(game, CoinGame):
        return game
    usual: Any = {field.name: field.default for field in fields(game) if field.name in TRANSLATED}
    return replace(game, **usual)


def _in_folder(name: str, folder: Path) -> Iterator[Entrant]:
    agents = sorted((folder / "agents").glob("*.safetensors"), key=lambda path: _number(path.stem))
    if (folder / "agents").is_dir() or (folder / "config.json").is_file():
        if not agents:
            raise ValueError(
                f"a run must have agents to enter; {name} has none in its folder agents/."
            )
        for path in agents:
            yield Entrant(f"{name}/{path.stem}", load_agent(path), name)
        return
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if not files:
        raise ValueError(f"a folder must have agents to enter; {name} has none.")
    for path in files:
        yield Entrant(f"{name}/{path.stem}", _load(path), name)


def _load(path: Path) -> Agent | published.PublishedAgent:
    return load_agent(path) if path.suffix == ".safetensors" else published.load(path)


def _number(stem: str) -> tuple[int, str]:
    """Seeds in the order of numbers."""
    return (int(stem) if stem.isdecimal() else -1), stem
