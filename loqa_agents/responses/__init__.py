"""Best responses to frozen players: what fresh learners find."""
