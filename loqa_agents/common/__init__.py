"""What all of the package stands on, no part of it learning: episodes, settings, files, text."""
