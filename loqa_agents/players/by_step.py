"""Players in a loop of anyone's own, who need know neither keys nor carries."""

from functools import partial
from typing import Any

import jax
import numpy as np

from loqa_envs import keys
from loqa_envs.adapters.compiled import Compiled
from loqa_envs.arrays import Array
from loqa_envs.catalogue import make_player
from loqa_envs.game import Carry, Extras, Game, Policy
from loqa_envs.validation import Seed, check


class StepPlayer:
    """A player in one seat, one observation after the other.

    It sees what the game's seat sees, also where it was trained in another view of the Coin Game.

    Args:
        player: a `Policy` with its parameters, such as an agent, or the name of a scripted player.
        game_or_env: the game that is played, or an environment of it, wrapped or not.
        seat: where it sits.
        seed: what its chance comes from.

    Raises:
        ValueError: for a player of another game, a seat that there is not, or an environment of
            somebody else's game.
    """

    def __init__(self, player: Policy | str, game_or_env: Any, seat: int = 0, seed: int = 0):
        self.game = game_in(game_or_env)
        self.policy = make_player(player, self.game, seat)
        self._spec = self.game.observation_spec
        self._act = Compiled(partial(_act, self.policy))
        self._seed = check("seed", seed, Seed)
        self._steps = np.uint32(0)
        self._carry: Carry = self.policy.initial_carry()

    def reset(self, seed: int | None = None) -> None:
        """Begin an episode; with a seed, also its chance anew.

        Raises:
            ValueError: for a seed that is no integer from 0 to 2**32 - 1.
        """
        if seed is not None:
            self._seed, self._steps = check("seed", seed, Seed), np.uint32(0)
        self._carry = self.policy.initial_carry()

    def act(self, observation: Any) -> int:
        """What it does on what its seat sees now, as the game's ``observation_spec`` says.

        Raises:
            ValueError: for an observation of other names or shapes.
        """
        seen = self._spec.checked(f"an observation of {self.game.name}", observation)
        seed = np.uint32(self._seed)
        action, self._carry, _ = self._act(seed, self._steps, self._carry, seen)
        self._steps += np.uint32(1)
        return int(action)


def game_in(game_or_env: Any) -> Game:
    """The game, or that of an environment of ``loqa_envs``, whatever is wrapped around it.

    Raises:
        ValueError: if it is neither.
    """
    bare = getattr(game_or_env, "unwrapped", game_or_env)
    found: Game = check("game_or_env", getattr(bare, "game", bare), Game)
    return found


def _act(
    policy: Policy, seed: jax.Array, step: jax.Array, carry: Carry, observation: Array
) -> tuple[Array, Carry, Extras]:
    return policy.act(jax.random.fold_in(keys.key(seed), step), (), carry, observation)
