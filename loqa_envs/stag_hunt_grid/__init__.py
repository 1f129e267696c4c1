"""The stag hunt on a grid: the board and ways on it, the rules, and scripted players."""
