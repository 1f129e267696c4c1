"""Agents as safetensors files."""

import json
import os
from dataclasses import dataclass, replace
from typing import Any, Literal

import jax
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from typing_extensions import TypedDict

from loqa_agents.algorithms.algorithm import ActorCritic, Algorithm
from loqa_agents.algorithms.learner import Learner
from loqa_agents.common.files import as_path, parse_json, write_atomically
from loqa_agents.common.settings import game_from_dict, game_to_dict, named_from_dict, named_to_dict
from loqa_agents.common.text import printable
from loqa_agents.players.shipping import shipped_file
from loqa_agents.players.with_params import WithParams
from loqa_envs.game import Game, Params, Policy, in_seat
from loqa_envs.keys import key
from loqa_envs.validation import Seed, Settings, check

FORMAT: Literal["loqa-agent-1"] = "loqa-agent-1"


class _Header(TypedDict):
    format: Literal["loqa-agent-1"]
    game: dict[str, Any]
    learner: dict[str, Any]
    seed: Seed


_HEADER = TypeAdapter(_Header)


@dataclass(frozen=True, eq=False)
class Agent(WithParams, Settings):
    """A trained player, and what it was trained on and with.

    Raises:
        ValueError: for a part that is none.
    """

    game: Game
    learner: Algorithm
    actor_critic: ActorCritic
    seed: Seed
    seat: int | None = None
    """Where it sits, if it was trained on a game whose seats differ."""

    def __repr__(self) -> str:  # without the arrays
        return f"<agent for {self.game.name} by {self.learner.label}, seed {self.seed}>"

    def in_seat(self, seat: int) -> "Agent":
        return self if self.game.seats_alike else replace(self, seat=seat)

    @property
    def policy(self) -> Policy:
        policy = self.learner.policy(self.game)
        return policy if self.seat is None else in_seat(policy, self.seat)

    @property
    def params(self) -> Params:
        """The parameters of `policy`."""
        return self.actor_critic.actor


def save_agent(path: str | os.PathLike[str], agent: Agent) -> None:
    """Write an agent as one ``.safetensors`` file, its configuration in the header.

    The file appears whole or not at all.

    Raises:
        ValueError: for a game, a network or settings of which no file can make the same again (see
            `loqa_envs.register_game` and `loqa_agents.register_network`), or weights that are not
            finite numbers of type float32.
        OSError: if the file cannot be written.
    """
    check("agent", agent, Agent)
    header = {
        "format": FORMAT,
        "game": game_to_dict(agent.game),
        "learner": named_to_dict(agent.learner, Learner),
        "seed": agent.seed,
    }
    arrays = {name: np.asarray(leaf) for name, leaf in named_leaves(agent.actor_critic).items()}
    _require_weights(arrays)
    write_atomically(as_path(path), save(arrays, {"loqa": json.dumps(header)}))


def load_agent(path: str | os.PathLike[str]) -> Agent:
    """Read what `save_agent` wrote, or an agent that comes with the package by its name.

    ``load_agent("coin3x3/loqa/42")``: what does not end in ``.safetensors`` is a name.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if there is no such name, or if the file is truncated, is no agent of this
            project, or does not fit its own configuration.
    """
    path = as_path(path)
    if path.suffix != ".safetensors":
        with shipped_file(path.as_posix()) as file:
            return load_agent(file)
    if not path.is_file():
        raise FileNotFoundError(f"an agent must be a .safetensors file; there is no file {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            return _read(file)
    except SafetensorError as error:
        raise ValueError(
            f"an agent must be a whole .safetensors file; {path} is not: {error}."
        ) from None
    except OSError:
        raise
    except Exception as error:  # a header that someone else wrote can break anything
        reason = printable(f"it lacks {error}" if isinstance(error, KeyError) else str(error))
        raise ValueError(
            f"an agent must have been saved by loqa in the format {FORMAT}; {path} was not: "
            f"{reason.rstrip('.')}."
        ) from None


def _read(file: Any) -> Agent:
    header = parse_json((file.metadata() or {})["loqa"], _HEADER, "its header")
    game = game_from_dict(header["game"])
    learner = named_from_dict(header["learner"], Learner, Algorithm)
    # Nothing that takes time or memory is done for what the header says before it and the arrays
    # agree: layers, of which each has an array, are counted before the networks are traced.
    shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    networks = [getattr(learner, name, None) for name in ("actor", "critic")]
    layers = sum(len(getattr(network, "hidden", ())) for network in networks)
    if layers > len(shapes):
        raise ValueError(f"it must have an array for each of {layers} layers, it has {len(shapes)}")
    template = jax.eval_shape(lambda: learner.params(learner.init(key(0), game)))
    expected = {name: leaf.shape for name, leaf in named_leaves(template).items()}
    for name in sorted(expected.keys() | shapes.keys()):
        if shapes.get(name) != expected.get(name):
            raise ValueError(
                f"its array {name} must be {_form(expected.get(name))}, by what its header says, "
                f"and is {_form(shapes.get(name))}"
            )
    arrays = {name: file.get_tensor(name) for name in expected}
    _require_weights(arrays)
    actor_critic = jax.tree.unflatten(jax.tree.structure(template), list(arrays.values()))
    return Agent(game, learner, actor_critic, header["seed"])


def _form(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else f"of shape {shape}"


def _require_weights(arrays: dict[str, NDArray[Any]]) -> None:
    for name, array in arrays.items():
        if array.dtype != np.float32:
            raise ValueError(f"an agent's weights must be float32; {name} is {array.dtype}.")
        if not np.isfinite(array).all():  # with NaN it would always play the first action
            raise ValueError(f"an agent's weights must be finite; {name} has NaN or infinity.")


def named_leaves(tree: Any) -> dict[str, Any]:
    """Leaves by their paths, such as ``actor/params/Dense_0/kernel``, in the order of the tree."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}
