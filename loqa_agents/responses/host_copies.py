"""Plain Python players in thousands of episodes at once, within a compiled program."""

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_agents.league.pairs.python_pairs import PlayerError
from loqa_agents.players.python.foreign_code import Fault, called
from loqa_agents.players.python.player import anew, seeds
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Extras, Params, Policy


class HostCopies:
    """One player of the host as a `Policy` under JAX, a player made anew for each episode.

    The carry counts an episode's steps; the episode begins at the first. What a player raises is
    kept in ``error``, since nothing can be raised through a compiled program; from then on it plays
    0.
    """

    def __init__(
        self, name: str, players: Sequence[Policy], own_seeds: Sequence[Iterator[int]]
    ) -> None:
        self._name = name
        self._players = players
        self._seeds = own_seeds
        self.num_actions = players[0].num_actions
        self.error: PlayerError | None = None

    @classmethod
    def of(cls, name: str, policy: Policy, copies: int, seed: int) -> "HostCopies":
        """So many players of a seat that `anew` knows, whose chance comes from ``seed``.

        Raises:
            PlayerError: if one cannot be made.
        """
        own_seeds = [seeds(seed, number) for number in range(copies)]
        try:
            players = [called(anew, [policy], next(own))[0] for own in own_seeds]
        except Fault as fault:
            raise PlayerError(name, 0, 0, f"it {fault}") from fault
        return cls(name, players, own_seeds)

    def initial_carry(self) -> Carry:
        return np.zeros((), np.int32)

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry, Extras]:
        result = jax.ShapeDtypeStruct((), jnp.int32)
        # Not pure, but each step needs the board that the step before has made of its answer.
        action: jax.Array = jax.pure_callback(
            self._ask, result, carry, observation, vmap_method="broadcast_all"
        )
        return action, carry + 1, {}

    def _ask(self, steps: Any, observations: Any) -> NDArray[np.int32]:
        """Actions of so many copies as there are ``steps``, one of each observation."""
        steps = np.asarray(steps)
        rows = np.asarray(observations).reshape(steps.size, *np.shape(observations)[steps.ndim :])
        actions = [
            self._answer(episode, int(step), row)
            for episode, (step, row) in enumerate(zip(steps.ravel(), rows, strict=True))
        ]
        return np.array(actions, np.int32).reshape(steps.shape)

    def _answer(self, episode: int, step: int, row: NDArray[Any]) -> int:
        if self.error is None:
            carry = next(self._seeds[episode]) if step == 0 else None
            try:
                act = self._players[episode].act
                return int(called(act, None, (), carry, row)[0])
            except Fault as fault:
                what = f"against a learning responder it {fault}"
                self.error = PlayerError(self._name, episode, step, what)
        return 0
