"""Advantage Alignment: be good to those who were good to me, by advantages alone.

The learner has advantages A_t, another player B_t, both for what all players did at step t. The
weight of the learner's log-probability at step t is

    A_t + weight * P_t * sum over others of B_t,

where P_t is how well the learner did before, in one of two forms (`Shaping.past`):

    discounted    P_t = discount * sum over k < t of (discount * decay)^(t - 1 - k) * A_k
    mean          P_t = the mean over k < t of A_k, and 0 at the first step.

It is LOQA's weight (`loqa_agents.algorithms.weights.loqa`) with every choice of another player
taken for equally movable: the temperature has no part in it, and neither do action values.

Duque et al., Advantage Alignment Algorithms (ICLR 2025), has the discounted form with decay 1; its
code for Melting Pot has the mean, the sum over others, advantages that are divided by their
standard deviation in the batch (`Learner.balance`), and lambda .95. The proximal form of the paper,
in which the weights take the place of advantages in PPO's clipped objective, is what every
`Learner` descends (`loqa_agents.algorithms.losses.actor_loss`).

Two things differ from the paper: the advantages that make up the past are those of
`Learner.credit_gae_decay`, and the factor in front of the discounted form is ``discount`` where the
paper has its square; the weight makes up for that.
"""

from loqa_agents.algorithms.estimators import OpponentModel, Weights, past
from loqa_agents.algorithms.view import EpisodeView, over_others


def advantage_alignment_weights(
    view: EpisodeView, model: OpponentModel, discount: float
) -> Weights:
    """A_t, and P_t times the sum of B_t over all others whose values are known."""
    before = past(view.credits, model, discount)
    return Weights(view.advantages, over_others(view, lambda other: before * other.advantages))


advantage_alignment_weights.knows = frozenset({"actions", "rewards", "values"})  # type: ignore[attr-defined]
