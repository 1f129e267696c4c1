"""Returns, advantages and traces of one episode; put episodes in front with ``jax.vmap``."""

from typing import NamedTuple, NoReturn

import jax
import jax.numpy as jnp


class OpponentModel(NamedTuple):
    """How an algorithm supposes that the opponent learns: `loqa_agents.Shaping` but its weight."""

    temperature: float = 1.0
    decay: float = 0.9
    steps: int = 4
    sampled_values: bool = False
    past: str = "discounted"

    @property
    def weight(self) -> NoReturn:
        raise AttributeError(
            "the weight of shaping must be left to the learner, which may change it in training; "
            "an algorithm returns Weights(own, shaping), the second without it, or has one of its "
            "own."
        )


class Weights(NamedTuple):
    """What an algorithm makes of one episode: how much more probable each action should become.

    The two parts stay apart until the policy gradient is taken, which follows own + w shaping. No
    algorithm is told w: it may change from update to update (`Shaping.weight`, annealed to
    `Learner.final_shaping_weight`), and each part may first be divided by its standard deviation
    in the batch. A formula that is not linear in a weight of its own puts all it has into ``own``.
    """

    own: jax.Array
    """``[T]``: for what it does for the learner itself."""
    shaping: jax.Array
    """``[T]``: for what it makes of the opponent."""


def _accumulate(terms: jax.Array, factor: jax.Array | float, continues: jax.Array) -> jax.Array:
    """``y_t = terms_t + factor * continues_t * y_{t + 1}`` over the last steps first."""

    def step(total: jax.Array, row: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        term, continues = row
        total = term + factor * continues * total
        return total, total

    _, totals = jax.lax.scan(step, jnp.zeros_like(terms[0]), (terms, continues), reverse=True)
    return totals


def alive(continues: jax.Array) -> jax.Array:
    """``[T]``: 1 at the steps that the seat plays, 0 after the one that ended its episode."""
    return jnp.append(jnp.ones_like(continues[:1]), jnp.cumprod(continues)[:-1])


def discounted_returns(
    rewards: jax.Array, discount: float, continues: jax.Array | None = None
) -> jax.Array:
    """``G_t``, the discounted rewards from step t to the end of the episode, ``[T]``.

    Here and below ``continues[T]`` is 0 where a step ended the episode, else 1 (by default all).
    """
    return _accumulate(rewards, discount, _given(continues, rewards))


def gae(
    rewards: jax.Array,
    values: jax.Array,
    discount: jax.Array | float,
    decay: float,
    continues: jax.Array | None = None,
) -> jax.Array:
    """Generalised advantages ``[T]`` from ``rewards[T]`` and ``values[T + 1]``.

    An episode that ended has no value after its last step; one that was only cut off has
    ``values[T]``. ``decay`` 0 is the one-step error, 1 the Monte-Carlo advantage.

    Schulman et al., High-Dimensional Continuous Control Using Generalized Advantage Estimation
    (ICLR 2016), equation 16.
    """
    continues = _given(continues, rewards)
    errors = rewards + discount * continues * values[1:] - values[:-1]
    return _accumulate(errors * alive(continues), discount * decay, continues)


def td_targets(
    rewards: jax.Array,
    values: jax.Array,
    discount: float,
    decay: float,
    continues: jax.Array | None = None,
) -> jax.Array:
    """TD(``decay``) returns ``[T]``, what ``Q(s_t, a_t)`` should have been."""
    return values[:-1] + gae(rewards, values, discount, decay, continues)


def _given(continues: jax.Array | None, rewards: jax.Array) -> jax.Array:
    return jnp.ones_like(rewards) if continues is None else continues


def trace(credits: jax.Array, factor: float) -> jax.Array:
    """``C_0 = 0, C_{t + 1} = factor * C_t + credits_t``, ``[T]``: a decaying sum over the past."""

    def step(total: jax.Array, credit: jax.Array) -> tuple[jax.Array, jax.Array]:
        return factor * total + credit, total

    _, totals = jax.lax.scan(step, jnp.zeros_like(credits[0]), credits)
    return totals


def past(credits: jax.Array, model: OpponentModel, discount: float) -> jax.Array:
    """What earlier ``credits[T]`` amount to at each step, ``[T]``, 0 at the first.

    By ``model.past``: ``discount`` times their `trace`, which fades by discount and decay, or their
    mean.
    """
    factor, front = past_factors(model.past, model.decay, discount, len(credits))
    return front * trace(credits, factor)


def past_factors(
    past: str, decay: float, discount: float, length: int
) -> tuple[float, float | jax.Array]:
    """By what a `trace` fades, and what it is multiplied by at each of ``length`` steps."""
    if past == "mean":
        return 1.0, 1 / jnp.maximum(jnp.arange(length, dtype=jnp.float32), 1)
    return discount * decay, discount


def loaded_dice_returns(
    rewards: jax.Array,
    log_probabilities: jax.Array,
    advantages: jax.Array,
    discount: float,
    decay: float,
) -> jax.Array:
    """Returns ``[T]`` whose derivative knows how the learner's actions change them.

    The value is that of `discounted_returns`; the derivative reaches the learner's
    ``log_probabilities[T]``, weighted by the ``advantages[T]`` of whom the rewards belong to, and
    fades by ``decay`` a step. The tests hold LOQA's closed form against it.

    Farquhar et al., Loaded DiCE (NeurIPS 2019), with the decay that LOQA adds (Aghajohari et al.,
    ICLR 2024).
    """
    so_far = jnp.cumsum(log_probabilities)
    before = so_far - log_probabilities
    objective = magic_box(so_far) - magic_box(before)
    return discounted_returns(rewards, discount) + _accumulate(
        jax.lax.stop_gradient(advantages) * objective, discount * decay, jnp.ones_like(objective)
    )


def magic_box(x: jax.Array) -> jax.Array:
    """One, with the derivative of ``x``: DiCE's operator.

    Foerster et al., DiCE: The Infinitely Differentiable Monte Carlo Estimator (ICML 2018).
    """
    return jnp.exp(x - jax.lax.stop_gradient(x))
