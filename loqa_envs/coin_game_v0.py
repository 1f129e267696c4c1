"""The Coin Game, `loqa_envs.CoinGame`, in PettingZoo's style.

``parallel_env(max_cycles=50, render_mode=None, preset="loqa", **settings)``, and ``env`` and
``raw_env`` likewise.
"""

from loqa_envs.adapters.pettingzoo import constructors

env, parallel_env, raw_env = constructors("coin_game")

__all__ = ["env", "parallel_env", "raw_env"]
