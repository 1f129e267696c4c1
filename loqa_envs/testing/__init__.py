"""The laws of games and players, as functions: ``check_game`` and ``check_policy``.

They hold for our games and players, and check yours: put them into a test of your own. A broken
law raises ``AssertionError`` with one sentence that says which law, in which seat and step, and
what was found instead. Nothing here is needed for playing.
"""

from loqa_envs.testing.games import check_game
from loqa_envs.testing.policies import check_policy

__all__ = ["check_game", "check_policy"]
