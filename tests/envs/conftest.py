import os
from collections.abc import Iterator

# Windows are drawn unseen, before anything imports pygame.
os.environ["SDL_VIDEODRIVER"] = "dummy"

import jax
import pytest

import loqa_envs
from loqa_envs import Game

# What the games that have required settings are made with.
REQUIRED = {"matrix_game": {"payoffs": ((3, -1, 5, 0.5), (2, 0, 4, 1))}}
# What else the laws are to hold for.
VARIANTS = {
    "coin_game": [
        {"size": (4, 7), "observation": "index"},
        {"size": 7, "num_players": 3, "next_owner": "random", "shift_view": True},
        {"num_players": 4, "num_coins": 4, "observation": "index", "swap_view": False},
        *({"preset": name} for name in loqa_envs.COIN_PRESETS if name != "loqa"),
    ],
    "public_goods": [{"preset": "pola"}, {"preset": "pax"}, {"num_players": 8}],
    "negotiation": [{"levels": 6}],
    "stag_hunt_grid": [{"size": (3, 4), "stag_follows": False, "run_away": True}],
    "harvest_grid": [{"size": (2, 3), "plants": 3, "chance_to_mature": 1.0, "chance_to_die": 0.5}],
    "escalation_grid": [{"size": 2, "longest_streak": 1}],
}
CASES = [
    pytest.param(
        (name, settings),
        id="-".join([name, *map(str, settings.values())]).replace(" ", ""),
        marks=[pytest.mark.slow] * ("num_players" in settings),  # more seats, larger programs
    )
    for name in sorted(loqa_envs.GAMES)
    for settings in [REQUIRED.get(name, {}), *VARIANTS.get(name, [])]
]


@pytest.fixture(autouse=True)
def _strict_ranks() -> Iterator[None]:
    with jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, dict]:
    return request.param


@pytest.fixture
def game_name(case: tuple[str, dict]) -> str:
    return case[0]


@pytest.fixture
def settings(case: tuple[str, dict]) -> dict:
    return case[1]


@pytest.fixture
def game(game_name: str, settings: dict) -> Game:
    return loqa_envs.make_game(game_name, **settings)
