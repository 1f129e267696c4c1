"""`loqa train`: in games, and in environments of others."""
