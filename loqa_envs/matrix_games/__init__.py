"""Games whose every step is a lookup in a table of payoffs, and players without parameters."""
