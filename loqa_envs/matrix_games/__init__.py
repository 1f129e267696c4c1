"""Two-player, two-action matrix games, and players without parameters for them."""
