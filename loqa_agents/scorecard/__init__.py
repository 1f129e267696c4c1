"""One card for everyone's algorithm: how good is it on a social dilemma, and against whom?"""
