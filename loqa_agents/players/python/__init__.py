"""Players in plain Python, and other people's code: seats, chance, faults, fingerprints."""
