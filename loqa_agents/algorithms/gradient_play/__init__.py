"""Learners that know the rules and each other's parameters, and follow exact gradients.

Their games are those whose steps are a lookup (`Game.outcomes`), their players have no memory, and
they play no episodes: values of an endless game, their gradients and second derivatives are exact.
Most follow the simultaneous gradient, in which everyone takes the others for fixed, after an
adjustment of their own; POLA solves a problem in each update, and M-FOS learns by trial to shape
such learners. Each is a file, read beside its paper.
"""
