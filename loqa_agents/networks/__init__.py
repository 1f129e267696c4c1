"""Actors and critics: how observations become probabilities and values."""
