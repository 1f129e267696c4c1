"""The strategies of the library Axelrod as plain Python players of an iterated dilemma.

Knight et al., Axelrod: a Python library for the study of the iterated prisoner's dilemma
(https://github.com/Axelrod-Python/Axelrod). As in a match of that library, a strategy is cloned for
every episode, knows the payoffs and the number of steps, and is seeded if it is stochastic. Where
actions slip, it sees what was done, as there; it is told that nothing does.

Some zero-determinant strategies, such as ZDExtort3, and the three that ask them, such as
NMWEMemoryOne, hold numbers for Axelrod's own payoffs (CC 3, CD 0, DC 5, DD 1) and refuse others:
in games with others they play as they do with those.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar

import numpy as np

from loqa_agents.common.versions import require_package
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Game, ScriptedPolicy
from loqa_envs.observation import Observation

PREFIX = "axelrod:"
BASIC, ALL = "basic", "all"


@dataclass(frozen=True, eq=False)
class AxelrodStrategy:
    """A strategy as an entrant of a league: makes a player of any iterated prisoner's dilemma.

    ``AxelrodStrategy(axelrod.Random(0.7))`` is one with parameters; `find_strategies` knows all by
    their names.
    """

    prototype: Any
    """An ``axelrod.Player``, which never plays itself."""

    @property
    def name(self) -> str:
        """``axelrod:TitForTat``: the name of its class."""
        return PREFIX + type(self.prototype).__name__

    @property
    def algorithm(self) -> str:
        """What it has in common with another seed of itself: everything."""
        return self.name

    def __call__(self, game: Game) -> "AxelrodPlayer":
        """Raises ``ValueError`` unless the game is a prisoner's dilemma."""
        payoffs = game.dilemma
        if payoffs is None:
            raise ValueError(
                "a strategy of Axelrod must play an iterated prisoner's dilemma of two players, "
                f"with payoffs DC > CC > DD > CD; got {game!r}."
            )
        return AxelrodPlayer(self.prototype, payoffs, game.episode_length)


class AxelrodPlayer:
    """One strategy in one seat, as leagues ask plain Python players.

    Args:
        prototype: the ``axelrod.Player`` that is cloned.
        payoffs: after CC, CD, DC, DD.
        length: steps of an episode.
    """

    def __init__(self, prototype: Any, payoffs: tuple[float, ...], length: int) -> None:
        import axelrod

        reward, sucker, temptation, punishment = payoffs
        game = axelrod.Game(r=reward, s=sucker, t=temptation, p=punishment)
        try:
            prototype.clone().set_match_attributes(game=game)
        except ValueError:  # its own numbers are for other payoffs
            game = axelrod.DefaultGame
        self._attributes = {"length": length, "game": game, "noise": 0}
        self._prototype = prototype
        self._player: Any = None
        self._other: Any = None

    def reset(self, seed: int) -> None:
        import axelrod

        self._player = self._prototype.clone()
        self._player.set_match_attributes(**self._attributes)
        if axelrod.Classifiers["stochastic"](self._player):
            self._player.set_seed(seed)
        self._other = axelrod.MockPlayer()  # all that a strategy may see of it is its history

    def act(self, observation: Array) -> int:
        from axelrod import Action

        situation = int(np.argmax(observation))
        if situation:  # 0 is the start
            own, other = (Action(move) for move in divmod(situation - 1, 2))
            self._player.update_history(own, other)
            self._other.update_history(other, own)
        action: int = self._player.strategy(self._other).value  # C is 0 and D is 1 there, too
        return action


@dataclass(frozen=True)
class AxelrodOpponent(ScriptedPolicy):
    """A strategy as the opponent in an environment that is played with NumPy.

    Its carry is the one that plays, so it can be neither traced nor played twice from one step on.
    """

    noise_size: int = 1
    strategy: Any = None
    game: Any = None

    under_jax: ClassVar[bool] = False

    @classmethod
    def of(cls, word: str, game: Game) -> "AxelrodOpponent":
        """The strategy of a word; raises ``ValueError`` as `find_strategies`, and for several."""
        strategy, *more = find_strategies(word)
        if more:
            raise ValueError(f"an opponent must be one strategy; {word} are {1 + len(more)}.")
        strategy(game)  # refuses what is no prisoner's dilemma
        return cls(strategy=strategy, game=game)

    def choose(self, carry: Carry, observation: Observation, noise: Array) -> tuple[Array, Carry]:
        player = carry
        if player == ():
            player = self.strategy(self.game)
            player.reset(int(noise[0] * 2**24))  # float32 holds as many numbers below 1
        return np.asarray(player.act(observation), np.int32), player


def find_strategies(word: str) -> list[AxelrodStrategy]:
    """The strategies of a word such as ``axelrod:Tit For Tat``: one, or several of a group.

    Only letters and digits of a name count, in either case; it is that of the class or the
    strategy: ``TitForTat``, ``tit for tat``, ``Win-Stay Lose-Shift``. ``axelrod:basic`` are those
    that Axelrod calls so (ten in 4.14). ``axelrod:all`` are all that follow its rules and do not
    take long by its own account, 224 in 4.14: Darwin, which does not, and the 19 that take long
    (DBS, EvolvedAttention and most that ask many other strategies at each step, such as MetaWinner)
    play under their own names only.

    To import Axelrod takes ten seconds and more, since it looks at all of its strategies.

    Raises:
        ValueError: if Axelrod is not installed, or has no such strategy.
    """
    require_package(word, "axelrod", "axelrod")
    import axelrod

    groups = {BASIC: axelrod.basic_strategies, ALL: axelrod.short_run_time_strategies}
    asked = _letters(word.removeprefix(PREFIX))
    kinds = {_letters(kind.name): kind for kind in axelrod.all_strategies}
    kinds |= {_letters(kind.__name__): kind for kind in axelrod.all_strategies}
    if asked not in groups and asked not in kinds:
        similar = [kinds[name].__name__ for name in get_close_matches(asked, kinds, 3)]
        meant = f"; similar are {', '.join(dict.fromkeys(similar))}" if similar else ""
        raise ValueError(
            f"after {PREFIX} there must be the name of a strategy of Axelrod, {BASIC} or {ALL}; "
            f"got {word!r}{meant}."
        )
    found = groups[asked] if asked in groups else [kinds[asked]]
    return [AxelrodStrategy(kind()) for kind in found]


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
