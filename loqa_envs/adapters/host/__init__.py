"""Environments of others, PettingZoo's parallel ones: what of them learners must know to begin."""
