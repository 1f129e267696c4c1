"""The command line; only here are names on it resolved and errors put into one line."""
