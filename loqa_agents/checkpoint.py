"""Agents as safetensors, and the state of a training run by orbax."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from loqa_agents.learner import Brain, Learner
from loqa_agents.networks import NetworkPolicy
from loqa_agents.settings import from_dict, game_from_dict, game_to_dict
from loqa_agents.updates import TrainState
from loqa_envs.game import Game, Params

FORMAT = "loqa-agent-1"


@dataclass(frozen=True)
class Agent:
    """A trained player, and what it was trained on and with."""

    game: Game
    learner: Learner
    brain: Brain
    seed: int

    @property
    def policy(self) -> NetworkPolicy:
        return self.learner.policy(self.game)

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
    arrays = {name: np.asarray(leaf) for name, leaf in _named_leaves(agent.brain).items()}
    write_atomically(Path(path), save(arrays, {"loqa": json.dumps(header)}))


def load_agent(path: str | os.PathLike[str]) -> Agent:
    """Read what `save_agent` wrote.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is truncated, is no agent of this project, or does not fit its own
            configuration.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"an agent must be a .safetensors file; there is no file {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(
            f"an agent must be a whole .safetensors file; {path} is not: {error}."
        ) from None
    try:
        header = json.loads(metadata["loqa"])
        if header["format"] != FORMAT:
            raise ValueError(f"its format is {header['format']!r}")
        game = game_from_dict(header["game"])
        learner = from_dict(Learner, header["learner"])
        template = jax.eval_shape(lambda key: learner.init(key, game).brain, jax.random.key(0))
        brain = _fill(template, arrays)
        return Agent(game, learner, brain, int(header["seed"]))
    except (KeyError, TypeError, ValueError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(
            f"an agent must have been saved by loqa in the format {FORMAT}; {path} was not: "
            f"{reason.rstrip('.')}."
        ) from None


class Checkpoints:
    """The newest states of a training run, written atomically, and how far each has come."""

    def __init__(self, folder: Path) -> None:
        self._manager = ocp.CheckpointManager(
            folder.resolve(),
            options=ocp.CheckpointManagerOptions(
                max_to_keep=2, create=True, enable_async_checkpointing=False
            ),
        )

    def save(self, update: int, state: TrainState, progress: dict[str, Any]) -> None:
        """Keep the state before ``update``, and ``progress`` (JSON data) beside it."""
        self._manager.save(
            update,
            args=ocp.args.Composite(
                state=ocp.args.StandardSave(jax.device_get(state)),
                progress=ocp.args.JsonSave(progress),
            ),
        )

    def restore(self, template: TrainState) -> tuple[int, TrainState, dict[str, Any]] | None:
        """The newest kept update, state and progress; None if there is none.

        Raises:
            ValueError: if the newest checkpoint cannot be read.
        """
        update = self._manager.latest_step()
        if update is None:
            return None
        shapes = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), template)
        try:
            restored = self._manager.restore(
                update,
                args=ocp.args.Composite(
                    state=ocp.args.StandardRestore(shapes), progress=ocp.args.JsonRestore()
                ),
            )
        except Exception as error:  # orbax raises whatever its storage layer raised
            raise ValueError(
                f"the checkpoint of update {update} must be whole, so that the run can go on; "
                f"it cannot be read: {str(error).splitlines()[0]}"
            ) from None
        return update, restored["state"], restored["progress"]

    def close(self) -> None:
        self._manager.close()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it appears whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _named_leaves(tree: Any) -> dict[str, Any]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}


def _fill(template: Any, arrays: dict[str, Any]) -> Any:
    """``template`` with its leaves replaced by the arrays of the same names."""
    names = _named_leaves(template)
    if names.keys() != arrays.keys():
        raise ValueError(f"its arrays must be {sorted(names)}, they are {sorted(arrays)}")
    for name, leaf in names.items():
        if arrays[name].shape != leaf.shape or arrays[name].dtype != leaf.dtype:
            raise ValueError(
                f"its array {name} must be {leaf.dtype}{leaf.shape}, "
                f"it is {arrays[name].dtype}{arrays[name].shape}"
            )
    return jax.tree.unflatten(jax.tree.structure(template), [arrays[name] for name in names])
