"""Of Python, and of the packages that results depend on; packages that may be missing."""

import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

_PACKAGES = ("loqa", "jax", "jaxlib", "flax", "optax", "numpy", "gymnasium", "pettingzoo")


def versions() -> dict[str, str]:
    packages = {package: package_version(package) for package in _PACKAGES}
    return {"python": platform.python_version()} | packages


def package_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "unknown"


def require_package(what: str, package: str, extra: str) -> None:
    """Raise ``ValueError`` unless the package that ``what`` needs is installed.

    ``extra`` is the optional dependency of loqa that brings it.
    """
    if find_spec(package) is None:
        raise ValueError(
            f"{what} needs the package {package}, which is not installed; get it with: "
            f'pip install "loqa[{extra}]"'
        )
