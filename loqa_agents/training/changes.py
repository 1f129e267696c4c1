"""What a command line changes of a preset by a word: its kind of network, and the game's size."""

from dataclasses import fields, replace
from typing import Any

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.networks.network import Network, networks
from loqa_envs.game import Game


def with_network(learner: Algorithm, name: str) -> Algorithm:
    """The same algorithm with an actor, and a critic if any, of that kind, as wide as before.

    Raises:
        ValueError: for a name that is not registered, or an algorithm whose players are no network.
    """
    kind = networks().get(name)
    if kind is None:
        raise ValueError(f"network must be one of {', '.join(networks())}; got {name!r}.")
    settings = vars(learner)
    if "actor" not in settings:
        raise ValueError(
            f"--network goes with algorithms that have an actor; {learner.label} has players of "
            "its own."
        )

    def of_kind(network: Network) -> Any:
        shared = {field.name for field in fields(kind)} & vars(network).keys()
        return kind(**{name: getattr(network, name) for name in shared})

    own = {part: of_kind(settings[part]) for part in ("actor", "critic") if part in settings}
    return replace(learner, **own)  # type: ignore[type-var]


def with_settings(game: Game, size: tuple[int, ...], num_players: int | None) -> Game:
    """The same game on a board of N, or of height and width, and for so many players.

    What is not given stays as it is.

    Raises:
        ValueError: for games without that setting.
    """
    given: dict[str, Any] = {"size": size[0] if len(size) == 1 else size} if size else {}
    given |= {} if num_players is None else {"num_players": num_players}
    has: Any = game
    for name in given.keys() - {field.name for field in fields(has)}:
        option, what = f"--{name.replace('_', '-')}", _SETTINGS[name]
        raise ValueError(f"{option} goes with games that have {what}; {game.name} has none.")
    return replace(has, **given) if given else game


_SETTINGS = {"size": "a board", "num_players": "a number of players to choose"}
