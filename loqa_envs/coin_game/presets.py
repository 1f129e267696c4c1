"""The Coin Game as other code plays it."""

from typing import Any, NamedTuple

from loqa_envs.validation import checked


class CoinPreset(NamedTuple):
    """A published version of the Coin Game."""

    settings: dict[str, Any]
    """What it sets that `loqa_envs.CoinGame` does not have by default."""
    differs: str
    """How its rules differ from the default, and what is left of the original."""


_AS_LOLA = {"moves": ("right", "left", "down", "up"), "swap_view": False}
_TWO_COINS = {
    "num_coins": 2,
    "coins_on_players": True,
    "moves": ("right", "left", "down", "up"),
}
_PAX = _TWO_COINS | {"stay": True, "observation": "flat", "channels_last": True}

COIN_PRESETS: dict[str, CoinPreset] = {
    "loqa": CoinPreset({}, "LOQA's rules, the default."),
    "pola": CoinPreset(
        _AS_LOLA | {"observation": "flat"},
        "POLA: both seats see the same flat planes, player 0 first; actions are right, left, down, "
        "up. The original has boards of 3 x 3 only.",
    ),
    "lola": CoinPreset(
        _AS_LOLA | {"players_overlap": False, "tie": "first", "episode_length": 150},
        "LOLA: players begin on different cells; player 0 alone takes a coin that both reach; both "
        "seats see the same planes, player 0 first; actions are right, left, down, up; 150 steps.",
    ),
    "lola_dice": CoinPreset(
        _AS_LOLA | {"players_overlap": False, "observation": "flat", "episode_length": 150},
        "LOLA-DiCE: as lola, but both take a coin that both reach, and planes are flat.",
    ),
    "mfos": CoinPreset(
        _TWO_COINS | {"episode_length": 15},
        "M-FOS: each player has a coin of its own; coins may appear on players; actions are right, "
        "left, down, up; 15 steps. The original counts its reset as a sixteenth step and shows "
        "rewards and ends as further planes.",
    ),
    "jaxmarl": CoinPreset(
        _PAX | {"episode_length": 10},
        "JaxMARL: each player has a coin of its own; coins may appear on players; actions are "
        "right, left, down, up, stay; flat planes in which channels vary fastest; 10 steps. The "
        "original pays nothing in the last step, and has boards of 3 x 3 only.",
    ),
    "pax": CoinPreset(_PAX | {"episode_length": 16}, "pax: as jaxmarl, with 16 steps."),
}
"""Published versions of the Coin Game, by the names that ``CoinGame.preset`` takes."""


@checked
def preset_settings(name: str) -> dict[str, Any]:
    """The settings of a preset.

    Raises:
        ValueError: for an unknown name.
    """
    if name not in COIN_PRESETS:
        raise ValueError(
            f"the Coin Game's preset must be one of {', '.join(COIN_PRESETS)}; got {name!r}."
        )
    return COIN_PRESETS[name].settings
