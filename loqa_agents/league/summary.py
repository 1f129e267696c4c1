"""A league as plain data: what its JSON, its tables and its pictures are made of."""

from typing import Any

import numpy as np

from loqa_agents.common.settings import game_to_dict
from loqa_agents.league.intervals import LEVEL, Estimate, Floats, Interval, normalised
from loqa_agents.league.results import REFERENCES, League
from loqa_agents.league.statistics import average, estimate

FORMAT = "loqa-league-2"
INTERVALS = (
    f"{LEVEL:.0%} by Student's t: of entrants over episodes, of teams over the seeds of those that "
    "have several"
)

LEVELS = {
    "by_entrant": "pairs", "by_team": "teams", "same_seed": "same_seed", "cross_seed": "cross_seed"
}  # fmt: skip
"""What the tables of the `Estimates` of a league are called in its data."""


def summary(league: League) -> dict[str, Any]:
    """Everything that a league says, as JSON data: numbers that are not known are None.

    Tables are ``[row][column]`` and about the row: its reward against the column and so on.
    ``normalised`` is 0 where players get what defectors get among themselves, and 1 where they get
    what cooperators do; it is None where these cannot be told apart. Bounds are None where nothing
    is known of the error: of teams, where no seeds differ. Where the seats of the game differ,
    ``by_seat`` has the rewards of the row while it sat in each of them. In games of more than two
    players, ``focal`` is how many copies of the row play among copies of the column; rewards are
    means over those, and ``welfare`` is the sum of all rewards of their games.
    """
    teams = [entrant.in_team for entrant in league.entrants]
    rewards = estimate(league.rewards, teams, common=league.common)
    players = league.game.num_players
    others = players - league.focal
    everyone = league.focal * league.rewards + others * league.theirs
    welfare = estimate(everyone, teams, common=league.common)
    info = {name: average(values, teams) for name, values in league.info.items()}

    def in_references(value: Estimate) -> Any:
        if len(league.references) < len(REFERENCES):
            return None
        found = normalised(value, *(league.references[name] for name in REFERENCES))
        return None if np.isnan(found.mean).all() else _plain(found)

    def of(level: str) -> dict[str, Any]:
        means = {name: getattr(values, level) for name, values in info.items()}
        figures = league.game.figures(means) if means else {}
        measured = {name: _numbers(values) for name, values in (means | figures).items()}
        return {
            "reward": _plain(getattr(rewards, level)),
            "normalised": in_references(getattr(rewards, level)),
            "welfare": _plain(getattr(welfare, level)),
            **measured,
        }

    data: dict[str, Any] = {
        "format": FORMAT,
        "game": game_to_dict(league.game),
        "episodes": int(league.rewards.shape[-1]),
        **({"focal": league.focal, "players": players} if players > 2 else {}),
        "entrants": [{"name": e.name, "team": e.in_team} for e in league.entrants],
        "teams": list(dict.fromkeys(teams)),
        "references": {name: mean_of(values) for name, values in league.references.items()},
        "intervals": INTERVALS,
        **{name: of(level) for name, level in LEVELS.items()},
        "failed": league.failed,
    }
    if league.in_seat is not None:
        found = [estimate(rewards, teams, common=league.common) for rewards in league.in_seat]
        data["by_seat"] = {
            str(seat): {name: _plain(getattr(each, level)) for name, level in LEVELS.items()}
            for seat, each in enumerate(found)
        }
    return data


def rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """A line for each ordered pair of entrants, as in the CSV."""
    names = [entrant["name"] for entrant in data["entrants"]]
    table = data["by_entrant"]
    plain = [name for name in table if name not in ("reward", "normalised", "welfare")]
    lines = []
    for i, name in enumerate(names):
        for j, opponent in enumerate(names):
            line = {"player": name, "opponent": opponent}
            for what in ("reward", "normalised", "welfare"):
                for bound in ("mean", "low", "high"):
                    value = None if table[what] is None else table[what][bound][i][j]
                    line[what if bound == "mean" else f"{what}_{bound}"] = value
            for seat, part in data.get("by_seat", {}).items():
                line[f"reward_seat_{seat}"] = part["by_entrant"]["mean"][i][j]
            lines.append(line | {what: table[what][i][j] for what in plain})
    return lines


def mean_of(episodes: Floats) -> float:
    return round(float(episodes.mean(dtype=float)), 6)


def _plain(value: Estimate | Interval) -> dict[str, Any]:
    return {name: _numbers(getattr(value, name)) for name in Interval._fields}


def _numbers(array: Floats) -> Any:
    """Nested lists, with None for what is not known."""
    if array.ndim:
        return [_numbers(row) for row in array]
    return None if np.isnan(array) else round(float(array), 6)
