"""Any iterated two-player, two-action game, `loqa_envs.MatrixGame`, in PettingZoo's style.

``parallel_env(payoffs=..., max_cycles=50, render_mode=None)``, and ``env`` and ``raw_env``
likewise; ``payoffs`` must be given.
"""

from loqa_envs.adapters.pettingzoo import constructors

env, parallel_env, raw_env = constructors("matrix_game")

__all__ = ["env", "parallel_env", "raw_env"]
