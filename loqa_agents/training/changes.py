"""What a command line changes of a preset by a word: its kind of network, and the game's size."""

from dataclasses import fields, replace
from typing import Any

from loqa_agents.algorithms.learner import Learner
from loqa_agents.networks.network import Network, networks
from loqa_envs.game import Game


def with_network(learner: Learner, name: str) -> Learner:
    """The same learner with an actor and a critic of that kind, as wide as those it has.

    Raises:
        ValueError: for a name that is not registered.
    """
    kind = networks().get(name)
    if kind is None:
        raise ValueError(f"network must be one of {', '.join(networks())}; got {name!r}.")

    def of_kind(network: Network) -> Any:
        shared = {field.name for field in fields(kind)} & vars(network).keys()
        return kind(**{name: getattr(network, name) for name in shared})

    return replace(learner, actor=of_kind(learner.actor), critic=of_kind(learner.critic))


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
