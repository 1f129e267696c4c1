"""What agents have in common, whoever trained them."""

from typing import Any, Self

import jax

from loqa_agents.players.by_step import StepPlayer
from loqa_envs.arrays import Array
from loqa_envs.game import Carry, Extras, Game, Params, Policy
from loqa_envs.policy import Around


class WithParams(Around):
    """A `Policy` that has its parameters with it, so that it can be an ``opponent`` everywhere.

    It has ``policy``, and ``params`` for it; those of equal policies share compiled programs.
    """

    game: Game
    params: Any

    def in_seat(self, seat: int) -> Self:
        """The same player in that seat; itself if it plays alike in all."""
        return self

    def act(
        self, key: jax.Array, params: Params, carry: Carry, observation: Array
    ) -> tuple[Array, Carry, Extras]:
        del params
        moved: tuple[Array, Carry, Extras] = self.policy.act(key, self.params, carry, observation)
        return moved

    def player(self, game_or_env: Any = None, seat: int = 0, seed: int = 0) -> StepPlayer:
        """This player for a loop of one's own: ``reset()`` and ``act(observation) -> int``.

        By default it plays the game that it was made for; see `StepPlayer`.
        """
        return StepPlayer(self, self.game if game_or_env is None else game_or_env, seat, seed)


def apart(player: Any) -> tuple[Policy, Params]:
    """What is compiled of a player, and the parameters that it is then given."""
    kind = type(player)
    if issubclass(kind, WithParams) and (kind.act, kind.initial_carry) == _INHERITED:
        return player.policy, player.params
    return player, getattr(player, "params", ())


_INHERITED = (WithParams.act, WithParams.initial_carry)
