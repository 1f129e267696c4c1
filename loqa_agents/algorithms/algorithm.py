"""What an algorithm is: how someone who learns begins, acts, and changes."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeAlias

import jax

from loqa_agents.algorithms.view import EpisodeView, side_of
from loqa_agents.common.rollout import Trajectory
from loqa_agents.common.settings import KINDS, register_kind
from loqa_envs.game import Game, Params, Policy
from loqa_envs.validation import Settings

Metrics: TypeAlias = dict[str, jax.Array]
"""Named numbers of an update."""
AlgorithmState: TypeAlias = Any
"""What a learner keeps from update to update: a pytree of arrays of the algorithm's choosing."""


class ActorCritic(NamedTuple):
    """Actor and critic parameters of one player."""

    actor: Params
    """What its policy acts with."""
    critic: Params = ()
    """What its values are computed with; ``()`` if it has none."""


class Context(NamedTuple):
    """What an update is told beside the episodes."""

    update: jax.Array
    """``int32``: the number of the update, from 0."""
    others: tuple[ActorCritic, ...]
    """The present parameters of the learner in each other seat, in turn from the next seat on, if
    the algorithm knows ``parameters``, else ``()``; in self-play they are the learner's own."""
    seats: tuple[int, ...]
    """The seat from which each of the views is."""
    play: Callable[[jax.Array, Sequence[Params], int], Trajectory]
    """``play(key, actors, episodes)``: further episodes ``[episodes]`` in which the learner sits in
    the first seat, and the learner of each seat acts, exploring, with the given actor's parameters.
    """
    episodes: int
    """Episodes per update, by the training's settings."""


class Algorithm(Settings):
    """How someone learns: a frozen dataclass of settings that inherits from this class.

    A new algorithm supplies `init`, `params`, `policy` and `update`, all of them pure functions,
    and if it is to be saved a name, by `register_algorithm`. `Learner` is the one that most are: a
    policy gradient, of which only a function of one episode is new (`ALGORITHMS`).
    """

    by_name: ClassVar[bool] = True
    """Whether the name that it is registered by, if any, is one that trainings can ask for."""
    shows: ClassVar[frozenset[str]] = frozenset()
    """What its `view` says of what its critic thinks: of ``values`` and ``action_values``."""
    meets_others: ClassVar[bool] = True
    """Whether others of the training, past selves and scripted players matter to it; if not, it
    makes all that it meets itself, and a training that has any is refused."""
    plays_episodes: ClassVar[bool] = True
    """Whether it learns from sampled episodes; if not, `update` is given no views."""

    @property
    def rollouts(self) -> int:
        """How often an update plays as many episodes as the training says by `Context.play`."""
        return 0

    @property
    def label(self) -> str:
        """What tables and folders call it."""
        kind = type(self)
        names = [name for name, registered in KINDS.items() if registered is kind]
        return names[0] if names else kind.__name__.lower()

    @property
    def knows(self) -> frozenset[str]:
        """What it must see of the others: of ``actions``, ``rewards``, what their critics
        say of situations (``values``) and of actions there (``action_values``), and
        ``parameters``. A lineup that cannot give it is refused."""
        return frozenset()

    def init(self, key: jax.Array, game: Game) -> AlgorithmState:
        """The state before the first update."""
        raise NotImplementedError

    def params(self, state: AlgorithmState) -> ActorCritic:
        """The parameters of `policy`, and what others may know; they are what is saved."""
        raise NotImplementedError

    def policy(self, game: Game) -> Policy:
        """The player of ``game`` that acts with ``params(state).actor``."""
        raise NotImplementedError

    def behaviour(self, game: Game) -> Policy:
        """The same player as it acts in training; by default as it always does."""
        return self.policy(game)

    def view(
        self, game: Game, params: ActorCritic, trajectory: Trajectory, seat: int
    ) -> EpisodeView:
        """The side of a seat in which a player with these parameters sat, without the others.

        One that has a critic adds here what it says.
        """
        del game, params
        return side_of(trajectory, seat)

    def watch(self, game: Game, trajectory: Trajectory, seat: int) -> EpisodeView:
        """What it sees of another seat whose values it does not know."""
        side = side_of(trajectory, seat)
        return side if game.observations_public else side._replace(observations=None)

    def update(
        self,
        key: jax.Array,
        game: Game,
        state: AlgorithmState,
        views: Sequence[EpisodeView],
        context: Context,
    ) -> tuple[AlgorithmState, Metrics]:
        """The state after an update, and what to record of it.

        ``views`` are the sides of all episodes of the update from which the learner learns, as
        arrays ``[B, n, ...]``: B episodes with each of n opponents. Views of one kind of opponent
        are one entry; what is known of others differs between entries.
        """
        raise NotImplementedError


def register_algorithm(name: str, algorithm: type[Algorithm]) -> None:
    """Give an algorithm of your own a name, so that agents that it trains can be saved and loaded.

    Agents' files name it; so whoever reads them must have imported the module that registers it.

    Raises:
        ValueError: unless the name is snake_case and free, and the class an `Algorithm`.
    """
    if not (isinstance(algorithm, type) and issubclass(algorithm, Algorithm)):
        raise ValueError(
            f"algorithm must be a class that inherits from Algorithm, got {algorithm!r}."
        )
    register_kind(name, algorithm)


def algorithms() -> dict[str, type[Algorithm]]:
    """The registered classes that are trained `Algorithm.by_name`."""
    kinds = {name: kind for name, kind in KINDS.items() if issubclass(kind, Algorithm)}
    return {name: kind for name, kind in kinds.items() if kind.by_name}
