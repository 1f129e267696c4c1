"""The update of self-play in expectation: what sampled updates come to as episodes grow many."""
