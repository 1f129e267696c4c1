"""What several commands ask of their options."""

from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from loqa_envs.validation import check


def check_options(command: Any) -> None:
    """Raise ``ValueError`` unless every option of a command is what its annotation says."""
    hints = get_type_hints(type(command), include_extras=True)
    for field in fields(command):
        option = f"--{field.name.replace('_', '-')}"
        check(option, getattr(command, field.name), hints[field.name])


def check_new_file(option: str, path: Path) -> None:
    """Raise ``ValueError`` unless a file can be made there without replacing another."""
    if path.exists():
        raise ValueError(f"{option} must be a new file, so that none is lost; {path} exists.")
    if not path.parent.is_dir():
        raise ValueError(f"{option} must be in a folder that exists, got {path}.")
