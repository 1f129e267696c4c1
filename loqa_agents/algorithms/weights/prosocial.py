"""The policy gradient of what everyone earns together.

The weight of a log-probability is the learner's advantage plus those of all others,

    A_t + sum over others of B_t,

the advantage of the sum of rewards: both kinds are sums of errors r + discount V' - V, and values
of a sum are sums of values. In a social dilemma the learner cooperates whatever the others do; it
shows what cooperation earns among its like, and what it costs among others. Nothing is weighed:
`Shaping` has no part in it.

Peysakhovich and Lerer, Prosocial Learning Agents Solve Generalized Stag Hunts Better than Selfish
Ones (AAMAS 2018), with the reward of their prosocial agents at equal weights.
"""

import jax.numpy as jnp

from loqa_agents.algorithms.estimators import OpponentModel, Weights
from loqa_agents.algorithms.view import EpisodeView, over_others


def prosocial_weights(view: EpisodeView, model: OpponentModel, discount: float) -> Weights:
    """The advantages of all whose values are known, added up; and no shaping."""
    del model, discount
    together = view.advantages + over_others(view, lambda other: other.advantages)
    return Weights(together, jnp.zeros_like(together))


prosocial_weights.knows = frozenset({"rewards", "values"})  # type: ignore[attr-defined]
