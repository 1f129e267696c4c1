"""Players by architecture: programs are compiled for two of these rather than for two players."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from loqa_agents.league.entrants import Seated
from loqa_agents.league.pairs.tables import PAIRS
from loqa_envs.policy import SwitchPolicy


class Families:
    """Players by architecture: those of one family differ in their parameters only."""

    def __init__(self, players: Sequence[Seated], given: Sequence[Any]) -> None:
        scripted = {player: i for i, player in enumerate(given) if isinstance(player, str)}
        names = sorted(scripted)  # the same players, the same program
        places = range(len(players[0].seats))
        seats = [tuple(players[scripted[name]].seats[n] for name in names) for n in places]
        anyone = tuple(SwitchPolicy(those) for those in seats)
        self.params: list[Any] = [player.params for player in players]
        self.seats: list[Any] = [player.seats for player in players]
        for i, player in enumerate(given):
            if isinstance(player, str):
                self.params[i], self.seats[i] = np.int32(names.index(player)), anyone
        # All scripted players are one, whose parameters are their numbers.
        marks = [
            anyone if isinstance(one, str) else player.family
            for one, player in zip(given, players, strict=True)
        ]
        self.number = [marks.index(mark) for mark in marks]
        self.seats = [self.seats[number] for number in self.number]

    def chunks(
        self, pairs: Sequence[tuple[int, int]], in_order: bool = False
    ) -> Iterator[tuple[Any, Any, list[tuple[int, int]]]]:
        """Seats of two families, and at most `PAIRS` pairs of them, the first family's first.

        Where pairs stay ``in_order``, the first one's family is the first.
        """
        groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for i, j in pairs:
            one, other = self.number[i], self.number[j]
            turned = other < one and not in_order
            both, pair = ((other, one), (j, i)) if turned else ((one, other), (i, j))
            groups.setdefault(both, []).append(pair)
        for (one, other), group in groups.items():
            for start in range(0, len(group), PAIRS):
                yield self.seats[one], self.seats[other], group[start : start + PAIRS]
