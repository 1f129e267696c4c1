"""Games and entrants by what a person calls them: the same words for every command."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from loqa_agents import published
from loqa_agents.cli.training.environments import make_known, names_environment
from loqa_agents.common.files import as_path
from loqa_agents.league.entrants import Entrant, as_shown, ready
from loqa_agents.players import axelrod
from loqa_agents.players.agent import Agent, load_agent
from loqa_agents.players.python.foreign_code import Fault, imported
from loqa_agents.players.shipping import shipped_agents, shipped_in_words
from loqa_agents.training.changes import with_settings
from loqa_agents.training.presets import PRESETS
from loqa_envs.adapters.host.game import ALWAYS
from loqa_envs.catalogue import ENVIRONMENTS
from loqa_envs.game import Game
from loqa_envs.policy import own_game


def find_entrants(words: Sequence[str]) -> list[Entrant]:
    """The entrants of all words: of one word several for a run, or a folder of published agents.

    A word is a ``.safetensors`` file, the folder of a run, a published agent's file or a folder of
    them, an agent that comes with loqa or the beginning of the names of several of one training
    (``coin3x3/loqa/42``, ``coin3x3/loqa``), a strategy of Axelrod (``axelrod:Tit For Tat``, see
    `find_strategies`; of ``axelrod:all`` and ``axelrod:basic`` each is a team of its own), or else
    the name of a scripted player. Names are the last parts of a path, as many as tell all entrants
    apart. Of ``module:function`` the player is the word, until somebody is to `import_player` it.

    Raises:
        ValueError: if a folder has no agents, a file is none, or there is nothing of that name.
    """
    for parts in (2, 3, 4, 5, 100):
        entrants = [entrant for word in words for entrant in _of_word(word, parts)]
        if len({entrant.name for entrant in entrants}) == len(entrants):
            break
    return entrants


def find_player(word: str) -> Any:
    """The one player of a word.

    Raises:
        ValueError: as `find_entrants`, and if the word names several.
    """
    entrants = find_entrants([word])
    if len(entrants) > 1:
        names = ", ".join(entrant.name for entrant in entrants)
        raise ValueError(f"a player must be one of those that {word} names: {names}.")
    return entrants[0].player


def _of_word(word: str, parts: int) -> list[Entrant]:
    if word.startswith(axelrod.PREFIX):
        return [Entrant(each.name, each) for each in axelrod.find_strategies(word)]
    if is_function(word):
        return [Entrant(word, word)]
    path = as_path(word)
    folders = [part for part in path.absolute().parts[1:] if part != "agents"]
    name = "/".join(folders[-parts:])
    if path.is_dir():  # what a user has goes before what comes with loqa
        return list(_in_folder(name, path))
    if path.is_file() or word.endswith(".safetensors"):
        return [Entrant(name.removesuffix(".safetensors"), _load(path))]
    shipped = [agent for agent in shipped_agents() if f"{agent}/".startswith(f"{path.as_posix()}/")]
    if shipped:
        return [Entrant(agent, load_agent(agent), agent.rpartition("/")[0]) for agent in shipped]
    prefix, colon, _ = word.partition(":")
    scripted = _scripted()
    if word in scripted or (colon and prefix in _scripted(with_parameters=True)):
        return [Entrant(word, word)]
    raise ValueError(
        "an agent must be a file (.safetensors), the folder of a run, one that comes with loqa "
        f"({shipped_in_words()}) or the name of a "
        f"scripted player ({', '.join(sorted(scripted))}); there is nothing called {word!r}."
    )


def gathered(
    words: Sequence[str],
    functions: Sequence[str] = (),
    name: str | None = None,
    size: tuple[int, ...] = (),
    num_players: int | None = None,
) -> tuple[Game, list[Entrant]]:
    """The game that is played, and the entrants of all words, which may be module:function too.

    ``functions`` are words that must be. The game is that of the name, with these settings, as
    environments show it, or else the one that trained entrants are for.

    Raises:
        ValueError: as `find_entrants` and `import_player`, or if nothing says which game is played.
    """
    make_known(name)
    entrants = [*find_entrants(words), *(Entrant(word, word) for word in functions)]
    game = _game_called(name, size, num_players, game_of(entrants))
    to_bring = {word for word in words if is_function(word)} | set(functions)
    return game, [
        ready(import_player(each.name), game)
        if isinstance(each.player, str) and each.player in to_bring
        else each
        for each in entrants
    ]


def _game_called(
    name: str | None, size: tuple[int, ...], num_players: int | None, of_agents: Game | None
) -> Game:
    if name in PRESETS:
        return with_settings(as_shown(PRESETS[name].game), size, num_players)
    if size or num_players is not None:
        option = "--size" if size else "--num-players"
        raise ValueError(
            f"{option} goes with --game and one of {', '.join(PRESETS)}; agents, and environments "
            "of others, have boards of their own."
        )
    if name is not None and names_environment(name):  # with settings that agents learned with
        return of_agents if of_agents and of_agents.name == name else ENVIRONMENTS[name]()
    if name is None and of_agents is not None:
        return of_agents
    names = f"{', '.join(PRESETS)}, or module:function that makes an environment"
    if name is None:
        raise ValueError(
            "--game must say which game is played where no trained agent does; it must be one of "
            f"{names}."
        )
    raise ValueError(f"--game must be one of {names}; got {name!r}.")


def is_function(word: str) -> bool:
    """Whether a word is module:function, and neither Axelrod's nor a player with parameters."""
    if word.startswith(axelrod.PREFIX):
        return False
    module, _, function = word.partition(":")
    return module not in _scripted(with_parameters=True) and function.isidentifier()


def _scripted(with_parameters: bool = False) -> set[str]:
    """The names of all scripted players, or those that stand before parameters."""
    games = [preset.game for preset in PRESETS.values()]
    if with_parameters:
        return {ALWAYS}.union(*(game.parametrised_players(0) for game in games))
    return set[str]().union(*(game.scripted_players(0) for game in games))


def import_player(word: str) -> Entrant:
    """The entrant that is called ``module:function``, with that function as its player.

    Raises:
        ValueError: if there is no such module or function.
    """
    if not is_function(word):
        raise ValueError(f"--agent must be module:function, such as my_player:make; got {word!r}.")
    try:
        return Entrant(word, imported(word))
    except Fault as fault:
        raise ValueError(
            f"--agent must name a function that makes a player; importing {word} {fault}."
        ) from fault


def game_of(entrants: Sequence[Entrant]) -> Game | None:
    """The game that the trained ones among the entrants are for, as environments show it.

    It is that of the first; where they are for episodes of different lengths, the longest.
    """
    found = (own_game(entrant.player) for entrant in entrants)
    games: list[Any] = [as_shown(game) for game in found if game is not None]
    if not games:
        return None
    longest = max(game.episode_length for game in games)
    chosen: Game = replace(games[0], episode_length=longest)
    return chosen


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
    files = sorted(
        path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")
    )
    if not files:
        raise ValueError(f"a folder must have agents to enter; {name} has none.")
    for path in files:
        yield Entrant(f"{name}/{path.stem}", _load(path), name)


def _load(path: Path) -> Agent | published.PublishedAgent:
    return load_agent(path) if path.suffix == ".safetensors" else published.load(path)


def _number(stem: str) -> tuple[int, str]:
    """Seeds in the order of numbers."""
    return (int(stem) if stem.isdecimal() else -1), stem
