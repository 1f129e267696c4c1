"""What several commands ask of their options."""

from pathlib import Path


def check_seed(seed: int) -> None:
    """Raise ``ValueError`` unless ``--seed`` can be a key's."""
    if not 0 <= seed < 2**32:
        raise ValueError(f"--seed must be at least 0 and below 2**32, got {seed}.")


def check_episodes(episodes: int) -> None:
    """Raise ``ValueError`` unless there are ``--episodes`` to play."""
    if episodes < 1:
        raise ValueError(f"--episodes must be at least 1, got {episodes}.")


def check_new_file(option: str, path: Path) -> None:
    """Raise ``ValueError`` unless a file can be made there without replacing another."""
    if path.exists():
        raise ValueError(f"{option} must be a new file, so that none is lost; {path} exists.")
    if not path.parent.is_dir():
        raise ValueError(f"{option} must be in a folder that exists, got {path}.")
