"""Training in environments of others, which are played in Python: episodes, and the trainer.

Acting is one compiled call for all copies of the environment and all seats, and so is learning;
between two calls every copy is stepped.
"""
