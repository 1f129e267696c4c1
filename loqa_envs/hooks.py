"""What a game may say of itself besides its rules, so that nobody need ask which game it is."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, Literal, Protocol, TypeAlias

from loqa_envs.arrays import Array
from loqa_envs.matrix_games.outcomes import Outcomes

Use: TypeAlias = Literal["environment", "league", "learner"]
"""What a version of a game is for: environments by default, the table of a league, where nothing is
hidden from anyone, or learners, for whom what holds in one place holds everywhere."""


class Hooks(Protocol):
    """The defaults are those of a game that has one version only, and nothing special to report."""

    under_jax: bool = True
    """Whether its steps are array code; if not, `HostEpisodes` plays it step by step."""

    def settings(self) -> dict[str, Any]:
        """What the maker that is registered for its name makes the same game of: plain data."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @property
    def situations(self) -> Mapping[str, Array]:
        """Observations by name, if there are few, as reports name them.

        Results then say how probable action 0 is in each of them, as ``cooperation``.
        """
        return {}

    @property
    def outcomes(self) -> Outcomes | None:
        """The rules as a table, if every step is a lookup: two actions, no chance, and what a seat
        sees follows from the last joint action. Then ``situations`` are all that a seat can see,
        and `loqa_envs.matrix_games.outcomes.endless_values` has exact values. None of any other.
        """
        return None

    @property
    def observations_public(self) -> bool:
        """Whether each seat could work out from its own observation what every other one sees."""
        return False

    @property
    def dilemma(self) -> tuple[float, ...] | None:
        """Payoffs after CC, CD, DC, DD, own move first, if it is an iterated prisoner's dilemma.

        Then there are two seats that are alike, action 0 cooperates, and each seat sees START, CC,
        CD, DC or DD, one-hot in this order. None of any other game.
        """
        return None

    def figures(self, info: Mapping[str, Array]) -> dict[str, Array]:
        """What means of the game's measurements say together, such as a share; NaN where nothing.

        Arrays of any shape, that of those in ``info``.
        """
        return {}

    def parametrised_players(self, seat: int) -> Mapping[str, Callable[[str], Any]]:
        """Makers of players, by what stands before the colon in their names.

        A maker is given what stands behind it, and raises ``ValueError`` if that is nothing.
        """
        return {}

    def version(self, use: Use) -> Any:
        """The game with the same rules as it is seen there."""
        return self

    def adapt(self, policy: Any, own: Any, seat: int) -> Any:
        """A player of ``own``, another version of this game, as a player of this one in ``seat``.

        Raises:
            ValueError: if ``own`` is another game: here, one that differs in more than the length
                of an episode.
        """
        require_same(own, self)
        return policy

    def see_as(self, own: Any, observation: Array, seat: int) -> Array:
        """What ``seat`` would see in ``own``, another version, where it sees ``observation``."""
        return observation


def differing(one: Any, other: Any, free: set[str] | frozenset[str]) -> list[str]:
    """The settings, but ``free`` ones, in which two games of one kind differ."""
    names = [field.name for field in fields(one) if field.name not in free]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


def require_same(own: Any, game: Any, free: frozenset[str] = frozenset()) -> None:
    """Raise ``ValueError`` unless games differ in the length of an episode and ``free`` settings
    only."""
    if type(own) is not type(game):
        raise ValueError(f"a player of {game!r} must be made for it, got one for {own!r}.")
    different = [
        f"{name} must be {getattr(game, name)}, is {getattr(own, name)}"
        for name in differing(own, game, free | {"episode_length"})
    ]
    if different:
        raise ValueError(
            f"a player of {game.name} must be made for the same game; got one for another, whose "
            f"{'; '.join(different)}."
        )
