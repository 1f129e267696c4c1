"""Games behind the interfaces of others: Gymnasium, PettingZoo, vectors, stable-baselines3.

Nothing else in the package imports those libraries.
"""
