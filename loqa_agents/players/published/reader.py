"""Reads agents of the Coin Game that others trained, as their authors stored them.

The formats, which nothing in a file names, are told apart by what it holds:

- LOQA (Aghajohari et al., ICLR 2024) and Advantage Alignment (Duque et al., ICLR 2025): a pickle of
  dicts ``agent0``, ``agent1`` and ``hp``. The first agent's ``actor_head`` plays. Advantage
  Alignment's ``hp`` have ``proximal``, LOQA's have not.
- POLA (Zhao et al., NeurIPS 2022), as LOQA's authors trained it: a pickle of a list of two
  ``FrozenDict``, of which the first plays.
- M-FOS (Lu et al., ICML 2022): a torch archive whose ``actor_critic`` plays with the layers of its
  actor, ``*_a``. Its memory's output is multiplied by ones there, and here by nothing.

Nothing that a file names is imported or called, see `restricted_pickle`.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from loqa_agents.common.files import as_path
from loqa_agents.players.published.networks import MFOSPolicy, RecurrentPolicy
from loqa_agents.players.published.restricted_pickle import read_pickle
from loqa_agents.players.published.torch_archive import read_torch
from loqa_agents.players.with_params import WithParams
from loqa_envs.coin_game.game import CoinGame
from loqa_envs.game import Params

MAX_BYTES = 2**26
"""Size of the largest file that is read; the published ones have up to 1.2 MB."""
Algorithm: TypeAlias = Literal["loqa", "advantage_alignment", "pola", "mfos"]
_AS_LOLA = ("right", "left", "down", "up")


@dataclass(frozen=True, eq=False)
class PublishedAgent(WithParams):
    """A player that others trained."""

    name: str
    """The file's, without its ending."""
    algorithm: Algorithm
    game: CoinGame
    """The Coin Game as the agent sees it and numbers its moves.

    `loqa_envs.make_player` seats it at any game with the same rules.
    """
    policy: RecurrentPolicy | MFOSPolicy
    """The player without its parameters, equal for all agents of one architecture."""
    params: Params
    """The parameters of `policy`: a pytree of ``float32`` NumPy arrays."""

    def __repr__(self) -> str:  # without the arrays
        return f"<published agent {self.name} by {self.algorithm}>"


def load(path: str | os.PathLike[str]) -> PublishedAgent:
    """Read an agent from a file of LOQA, Advantage Alignment, POLA or M-FOS.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is too large, is of no known format, or does not hold what its format
            promises; whatever a file holds, nothing of it is run, and it takes little more memory
            than the file has bytes.
    """
    path = as_path(path)
    content = _content(path)
    try:
        return _recognised(path.stem, _parsed(content))
    except ValueError as error:
        reason = str(error).rstrip(".")
        raise ValueError(
            "a published agent must be a file as LOQA, Advantage Alignment, POLA or M-FOS store "
            f"their agents; {path} is not: {reason}."
        ) from None


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise ValueError(f"a published agent must be a file; {path} is a folder.")
    if not path.is_file():
        raise FileNotFoundError(f"a published agent must be a file; there is no file {path}.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(
            f"a published agent must have at most {MAX_BYTES} bytes; {path} has {size}."
        )
    with path.open("rb") as file:
        return file.read(size)


def _parsed(content: bytes) -> Any:
    if content.startswith(b"PK\x03\x04"):
        return read_torch(content)
    if content.startswith(b"\x80"):
        return read_pickle(content)
    raise ValueError("it is neither a pickle of protocol 2 or later nor a zip archive")


