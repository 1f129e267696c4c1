"""Stag hunts on a grid: Hunt, Harvest and Escalation, a file each, and their scripted players.

What they have in common is in ``rules.py``, and ways on a board in ``board.py``.
"""
