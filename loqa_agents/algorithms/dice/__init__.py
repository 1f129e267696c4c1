"""Learners that differentiate sampled returns more than once, by DiCE."""
