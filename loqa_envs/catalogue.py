"""Every game and every scripted player by the one name it has everywhere."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from annotated_types import Interval

from loqa_envs.coin_game.game import CoinGame
from loqa_envs.game import Game, Policy, in_seat
from loqa_envs.matrix_games.game import IPD, MatrixGame
from loqa_envs.matrix_games.public_goods import PublicGoods
from loqa_envs.negotiation.game import Negotiation
from loqa_envs.policy import own_game
from loqa_envs.registry import register
from loqa_envs.stag_hunt_grid.escalation import EscalationGrid
from loqa_envs.stag_hunt_grid.harvest import HarvestGrid
from loqa_envs.stag_hunt_grid.hunt import StagHuntGrid
from loqa_envs.validation import check
from loqa_envs.wording import Words


def _coin_game(preset: str = "loqa", **settings: Any) -> CoinGame:
    return CoinGame.preset(preset, **settings)


def _public_goods(preset: str | None = None, **settings: Any) -> PublicGoods:
    return PublicGoods(**settings) if preset is None else PublicGoods.preset(preset, **settings)


GAMES: dict[str, Callable[..., Game]] = {
    "ipd": IPD,
    "coin_game": _coin_game,
    "stag_hunt": partial(MatrixGame, payoffs="stag_hunt"),
    "chicken": partial(MatrixGame, payoffs="chicken"),
    "matching_pennies": partial(MatrixGame, payoffs="matching_pennies"),
    "battle_of_the_sexes": partial(MatrixGame, payoffs="battle_of_the_sexes"),
    "matrix_game": MatrixGame,
    "public_goods": _public_goods,
    "negotiation": Negotiation,
    "stag_hunt_grid": StagHuntGrid,
    "harvest_grid": HarvestGrid,
    "escalation_grid": EscalationGrid,
}
"""Makers of games, by the name used on the command line and in environment ids."""


ENVIRONMENTS: dict[str, Callable[..., Game]] = {}
"""Makers of environments of others as games, by their name: ``module:function``, or a library."""


def register_game(name: str, maker: Callable[..., Game]) -> None:
    """Make a game of your own known, to `make_game`, on the command line and in agents' files.

    ``register_game("fishery", Fishery)``, where a Fishery's ``name`` is ``"fishery"``. Files name
    the game; so whoever reads them must have imported the module that registers it.

    Args:
        name: lower-case letters, digits and underscores.
        maker: the class, or a function of its settings.

    Raises:
        ValueError: for a name that is none or belongs to another game.
    """
    register(GAMES, name, maker)


def make_game(game: str | Game, /, **settings: Any) -> Game:
    """The game of that name with those settings; a game passes through, and takes no settings.

    Raises:
        ValueError: for an unknown name, an unknown setting, settings beside a finished game, or
            something that is no game.
    """
    if not isinstance(game, str):
        check(
            "game", game, Annotated[Game, Words(f"one of {', '.join(GAMES)}, or a loqa_envs.Game")]
        )
        if settings:
            raise ValueError(
                f"settings go with a game's name, not with a finished game such as {game!r}; "
                f"got {', '.join(settings)}."
            )
        return game
    known = GAMES | ENVIRONMENTS
    if game not in known:
        hint = (
            "an environment of others is known once loqa_envs.environment has been given the "
            "function that makes it, or --game names it; "
        )
        raise ValueError(
            f"game must be one of {', '.join(GAMES)}; {hint if ':' in game else ''}got {game!r}."
        )
    try:
        return known[game](**settings)
    except TypeError as error:
        raise ValueError(
            f"{game} was given a setting that it lacks, or lacks one: {error}."
        ) from None


def make_player(player: str | Policy, game: Game, seat: int) -> Policy:
    """The scripted player of that name for a seat of ``game``, or one with parameters.

    Those of a matrix game are ``memory_one:START,CC,CD,DC,DD``, and ``memory_one:random``, which
    has other probabilities in every episode; that of the Coin Game is
    ``dawdler:PROBABILITY,STRIKES``.

    A policy passes through, if it has as many actions as the game. Where it has a ``game`` that it
    was made for, or holds a player that has (as `Tremble` does), the game must `adapt` it: it is
    the same but for the length of an episode; in the Coin Game also but for what seats see and how
    moves are numbered, which is translated for the policy. It is asked for itself `in_seat`.

    Raises:
        ValueError: if there is no such player (the message lists the names that there are), or if
            the policy is for a game with other rules or other actions.
    """
    check("game", game, Game)
    seat = check("seat", seat, Annotated[int, Interval(ge=0, le=game.num_players - 1)])
    if not isinstance(player, str):
        check("a player", player, Annotated[Policy, Words("a name or a Policy")])
        adapted: Policy = game.adapt(in_seat(player, seat), own_game(player) or game, seat)
        if player.num_actions != game.num_actions:
            raise ValueError(
                f"a player of {game.name} must have {game.num_actions} actions, got {player!r} "
                f"with {player.num_actions}."
            )
        return adapted
    prefix, colon, parameters = player.partition(":")
    makers = game.parametrised_players(seat)
    if colon and prefix in makers:
        made: Policy = makers[prefix](parameters)
        return made
    players = game.scripted_players(seat)
    if player not in players:
        raise ValueError(
            f"a player of {game.name} must be one of {', '.join(players)}; got {player!r}."
        )
    return players[player]
