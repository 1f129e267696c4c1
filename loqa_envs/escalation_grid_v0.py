"""Escalation on a grid, `loqa_envs.EscalationGrid`, in PettingZoo's style.

``parallel_env(max_cycles=50, render_mode=None, **settings)``, and ``env`` and ``raw_env`` likewise.
"""

from loqa_envs.adapters.pettingzoo import constructors

env, parallel_env, raw_env = constructors("escalation_grid")

__all__ = ["env", "parallel_env", "raw_env"]
