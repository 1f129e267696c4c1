"""Seats in turn, and who sits where when k focal players meet others, as Melting Pot counts."""

from itertools import combinations

from loqa_envs.game import Game


def in_turn(number: int, seat: int) -> list[int]:
    """All of so many seats in turn, from ``seat`` on and around."""
    return [(seat + ahead) % number for ahead in range(number)]


def seatings(game: Game, focal: int) -> list[tuple[int, ...]]:
    """Choices of ``focal`` seats, which are to be played equally often.

    They are all there are; in a game of more than two players whose seats are alike, those with the
    first seat. Each of the others is a rotation of one of these, and of each as many are.

    Raises:
        ValueError: unless at least one seat is focal, and one is left to others.
    """
    number = game.num_players
    if not 1 <= focal < max(number, 2):
        raise ValueError(
            f"focal must be from 1 to {number - 1}, so that a seat of the {number} is left to the "
            f"others; got {focal}."
        )
    turned = number > 2 and game.seats_alike
    return [held for held in combinations(range(number), focal) if not turned or 0 in held]
