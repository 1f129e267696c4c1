"""A training run on disk: its loop, folder, checkpoints, metrics, results and pictures."""
