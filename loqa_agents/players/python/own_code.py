"""Which code is a user's own, as opposed to Python's, that of installed packages, and ours."""

import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_OURS = {"loqa_envs", "loqa_agents"}
_INSTALLED = {"site-packages", "dist-packages"}


@cache
def is_own(module: str | None) -> bool:
    """Whether what is defined in a module of that name is a user's own code."""
    top = (module or "__main__").partition(".")[0]
    if top == "__main__" or top not in sys.modules:  # made by hand
        return True
    if top in _OURS or top in sys.stdlib_module_names:
        return False
    found = sys.modules[top]
    places = [getattr(found, "__file__", None), *getattr(found, "__path__", ())]
    return any(place and not _INSTALLED & set(Path(place).parts) for place in places)


def version_of(module: str | None) -> str:
    """The version of the package that a module is of, as far as it can be told."""
    top = (module or "").partition(".")[0]
    if top in sys.stdlib_module_names:
        return f"Python {sys.version_info.major}.{sys.version_info.minor}"
    with suppress(PackageNotFoundError):
        return version("loqa" if top in _OURS else top)
    return str(getattr(sys.modules.get(top), "__version__", "unknown"))
