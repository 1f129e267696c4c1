"""What others published of the 3x3 Coin Game, line by line of a scorecard."""

from typing import NamedTuple


class Value(NamedTuple):
    """Mean reward per step of the agent and, where it was published, of its opponent."""

    agent: float
    opponent: float | None = None


class Column(NamedTuple):
    source: str
    """Where the numbers are from, and under which protocol."""
    lines: dict[str, Value]


_LEAGUE = "evaluation pickles in LOQA's repository, 32 episodes a pair"

PUBLISHED: dict[str, Column] = {
    "LOQA": Column(
        f"Aghajohari et al. (ICLR 2024): {_LEAGUE} of 50 steps, 10 seeds",
        {
            "self_play": Value(0.318),
            "cross_play": Value(0.293),
            "always_cooperate": Value(0.352, 0.318),
            "always_defect": Value(-0.054, 0.123),
            "random": Value(0.264, -0.154),
        },
    ),
    "POLA": Column(
        f"Zhao et al. (NeurIPS 2022), trained again by LOQA's authors: {_LEAGUE} of 50 steps, 10 "
        "seeds; best response by MCTS from the notebook of Aghajohari et al. (RLJ 2024), 6 seeds",
        {
            "self_play": Value(0.187),
            "cross_play": Value(0.194),
            "always_cooperate": Value(0.375, 0.286),
            "always_defect": Value(-0.031, 0.068),
            "random": Value(0.235, -0.125),
            "best_response": Value(0.088, 0.348),
        },
    ),
    "M-FOS": Column(
        f"Lu et al. (ICML 2022), trained again by LOQA's authors: {_LEAGUE} of 16 steps, 10 seeds",
        {
            "self_play": Value(0.000),
            "always_cooperate": Value(0.319, 0.027),
            "always_defect": Value(-0.420, 0.415),
            "random": Value(0.196, -0.212),
        },
    ),
    "Advantage Alignment": Column(
        f"Duque et al. (ICLR 2025): {_LEAGUE} of 16 steps, 9 seeds",
        {
            "self_play": Value(0.288),
            "cross_play": Value(0.277),
            "always_cooperate": Value(0.349, 0.313),
            "always_defect": Value(-0.084, 0.155),
            "random": Value(0.261, -0.179),
        },
    ),
    "BRS": Column(
        "Aghajohari et al., Best Response Shaping (RLJ 2024): notebook in its repository, 3 seeds, "
        "50 steps; best response by MCTS",
        {
            "self_play": Value(0.339),
            "always_cooperate": Value(0.342, 0.336),
            "always_defect": Value(-0.106, 0.222),
            "best_response": Value(0.306, 0.347),
        },
    ),
}
"""By method. LOQA's rules, mean reward per step; a line that is missing was not published."""
