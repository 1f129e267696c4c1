"""Reads agents of the Coin Game that others trained, as their authors stored them."""

from loqa_agents.players.published.reader import PublishedAgent, load

__all__ = ["PublishedAgent", "load"]
