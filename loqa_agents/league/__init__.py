"""Head to head: leagues of any players, scorecards, best responses."""

from loqa_agents.league.entrants import Entrant
from loqa_agents.league.pairs.python_pairs import PlayerError
from loqa_agents.league.play import play_league
from loqa_agents.league.results import League

__all__ = ["Entrant", "League", "PlayerError", "play_league"]
