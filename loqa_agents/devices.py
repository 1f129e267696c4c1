"""The devices that JAX computes on; on a CPU, every core is one."""

import os
from contextlib import suppress

import jax

_WORTH_A_DEVICE = 128
"""Episodes an update below which handing them to one more device costs more than it saves."""


def use_devices(number: int | None = None) -> list[jax.Device]:
    """The first ``number`` devices, without it all.

    Raises:
        ValueError: if there are fewer.
    """
    if number is not None and number < 1:
        raise ValueError(f"--devices must be at least 1, got {number}.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    # Where JAX is in use already, from Python, it keeps the devices that it has.
    with suppress(RuntimeError):
        jax.config.update("jax_num_cpu_devices", min(number or cores or 1, cores or 1))
    devices: list[jax.Device] = jax.devices()
    if number is not None and number > len(devices):
        raise ValueError(
            f"--devices must be at most the devices that there are, {len(devices)}; got {number}."
        )
    return devices[:number]


def training_devices(number: int | None, seeds: int, episodes: int) -> list[jax.Device]:
    """The devices of a run: ``number`` of them or, without it, as many as the run keeps busy.

    A device is kept busy by a seed of its own or, where seeds are too few, by its share of the
    episodes if that is worth handing out.

    Raises:
        ValueError: if there are fewer.
    """
    devices = use_devices(number)
    if number is not None:
        return devices
    by_seed = max(n for n in range(1, len(devices) + 1) if seeds % n == 0)
    by_episode = min(len(devices), seeds * episodes // _WORTH_A_DEVICE)
    return devices[: max(by_seed, by_episode)]
