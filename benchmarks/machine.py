"""What a benchmark ran on."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import jax

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "gymnasium", "pettingzoo")


def describe() -> dict[str, Any]:
    """Processor, cores, load at the moment, versions; no names of hosts or folders."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        cpu = platform.processor()
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "device": jax.devices()[0].platform,
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        **{package: importlib.metadata.version(package) for package in PACKAGES},
    }


def in_fresh_process(script: str, *words: str) -> dict[str, Any]:
    """The JSON that a script prints where nothing was compiled before."""
    with tempfile.TemporaryDirectory() as cache:
        output = subprocess.run(
            [sys.executable, script, *words], stdout=subprocess.PIPE, text=True, check=True,
            env=os.environ | {"JAX_COMPILATION_CACHE_DIR": cache},
        ).stdout  # fmt: skip
    row: dict[str, Any] = json.loads(output)
    return row
