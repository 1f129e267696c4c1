"""What policy gradients differ by: functions that weigh the steps of one episode, one per paper.

None of them imports another; `registry.ALGORITHMS` has their names.
"""
