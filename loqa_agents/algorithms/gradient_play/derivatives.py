"""Losses of all players of a game, and their exact derivatives."""

from collections.abc import Callable
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np


class Derivatives:
    """What a differentiable game is at one point: what each of P players loses, and how it changes.

    Parameters of all players together are ``[P, n]``, in the order of the losses ``[P]``. What a
    player can change is a direction ``[n]``; all their directions are ``[P, n]``.
    """

    def __init__(self, losses: Callable[[jax.Array], jax.Array], at: jax.Array) -> None:
        self.losses = losses
        self.at = at

    @cached_property
    def gradients(self) -> jax.Array:
        """``[P, P, n]``: of the loss of the first player in the parameters of the second."""
        gradients: jax.Array = jax.jacrev(self.losses)(self.at)
        return gradients

    @cached_property
    def simultaneous(self) -> jax.Array:
        """``[P, n]``: of each player's loss in its own parameters, ξ."""
        return _own(self.gradients)

    @cached_property
    def mixed(self) -> jax.Array:
        """``[P, n, P, n]``: how the simultaneous gradient of the first player changes with the
        parameters of the second, H_o; 0 where they are the same player."""
        jacobian = jax.jacfwd(lambda at: _own(jax.jacrev(self.losses)(at)))(self.at)
        others = 1 - jnp.eye(len(self.at), dtype=jnp.float32)
        mixed: jax.Array = others[:, None, :, None] * jacobian
        return mixed

    @cached_property
    def anticipated(self) -> jax.Array:
        """``[P, n]``: how the gradients change if all others take a step up theirs, H_o ξ."""
        return jnp.einsum("pniv,iv->pn", self.mixed, self.simultaneous)

    @cached_property
    def shaping(self) -> jax.Array:
        """``[P, n]``: how the steps that all others take change with a player's own parameters,
        times what they do to its loss, χ."""
        return jnp.einsum("jvpn,pjv->pn", self.mixed, self.gradients)


def _own(gradients: jax.Array) -> jax.Array:
    players = np.arange(len(gradients), dtype=np.int32)
    return gradients[players, players]
