"""JaxMARL's spaces, and what it keeps by agent, as arrays with an axis of seats."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loqa_envs.observation import Kind, Leaf, Observation, ObservationSpec, each_array


def by_seat(values: Any, agents: list[Any]) -> list[Any]:
    """One value for each seat of what is keyed by agent, or is in their order."""
    if isinstance(values, Mapping):
        return [values[agent] for agent in agents]
    return [values[seat] for seat in range(len(agents))]


def observations_of(values: Any, agents: list[Any]) -> Observation:
    """``float32[P, ...]``, or a dictionary of such arrays."""
    rows = [each_array(_floats, row) for row in by_seat(values, agents)]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *rows)


def infos_of(values: Any, agents: list[Any]) -> dict[str, jax.Array]:
    """What is a number for all seats, or one for each, as ``float32[P]``; all else is left out."""
    found = {}
    for name, value in values.items():
        by_agent = isinstance(value, Mapping) and all(agent in value for agent in agents)
        leaves = by_seat(value, agents) if by_agent else [value]
        if all(hasattr(leaf, "shape") or isinstance(leaf, bool | int | float) for leaf in leaves):
            row = jnp.stack([_floats(leaf) for leaf in leaves]) if by_agent else _floats(value)
            if row.shape in ((), (len(agents),)):
                found[str(name)] = jnp.broadcast_to(row, (len(agents),))
    return found


def number_of_actions(environment: Any, agents: list[Any]) -> int:
    """How many actions every agent has.

    Raises:
        ValueError: unless they have equally many.
    """
    spaces = {agent: environment.action_space(agent) for agent in agents}
    numbers = {agent: getattr(space, "n", 0) for agent, space in spaces.items()}
    number = int(numbers[agents[0]])
    if not number or set(numbers.values()) != {number}:
        said = ", ".join(f"{agent} {numbers[agent] or spaces[agent]}" for agent in agents)
        raise ValueError(f"all agents must have the same number of discrete actions; got {said}.")
    return number


def spec_of(environment: Any, agents: list[Any], seen: Observation) -> ObservationSpec:
    """What one seat sees, of the shapes in ``seen[P, ...]`` and with the bounds of its space."""
    space = environment.observation_space(agents[0])
    named = getattr(space, "spaces", space)
    if isinstance(seen, dict):
        return ObservationSpec({name: _leaf(named[name], array) for name, array in seen.items()})
    return ObservationSpec(_leaf(space, seen))


def _leaf(space: Any, array: Any) -> Leaf:
    shape = tuple(array.shape[1:])
    low, high = (np.asarray(getattr(space, side), np.float32) for side in ("low", "high"))
    picture = len(shape) == 3 and not low.ndim and not high.ndim and high > 0
    kind: Kind = "image" if picture else "numbers"
    return Leaf(shape, kind, high, low, "float32")


def _floats(value: Any) -> jax.Array:
    return jnp.asarray(value).astype(jnp.float32)