def _recognised(name: str, value: Any) -> PublishedAgent:
    match value:
        case {
            "agent0": {"params": {"params": {"actor_head": {"ScanPOLAGruCell_0": dict(actor)}}}},
            "hp": {
                "game": {"height": int(height), "width": int(width), "game_length": int(length)}
            } as settings,
        }:
            policy, params = _recurrent(actor, height * width)
            own = CoinGame((height, width), observation="flat", episode_length=length)
            algorithm: Algorithm = "advantage_alignment" if "proximal" in settings else "loqa"
            return PublishedAgent(name, algorithm, own, policy, params)
        case [{"params": dict(actor)}, *_]:
            policy, params = _recurrent(actor, None)
            own = CoinGame(
                size=math.isqrt(policy.num_inputs // 4), observation="flat", moves=_AS_LOLA
            )
            return PublishedAgent(name, "pola", own, policy, params)
        case {"actor_critic": dict(layers)}:
            convolutional, params = _mfos(layers)
            own = CoinGame(size=convolutional.board, moves=_AS_LOLA, episode_length=16)
            return PublishedAgent(name, "mfos", own, convolutional, params)
    raise ValueError(
        "it must hold agent0 with an actor_head and hp with a game, or a list of agents with "
        f"params, or an actor_critic; it is {_described(value)}"
    )


def _recurrent(actor: Mapping[str, Any], cells: int | None) -> tuple[RecurrentPolicy, Params]:
    """What flax stored: dense layers, a ``GRUCell`` and ``linear_end``, kernels ``[in, out]``."""
    if unknown := actor.keys() - {"linear1", "linear2", "GRUCell", "linear_end"}:
        raise ValueError(
            "an actor must be of linear1, linear2 or not, GRUCell and linear_end; got "
            f"{_described(dict.fromkeys(unknown))} beside"
        )

    def layer(name: str, inputs: int | None, outputs: int | None = None) -> dict[str, Any]:
        kernel = _array(actor, f"{name}/kernel", (inputs, outputs))
        return {"kernel": kernel, "bias": _array(actor, f"{name}/bias", kernel.shape[1:])}

    dense = [layer("linear1", None if cells is None else 4 * cells)]
    if "linear2" in actor:
        dense.append(layer("linear2", _outputs(dense[0])))
    num_inputs = _inputs(dense[0])
    if cells is None and num_inputs != 4 * math.isqrt(num_inputs // 4) ** 2:
        raise ValueError(
            f"linear1/kernel must have a row for each cell of four square planes, got {num_inputs}"
        )
    memory = _array(actor, "GRUCell/hn/bias", (None,)).shape[0]
    gates = [layer(f"GRUCell/i{gate}", _outputs(dense[-1]), memory) for gate in "rzn"]
    own = [_array(actor, f"GRUCell/h{gate}/kernel", (memory, memory)) for gate in "rzn"]
    params = {
        "dense": dense,
        "gates": {
            "kernel": np.concatenate([gate["kernel"] for gate in gates], 1),
            "bias": np.concatenate([gate["bias"] for gate in gates]),
        },
        "memory": {
            "kernel": np.concatenate(own, 1),
            "bias": _array(actor, "GRUCell/hn/bias", (memory,)),
        },
        "output": layer("linear_end", memory, 4),
    }
    return RecurrentPolicy(num_inputs, tuple(map(_outputs, dense)), memory), params


def _mfos(layers: Mapping[str, Any]) -> tuple[MFOSPolicy, Params]:
    """What torch stored: layers by flat names, weights ``[out, in]``, gates reset, update, new."""

    def layer(name: str, *shape: int | None) -> dict[str, Any]:
        weight = _array(layers, f"{name}.weight", shape)
        bias = _array(layers, f"{name}.bias", weight.shape[:1])
        return {"kernel": weight.T if weight.ndim == 2 else weight, "bias": bias}

    first = layer("conv_a_0", None, 7, 3, 3)
    second = layer("conv_a_1", None, len(first["bias"]), 3, 3)
    channels = len(first["bias"]), len(second["bias"])
    dense = layer("linear_a_0", None, None)
    size = math.isqrt(_inputs(dense) // channels[1])
    if _inputs(dense) != channels[1] * size**2:
        raise ValueError(
            f"linear_a_0.weight must have a column for each cell of {channels[1]} square planes, "
            f"got {_inputs(dense)}"
        )
    memory = _array(layers, "GRU_a.weight_hh_l0", (None, None)).shape[1]
    gates = 3 * memory
    into = _array(layers, "GRU_a.weight_ih_l0", (gates, _outputs(dense)))
    bias_in = _array(layers, "GRU_a.bias_ih_l0", (gates,))
    bias_own = _array(layers, "GRU_a.bias_hh_l0", (gates,))
    # Both biases of the reset and of the update gate are added to the same sum.
    bias = bias_in + np.where(np.arange(gates) < 2 * memory, bias_own, np.float32(0))
    params = {
        "convolutions": [first, second],
        "dense": [dense],
        "gates": {"kernel": into.T, "bias": bias},
        "memory": {
            "kernel": _array(layers, "GRU_a.weight_hh_l0", (gates, memory)).T,
            "bias": bias_own[2 * memory :],
        },
        "output": layer("linear_a", 4, memory),
    }
    return MFOSPolicy((size, size), channels, (_outputs(dense),), memory), params


def _inputs(layer: dict[str, Any]) -> int:
    return int(layer["kernel"].shape[0])


def _outputs(layer: dict[str, Any]) -> int:
    return int(layer["kernel"].shape[1])


def _array(tree: Any, path: str, shape: tuple[int | None, ...]) -> NDArray[np.float32]:
    """The array at a path of keys, with the expected shape, where None is any size but 0."""
    for key in path.split("/"):
        if not isinstance(tree, dict) or key not in tree:
            raise ValueError(f"it must hold {path}, and does not")
        tree = tree[key]
    if not isinstance(tree, np.ndarray) or tree.dtype != np.float32:
        raise ValueError(f"{path} must be an array of float32, it is {_described(tree)}")
    fits = tree.ndim == len(shape) and all(
        has > 0 if wanted is None else has == wanted
        for has, wanted in zip(tree.shape, shape, strict=True)
    )
    if not fits:
        wanted = tuple("any" if size is None else size for size in shape)
        raise ValueError(f"{path} must have the shape {wanted}, it has {tree.shape}")
    if not np.isfinite(tree).all():
        raise ValueError(f"{path} must be finite numbers")
    return tree


def _described(value: Any) -> str:
    """In a few words, however large it is."""
    if isinstance(value, dict):
        keys = ", ".join(f"{key!r:.20}" for key in list(value)[:5])
        return f"a dict with {keys or 'nothing'}" + ", ..." * (len(value) > 5)
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return f"a {type(value).__name__}"
