"""What copies of an environment show and pay in a step, as arrays that processes can share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loqa_envs.adapters.host.game import HostGame
from loqa_envs.wording import shown


class Rows:
    """Arrays ``[N, P, ...]`` of the last step of N copies, in one memory: a row for each copy.

    A seat whose episode has ended keeps the observation that it saw last, earns nothing and is
    neither terminated nor truncated.

    Args:
        game: the environment.
        copies: how many there are.
        memory: a buffer of `size` bytes of zeros; by default new memory.
    """

    def __init__(self, game: HostGame, copies: int, memory: Any = None) -> None:
        self._game, self.copies = game, copies
        rows: NDArray[Any] = np.ndarray(
            copies, _row(game), bytearray(self.size(game, copies)) if memory is None else memory
        )
        self.actions = rows["actions"]
        """Set by whoever asks for a step, counted from 0."""
        self.rewards = rows["rewards"]
        self.terminated = rows["terminated"]
        """Where the step ended the seat's episode."""
        self.truncated = rows["truncated"]
        """Where the step cut the seat's episode off, and did not terminate it."""
        self.playing = rows["playing"]
        """Which seats act in the next step."""
        self.busy = rows["busy"]
        """Which copies, ``[N]``, are within a call of the environment's."""
        self.seen: dict[str, NDArray[Any]] = {
            name: rows["seen"][name] for name in named(game.observation_spec.tree)
        }

    @staticmethod
    def size(game: HostGame, copies: int) -> int:
        """Bytes of memory that the rows take."""
        return copies * _row(game).itemsize

    def begin(self, copy: int, answer: Any) -> list[int]:
        """Write down what a copy's ``reset`` returned; the seats that play, which are all.

        Raises:
            ValueError: if an agent is missing, or sees what does not fit its space.
        """
        observations, infos = self._parts(copy, "reset", answer, ("observations", "infos"))
        for seat, agent in enumerate(self._game.agents):
            if agent not in observations:
                raise ValueError(
                    f"all of possible_agents must begin every episode; {agent} is missing in "
                    f"copy {copy} of {self._game.name}."
                )
            self._see(copy, 0, seat, observations, infos, False)
        self.playing[copy] = True
        return list(range(self._game.num_players))

    def note(self, copy: int, t: int, playing: Sequence[int], answer: Any) -> list[int]:
        """Write down what a copy's ``step`` number ``t`` returned to the seats that were playing.

        Returns:
            The seats that go on.

        Raises:
            ValueError: if an agent is given no reward, no termination or, unless it terminated, no
                observation, or sees what does not fit its space.
        """
        parts = ("observations", "rewards", "terminations", "truncations", "infos")
        observations, rewards, terminations, truncations, infos = self._parts(
            copy, f"step {t}", answer, parts
        )
        going_on = []
        for seat in playing:
            agent = self._game.agents[seat]
            for what, named in (("reward", rewards), ("termination", terminations)):
                if agent not in named:
                    raise ValueError(
                        f"every agent that acted must be given a {what}; {agent} has none after "
                        f"step {t} of copy {copy} of {self._game.name}."
                    )
            terminated, cut = bool(terminations[agent]), bool(truncations.get(agent))
            self.rewards[copy, seat] = rewards[agent]
            ended = terminated or cut
            if agent in observations:
                self._see(copy, t + 1, seat, observations, infos, ended)
            elif not terminated:
                raise ValueError(
                    "every agent must be shown what it sees unless it has terminated; "
                    f"{agent} is not after step {t} of copy {copy} of {self._game.name}."
                )
            if ended:
                self.playing[copy, seat] = False
                (self.terminated if terminated else self.truncated)[copy, seat] = True
            else:
                going_on.append(seat)
        return going_on

    def rest(self, copies: Sequence[int]) -> None:
        """Nothing has happened yet to any seat of these copies."""
        self.rewards[copies], self.terminated[copies], self.truncated[copies] = 0, False, False

    def _parts(self, copy: int, when: str, answer: Any, names: tuple[str, ...]) -> Any:
        if not isinstance(answer, tuple | list) or len(answer) != len(names):
            raise ValueError(
                f"{when.split()[0]} must return {', '.join(names[:-1])} and {names[-1]}; in copy "
                f"{copy} of {self._game.name}, {when} returned {shown(answer)}."
            )
        return answer

    def _see(
        self,
        copy: int,
        steps: int,
        seat: int,
        observations: Mapping[Any, Any],
        infos: Mapping[Any, Any],
        ended: bool,
    ) -> None:
        agent = self._game.agents[seat]
        try:
            arrays = self._game.read(seat, observations[agent], infos.get(agent), ended)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"what {agent} sees must fit its space; in copy {copy} of {self._game.name}, after "
                f"{steps} steps: {error}"
            ) from error
        for name, array in arrays.items():
            self.seen[name][copy, seat] = array


def _row(game: HostGame) -> np.dtype[Any]:
    """What is written down of one copy."""
    seats = (game.num_players,)
    seen = [
        (name, leaf.dtype, seats + leaf.shape)
        for name, leaf in named(game.observation_spec.tree).items()
    ]
    flags = ("terminated", "truncated", "playing")
    each = [("actions", "i4", seats), ("rewards", "f4", seats), *((n, "?", seats) for n in flags)]
    return np.dtype([*each, ("busy", "?"), ("seen", np.dtype(seen, align=True))], align=True)


def named(observation: Any) -> dict[str, Any]:
    """The arrays of an observation by name; ``observation`` where there is but one."""
    return observation if isinstance(observation, dict) else {"observation": observation}
