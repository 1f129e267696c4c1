"""Every game and every scripted player by the one name it has everywhere."""

from collections.abc import Callable
from functools import partial
from typing import Any

from loqa_envs.game import Game, Policy
from loqa_envs.matrix_game import IPD, MatrixGame
from loqa_envs.scripted import MemoryOne

GAMES: dict[str, Callable[..., Game]] = {
    "ipd": IPD,
    "stag_hunt": partial(MatrixGame, payoffs="stag_hunt"),
    "chicken": partial(MatrixGame, payoffs="chicken"),
    "matching_pennies": partial(MatrixGame, payoffs="matching_pennies"),
    "battle_of_the_sexes": partial(MatrixGame, payoffs="battle_of_the_sexes"),
    "matrix_game": MatrixGame,
}
"""Makers of games, by the name used on the command line and in environment ids."""


def make_game(game: str | Game, **settings: Any) -> Game:
    """The game of that name with those settings; a game passes through, and takes no settings.

    Raises:
        ValueError: for an unknown name, an unknown setting, or settings beside a finished game.
    """
    if not isinstance(game, str):
        if settings:
            raise ValueError(
                f"settings go with a game's name, not with a finished game such as {game!r}; "
                f"got {', '.join(settings)}."
            )
        return game
    if game not in GAMES:
        raise ValueError(f"game must be one of {', '.join(GAMES)}; got {game!r}.")
    try:
        return GAMES[game](**settings)
    except TypeError as error:
        raise ValueError(
            f"{game} was given a setting that it lacks, or lacks one: {error}."
        ) from None


def make_player(player: str | Policy, game: Game) -> Policy:
    """The scripted player of that name for ``game``, or ``memory_one:START,CC,CD,DC,DD``.

    A policy passes through, if it has as many actions as the game.

    Raises:
        ValueError: if there is no such player (the message lists the names that there are), or if
            the policy is for a game with another number of actions.
    """
    if not isinstance(player, str):
        if not hasattr(player, "act"):
            raise ValueError(f"a player must be a name or a Policy, got {player!r}.")
        if player.num_actions != game.num_actions:
            raise ValueError(
                f"a player of {game.name} must have {game.num_actions} actions, got {player!r} "
                f"with {player.num_actions}."
            )
        return player
    prefix, _, numbers = player.partition(":")
    if prefix == "memory_one" and isinstance(game, MatrixGame):
        try:
            return MemoryOne(tuple(float(number) for number in numbers.split(",")))
        except ValueError:
            raise ValueError(
                "memory_one: must be followed by five probabilities, for START, CC, CD, DC and DD, "
                f"such as memory_one:1,1,0,1,0; got {player!r}."
            ) from None
    if player not in game.scripted_players:
        names = ", ".join(game.scripted_players)
        raise ValueError(f"a player of {game.name} must be one of {names}; got {player!r}.")
    return game.scripted_players[player]
