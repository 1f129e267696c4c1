"""Whatever one command takes as a player, the others take too."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loqa_agents.cli.parser import parse
from loqa_agents.league.entrants import Entrant, identity_of
from loqa_agents.players.agent import load_agent, save_agent
from loqa_envs.game import Game

MINE = """
class Mine:
    def reset(self): pass
    def act(self, observation): return 1
"""

NAMES = {
    "file": ("mine.safetensors",),
    "folder": ("folder",),
    "agent that comes with loqa": ("coin3x3/loqa/42",),
    "scripted player": ("tit_for_tat", "--game", "coin"),
    "scripted player with parameters": ("memory_one:1,1,0,1,0", "--game", "ipd"),
    "function": ("names_of_mine:Mine", "--game", "coin"),
}


class Seen(Exception):  # noqa: N818
    """Who was to play, once all have sat down."""

    def __init__(self, game: Game, entrants: Sequence[Entrant]) -> None:
        self.game, self.entrants = game, entrants


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names_of_mine.py").write_text(MINE)
    (tmp_path / "folder").mkdir()
    agent = load_agent("coin3x3/loqa/42")
    for name in ("mine.safetensors", "folder/43.safetensors"):
        save_agent(tmp_path / name, agent)


@pytest.fixture(autouse=True)
def _nothing_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    def seen(key: Any, game: Game, entrants: Sequence[Entrant], *rest: Any, **more: Any) -> None:
        raise Seen(game, entrants)

    monkeypatch.setattr("loqa_agents.cli.evaluate.scorecard", seen)
    monkeypatch.setattr("loqa_agents.cli.league.play_league", seen)
    monkeypatch.setattr(
        "loqa_agents.cli.play._watched",
        lambda game, names, entrants, key: seen(key, game, entrants),
    )


def seen_by(*arguments: str) -> Seen:
    with pytest.raises(Seen) as caught:
        parse(arguments)(Console(quiet=True))
    return caught.value


@pytest.mark.parametrize("words", NAMES.values(), ids=NAMES)
def test_each_kind_of_name_is_the_same_player_in_every_command(words: tuple[str, ...]) -> None:
    word, *game = words
    commands = {
        "evaluate": ("evaluate", word, *game),
        "play": ("play", word, "--against", "random", *game),
        "against": ("play", "random", "--against", word, *game),
        "league": ("league", word, "random", *game),
    }
    found = {name: seen_by(*arguments) for name, arguments in commands.items()}
    first = found["evaluate"]
    for name, seen in found.items():
        entrant = seen.entrants[1 if name == "against" else 0]
        assert entrant.name == first.entrants[0].name
        assert type(entrant.player) is type(first.entrants[0].player)
        assert seen.game == first.game
    if "Mine" in words[0]:
        function, _ = identity_of(first.entrants[0].player)
        assert function.__name__ == "Mine"


def test_a_function_may_be_given_either_way_in_a_league() -> None:
    one = seen_by("league", "random", "names_of_mine:Mine", "--game", "coin")
    other = seen_by("league", "random", "--agent", "names_of_mine:Mine", "--game", "coin")
    assert [e.name for e in one.entrants] == [e.name for e in other.entrants]


@pytest.mark.parametrize("command", ["evaluate", "play", "league"])
def test_a_number_of_players_goes_with_a_game(command: str) -> None:
    options = ("--game", "coin", "--num-players", "3")
    more = {"league": ("random",)}.get(command, ())
    seen = seen_by(command, "tit_for_tat", *more, *options)
    assert seen.game.num_players == 3
    if command == "play":
        assert len(seen.entrants) == 3
    with pytest.raises(ValueError, match=r"--num-players goes with games .* ipd has none"):
        parse((command, "tit_for_tat", *more, "--game", "ipd", "--num-players", "3"))(Console())
    with pytest.raises(ValueError, match="--num-players goes with --game"):
        parse((command, "coin3x3/loqa/42", "--num-players", "3"))(Console())


def test_play_takes_one_player_a_side() -> None:
    with pytest.raises(ValueError, match=r"play takes one player.*coin3x3/loqa/42"):
        parse(("play", "coin3x3/loqa"))(Console())
