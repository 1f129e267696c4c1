"""Plain Python players in thousands of episodes at once, within a compiled program."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_agents.league.by_hand import PlayerError
from loqa_agents.league.entrants import HostPolicy, copied, told
from loqa_envs.coin_translation import Translated
from loqa_envs.game import Array, Carry, Params, Policy


class HostCopies:
    """One player of the host as a `Policy` under JAX, a copy for each episode.

    The carry counts an episode's steps; a copy is reset at the first. What a player raises is kept
    in ``error``, since nothing can be raised through a compiled program; from then on it plays 0.
    """

    def __init__(self, name: str, players: Sequence[Policy]) -> None:
        self._name = name
        self._players = players
        self.num_actions = players[0].num_actions
        self.error: PlayerError | None = None

    @classmethod
    def of(cls, name: str, policy: Policy, copies: int) -> "HostCopies":
        """So many copies of a `HostPolicy`, or of one that is `Translated`."""
        translation = policy if isinstance(policy, Translated) else None
        host: Any = policy if translation is None else translation.policy
        players: list[Policy] = [HostPolicy(copied(host.player), host.game) for _ in range(copies)]
        if translation is not None:
            players = [replace(translation, policy=player) for player in players]
        return cls(name, players)

    def initial_carry(self) -> Carry:
        return np.zeros((), np.int32)

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry]:
        result = jax.ShapeDtypeStruct((), jnp.int32)
        # Not pure, but each step needs the board that the step before has made of its answer.
        action: jax.Array = jax.pure_callback(
            self._ask, result, carry, observation, vmap_method="broadcast_all"
        )
        return action, carry + 1

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
            player = self._players[episode]
            try:
                if step == 0:
                    player.initial_carry()
                return int(player.act(None, (), (), row)[0])  # type: ignore[arg-type]
            except Exception as error:
                what = f"failed against a learning responder with {told(error)}"
                self.error = PlayerError(self._name, episode, step, what)
        return 0
