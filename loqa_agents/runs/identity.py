"""What a training run is, in ``config.json``: what it must share with itself to go on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired

from pydantic import ConfigDict, TypeAdapter
from typing_extensions import TypedDict

from loqa_agents.algorithms.algorithm import Algorithm
from loqa_agents.algorithms.learner import Learner
from loqa_agents.common.devices import Devices
from loqa_agents.common.files import read_json
from loqa_agents.common.settings import (
    from_dict,
    game_from_dict,
    game_to_dict,
    named_from_dict,
    named_to_dict,
    to_dict,
)
from loqa_agents.common.versions import versions
from loqa_agents.runs.folder import Kind
from loqa_agents.training.updates import Training
from loqa_envs.game import Game
from loqa_envs.keys import configuration

IDENTITY = ("game", "learner", "training", "seeds", "jax")
"""The parts of a configuration that must be the same for a run to go on; its devices are another,
with a way around."""


class _Config(TypedDict):
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    game: dict[str, Any]
    learner: dict[str, Any]
    training: dict[str, Any]
    seeds: list[int]
    jax: NotRequired[dict[str, str]]
    devices: NotRequired[Devices]
    sessions: NotRequired[list[dict[str, Any]]]


_CONFIG = TypeAdapter(_Config)


def run_config(
    game: Game, learner: Algorithm, training: Training, seeds: Sequence[int]
) -> dict[str, Any]:
    """All that determines a run but its devices, as JSON data.

    Raises:
        ValueError: if it cannot be saved so that the same game and settings are made of it again.
    """
    return _plain(
        {
            "game": game_to_dict(game),
            "learner": named_to_dict(learner, Learner),
            "training": to_dict(training),
            "seeds": list(seeds),
            "jax": configuration(),
        }
    )


def session(minutes: float | None, update: int, devices: Devices) -> dict[str, Any]:
    """What may differ from one session of a run to the next: recorded for each."""
    return {"update": update, "minutes": minutes, "devices": devices, "versions": versions()}


def normal(recorded: dict[str, Any]) -> dict[str, Any]:
    """A recorded configuration as this version would write it: settings that it lacks are added.

    Raises:
        ValueError: for a game or a setting that this version does not know.
    """
    settings = {
        "game": game_to_dict(game_from_dict(recorded["game"])),
        "learner": named_to_dict(named_from_dict(recorded["learner"], Learner, Algorithm), Learner),
        "training": to_dict(from_dict(Training, recorded["training"])),
        "jax": recorded.get("jax", configuration()),
    }
    return recorded | _plain(settings)


def _read(path: Path) -> dict[str, Any]:
    recorded: Any = read_json(path, _CONFIG)
    try:
        return normal(recorded)
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{path} must be of a run that this loqa knows: {error}") from None


def _files(config: dict[str, Any]) -> str:
    agents = "|".join(str(seed) for seed in config["seeds"])
    return "|".join(
        (
            r"(metrics\.jsonl|results\.json|wandb\.json)",
            r"(learning_curves|cooperation|own_colour)\.png",
            r"(self_play|always_defect)\.gif",
            rf"(agents|rivals)/(({agents})\.safetensors)?",
            r"checkpoints/([0-9]+\.safetensors)?",
            r"tensorboard/(events\.out\.tfevents\.[^/]+)?",
            r"wandb/((latest-run|debug[a-z-]*\.log|(offline-)?run-[^/]+/.*)?)",
        )
    )


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """As it is read back from JSON: tuples are lists."""
    plain: dict[str, Any] = json.loads(json.dumps(data, allow_nan=False))
    return plain


TRAINING = Kind("training", IDENTITY, _read, _files)
