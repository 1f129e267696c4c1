"""Agents as safetensors files."""

import json
import os
from dataclasses import asdict, dataclass, replace
from typing import Any

import jax
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from loqa_agents.files import as_path, write_atomically
from loqa_agents.learner import Learner
from loqa_agents.lesson import Brain
from loqa_agents.networks import NetworkPolicy
from loqa_agents.settings import from_dict, game_from_dict, game_to_dict
from loqa_agents.shipping import shipped_file
from loqa_agents.with_params import WithParams
from loqa_envs.game import Game, Params
from loqa_envs.keys import key

FORMAT = "loqa-agent-1"


@dataclass(frozen=True, eq=False)
class Agent(WithParams):
    """A trained player, and what it was trained on and with."""

    game: Game
    learner: Learner
    brain: Brain
    seed: int
    seat: int | None = None
    """Where it sits, if it was trained on a game whose seats differ."""

    def __repr__(self) -> str:  # without the arrays
        return f"<agent for {self.game.name} by {self.learner.algorithm}, seed {self.seed}>"

    def in_seat(self, seat: int) -> "Agent":
        return self if self.game.seats_alike else replace(self, seat=seat)

    @property
    def policy(self) -> NetworkPolicy:
        policy = self.learner.policy(self.game)
        return policy if self.seat is None else policy.in_seat(self.seat)

    @property
    def params(self) -> Params:
        """The parameters of `policy`."""
        return self.brain.actor


def save_agent(path: str | os.PathLike[str], agent: Agent) -> None:
    """Write an agent as one ``.safetensors`` file, its configuration in the header.

    The file appears whole or not at all.
    """
    header = {
        "format": FORMAT,
        "game": game_to_dict(agent.game),
        "learner": asdict(agent.learner),
        "seed": agent.seed,
    }
    arrays = {name: np.asarray(leaf) for name, leaf in named_leaves(agent.brain).items()}
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
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(
            f"an agent must have been saved by loqa in the format {FORMAT}; {path} was not: "
            f"{reason.rstrip('.')}."
        ) from None


def _read(file: Any) -> Agent:
    header = json.loads((file.metadata() or {})["loqa"])
    if header["format"] != FORMAT:
        raise ValueError(f"its format is {header['format']!r}")
    game = game_from_dict(header["game"])
    learner = from_dict(Learner, header["learner"])
    template = jax.eval_shape(lambda: learner.init(key(0), game).brain)
    # Nothing of the size of an array is made before the file and its header agree.
    shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    expected = {name: leaf.shape for name, leaf in named_leaves(template).items()}
    if shapes != expected:
        raise ValueError(f"its arrays must be {expected}, they are {shapes}")
    leaves = [file.get_tensor(name) for name in expected]
    if any(leaf.dtype != np.float32 for leaf in leaves):
        raise ValueError("its arrays must be of the type float32")
    brain = jax.tree.unflatten(jax.tree.structure(template), leaves)
    return Agent(game, learner, brain, int(header["seed"]))


def named_leaves(tree: Any) -> dict[str, Any]:
    """Leaves by their paths, such as ``actor/params/Dense_0/kernel``, in the order of the tree."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}
