"""Environments of others, JaxMARL's: their rules as a game, their spaces in our words."""
