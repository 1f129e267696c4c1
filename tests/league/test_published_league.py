"""What users run: published agents at the table of a league, against the published numbers."""

import json
import os
from pathlib import Path

import jax
import numpy as np
import pytest

from loqa_agents.cli.resolve import find_entrants
from loqa_agents.league import Entrant, play_league
from loqa_envs import CoinGame

FOLDER = Path(
    os.environ.get(
        "LOQA_PUBLISHED_AGENTS",
        Path(__file__).resolve().parents[2].parent / "shared" / "published_agents",
    )
)
SCRIPTED = {"Always Cooperate": "always_cooperate", "Always Defect": "always_defect"}
EPISODES = 512


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="needs the published agents")
def test_loqas_agents_get_in_a_league_what_was_published():
    agents = find_entrants([str(FOLDER / "loqa")])
    entrants = [*agents, *(Entrant(name, name) for name in SCRIPTED.values())]
    league = play_league(jax.random.key(0), CoinGame(), entrants, EPISODES)
    numbers = {entrant.name: i for i, entrant in enumerate(league.entrants)}
    assert [agent.player.algorithm for agent in agents] == ["loqa"] * 3
    published = json.loads((FOLDER / "published_league.json").read_text())["files"]
    met = next(file for name, file in published.items() if "20230924_1503" in name)
    compared = 0
    for pair, rewards in met["pairs_of_the_agents_here"].items():
        names = [
            SCRIPTED.get(name, f"{agents[0].team}/{name.removeprefix('loqa_')}")
            for name in pair.split(" | ")
        ]
        if not set(names) <= numbers.keys():
            continue
        first, second = (numbers[name] for name in names)
        for reward, (i, j) in zip(rewards, ((first, second), (second, first)), strict=True):
            ours = league.rewards[i, j]
            # The published number is a mean of 32 episodes. In self-play ours are of both seats.
            error = max(ours.std() * np.sqrt(1 / 32 + 1 / EPISODES), 0.004)
            assert abs(ours.mean() - reward) < 4 * error, pair
            compared += 1
    assert compared >= 30
