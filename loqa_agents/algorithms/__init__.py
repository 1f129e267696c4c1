"""How a batch of episodes changes a learner, each algorithm beside its paper's equations.

Nothing here knows where episodes come from.
"""
