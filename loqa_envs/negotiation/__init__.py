"""The negotiation game: its rules, and scripted players that read its observation."""
