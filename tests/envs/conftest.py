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


@pytest.fixture(autouse=True)
def _strict_ranks() -> Iterator[None]:
    with jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture(params=sorted(loqa_envs.GAMES))
def game_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def settings(game_name: str) -> dict:
    return REQUIRED.get(game_name, {})


@pytest.fixture
def game(game_name: str, settings: dict) -> Game:
    return loqa_envs.make_game(game_name, **settings)
