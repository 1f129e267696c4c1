"""Copies of an environment that one process steps one after another."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from loqa_envs.adapters.host.copies import CopyFailed
from loqa_envs.adapters.host.game import HostGame
from loqa_envs.adapters.host.rows import Rows


class Copies(Protocol):
    """Copies 0, 1, ... of an environment, each made when it is first reset."""

    def reset(self, seeds: Sequence[int]) -> Rows:
        """Reset as many copies as there are seeds; the rows that they write from now on.

        Raises:
            CopyFailed: if one cannot.
            ValueError: if what one shows does not fit the environment's spaces.
        """

    def step(self, t: int) -> None:
        """Step number ``t`` of all copies that still play, with the actions in their rows.

        Raises:
            CopyFailed: if one cannot.
            ValueError: if what one answers is incomplete, or does not fit the spaces.
        """

    def close(self) -> None:
        """Close all copies."""


class CopiesHere:
    """All copies in this process, see `Copies`."""

    def __init__(self, game: HostGame) -> None:
        self._game, self._share = game, Share(game)

    def reset(self, seeds: Sequence[int]) -> Rows:
        rows = Rows(self._game, len(seeds))
        self._share.reset(rows, dict(enumerate(seeds)))
        return rows

    def step(self, t: int) -> None:
        self._share.step(t)

    def close(self) -> None:
        self._share.close()


class Share:
    """Those copies that are this process's, and nobody else's rows."""

    def __init__(self, game: HostGame) -> None:
        self.game = game
        self._envs: dict[int, Any] = {}

    def reset(self, rows: Rows, seeds: Mapping[int, int]) -> None:
        """Reset copies, each with its seed; they play from now on, and no others do."""
        self._rows, self._copies = rows, list(seeds)
        self._playing: dict[int, list[int]] = {}
        for copy, seed in seeds.items():
            if copy not in self._envs:
                self._envs[copy] = self._called(copy, "when it was made", self.game.make_env)
            answer = self._called(copy, "in its reset", self._envs[copy].reset, seed=seed)
            self._playing[copy] = self._read(copy, "its reset", rows.begin, copy, answer)

    def step(self, t: int) -> None:
        """Step those that still play."""
        rows, agents, spaces = self._rows, self.game.agents, self.game.spaces
        rows.rest(self._copies)
        actions = rows.actions.tolist()
        for copy, seats in self._playing.items():
            if seats:
                chosen = {
                    agents[seat]: actions[copy][seat] + spaces[seat].first_action for seat in seats
                }
                answer = self._called(copy, f"in step {t}", self._envs[copy].step, chosen)
                going_on = self._read(copy, f"step {t}", rows.note, copy, t, seats, answer)
                self._playing[copy] = going_on

    def env(self, copy: int) -> Any:
        """The environment itself of a copy that has been reset."""
        return self._envs[copy]

    def close(self) -> None:
        for env in self._envs.values():
            env.close()
        self._envs = {}

    def _called(self, copy: int, when: str, call: Any, *args: Any, **kwargs: Any) -> Any:
        self._rows.busy[copy] = True  # if the process dies, others see in which copy
        try:
            return call(*args, **kwargs)
        except Exception as error:
            raise failure(copy, when, error) from error
        finally:
            self._rows.busy[copy] = False

    def _read(self, copy: int, what: str, read: Callable[..., list[int]], *args: Any) -> list[int]:
        try:
            return read(*args)
        except ValueError:
            raise
        except Exception as error:
            raise failure(copy, f"when the answer to {what} was read", error) from error


def failure(copy: int, when: str, error: Exception) -> CopyFailed:
    """What is said of a copy that raised."""
    message = " ".join(str(error).split())
    return CopyFailed(copy, f"raised {type(error).__name__} {when}: {message}")
