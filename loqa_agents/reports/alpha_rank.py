"""Alpha-rank of a league's teams, by OpenSpiel, which is named nowhere else."""

from typing import Any

import numpy as np


def alpha_rank(data: dict[str, Any]) -> dict[str, float]:
    """The mass of each team of a `summary` in the long run, but for teams with a failed player.

    The league is a symmetric game of two seats, in which a strategy is a team and the payoffs are
    the teams' mean rewards. Each seat is a population of its own, so that what a team gets from
    itself counts: from a pair of teams, one seat moves on to whatever team does better against the
    other, in the limit of strong selection, and slips with a small probability. A team's mass is
    the share of time that a seat spends with it.
    Reference: Omidshafiei et al., alpha-Rank: Multi-Agent Evaluation by Evolution (Scientific
    Reports, 2019).
    """
    from open_spiel.python.egt import alpharank

    failed = {e["team"] for e in data["entrants"] if e["name"] in data["failed"]}
    names = [name for name in data["teams"] if name not in failed]
    if not names:
        return {}
    kept = np.array([data["teams"].index(name) for name in names])
    payoffs = np.array(data["by_team"]["reward"]["mean"], float)[np.ix_(kept, kept)]
    mass = alpharank.compute([payoffs, payoffs.T], use_inf_alpha=True)[2]
    by_pair = np.reshape(mass, payoffs.shape)
    by_team = (by_pair.sum(0) + by_pair.sum(1)) / 2
    return {name: round(float(value), 6) for name, value in zip(names, by_team, strict=True)}
