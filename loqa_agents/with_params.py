"""What agents have in common, whoever trained them."""

from typing import Any

import jax

from loqa_envs.game import Array, Carry, Params


class WithParams:
    """A `Policy` that has its parameters with it, so that it can be an ``opponent`` everywhere.

    It has ``policy``, and ``params`` for it.
    """

    policy: Any
    params: Any

    @property
    def num_actions(self) -> int:
        number: int = self.policy.num_actions
        return number

    def initial_carry(self) -> Carry:
        return self.policy.initial_carry()

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry]:
        del params
        moved: tuple[Array, Carry] = self.policy.act(key, self.params, carry, observation)
        return moved
