"""Of Python, and of the packages that results depend on."""

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("loqa", "jax", "jaxlib", "flax", "optax", "numpy", "gymnasium", "pettingzoo")


def versions() -> dict[str, str]:
    packages = {package: package_version(package) for package in _PACKAGES}
    return {"python": platform.python_version()} | packages


def package_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "unknown"
