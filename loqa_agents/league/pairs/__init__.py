"""How a pair is played and known: under JAX, in environments of others, with Python players."""
