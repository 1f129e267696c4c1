"""What a game says of itself, and whether what it gives out is so."""

import re
from typing import Any

import numpy as np

from loqa_envs.game import Game
from loqa_envs.observation import ObservationSpec
from loqa_envs.testing.compare import Laws, types


def check_description(laws: Laws, game: Game) -> None:
    for name in ("num_players", "num_actions", "episode_length"):
        value = getattr(game, name)
        laws.require(
            isinstance(value, int) and value >= 1,
            f"{name} must be an integer of at least 1, got {value!r}.",
        )
    for name in ("noise_size", "reset_noise_size"):
        value = getattr(game, name)
        laws.require(
            isinstance(value, int) and value >= 0,
            f"{name} must be an integer of at least 0, got {value!r}.",
        )
    laws.require(
        re.fullmatch(r"[a-z][a-z0-9_]{0,63}", game.name),
        "name must be at most 64 lower-case letters, digits and underscores, a letter first; got "
        f"{game.name!r}.",
    )
    laws.require(
        len(set(game.action_names)) == len(game.action_names) == game.num_actions,
        f"action_names must have a name of its own for each of the {game.num_actions} actions, got "
        f"{game.action_names!r}.",
    )
    low, high = game.reward_range
    laws.require(
        np.isfinite([low, high]).all() and low <= high,
        f"reward_range must be two finite numbers, the smaller first, got {game.reward_range!r}.",
    )
    with laws.works("observation_spec"):
        spec = game.observation_spec
    laws.require(
        isinstance(spec, ObservationSpec),
        f"observation_spec must be an ObservationSpec, got {spec!r}.",
    )


def check_observations(laws: Laws, game: Game, observations: Any, when: str) -> None:
    tree = game.observation_spec.tree
    wanted, given = _named(tree), _named(observations)
    laws.require(
        wanted.keys() == given.keys() and isinstance(tree, dict) == isinstance(observations, dict),
        f"observations must be of the form {game.observation_spec}; {when} they are "
        f"{types(observations)}.",
    )
    for name, leaf in wanted.items():
        what = f"observations{name and f'[{name!r}]'}"
        form = f"{leaf.dtype}{[game.num_players, *leaf.shape]}"
        got = f"{given[name].dtype}{list(given[name].shape)}"
        laws.require(form == got, f"{what} must be {form}; {when} they are {got}.")
        low, high = leaf.bounds
        for seat, row in enumerate(np.asarray(given[name])):
            laws.require(
                ((row >= low) & (row <= high)).all(),
                f"{what} must be within the bounds of observation_spec, {low.min()} to "
                f"{high.max()}; {when} seat {seat} sees {row.min()} to {row.max()}.",
            )


def _named(tree: Any) -> dict[str, Any]:
    return tree if isinstance(tree, dict) else {"": tree}


def check_rewards(laws: Laws, game: Game, outcome: Any, when: str) -> None:
    _, rewards, info = outcome
    wanted = f"float32[{game.num_players}]"
    laws.require(isinstance(info, dict), f"info must be a dictionary, got {type(info).__name__}.")
    for name, values in {"rewards": rewards, **info}.items():
        laws.require(isinstance(name, str), f"names in info must be strings, got {name!r}.")
        got = f"{values.dtype}{list(values.shape)}"
        what = name if values is rewards else f"info[{name!r}]"
        laws.require(wanted == got, f"{what} must be {wanted}; {when} it is {got}.")
        for seat, value in enumerate(np.asarray(values)):
            laws.require(np.isfinite(value), f"{what} must be finite; {when} seat {seat}: {value}.")
    low, high = np.asarray(game.reward_range, np.float32)
    for seat, reward in enumerate(np.asarray(rewards)):
        laws.require(
            low <= reward <= high,
            f"rewards must be within reward_range {game.reward_range}; {when} seat {seat} got "
            f"{reward}.",
        )
