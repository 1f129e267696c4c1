"""Seeds as a user gives them."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Annotated

from annotated_types import Len

from loqa_envs.validation import Seed, check
from loqa_envs.wording import shown

MOST_SEEDS = 10_000


def as_seeds(seeds: int | str | Iterable[int]) -> tuple[int, ...]:
    """Seeds as different numbers: from one, several (a list, a range, an array), or text.

    Text is that of the command line, see `parse_seeds`.

    Raises:
        ValueError: for anything else, a seed given twice or not below 2**32, none, or too many.
    """
    if isinstance(seeds, str):
        return parse_seeds(seeds)
    several = isinstance(seeds, Iterable) and getattr(seeds, "ndim", None) != 0
    # Cut before it is made into numbers: it may be as long as there are numbers.
    given = tuple(islice(seeds, MOST_SEEDS + 1)) if several else (seeds,)  # type: ignore[arg-type]
    found: tuple[int, ...] = check("seeds", given, Annotated[tuple[Seed, ...], Len(1, MOST_SEEDS)])
    if len(set(found)) < len(found):
        raise ValueError(f"seeds must be different numbers, got {shown(found)}.")
    return found


def parse_seeds(text: str) -> tuple[int, ...]:
    """``42-51`` or ``42,43`` or ``7`` as numbers.

    Raises:
        ValueError: for anything else, a falling range, a number given twice, or too many.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*([0-9]{1,10})(?:-([0-9]{1,10}))?\s*", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last < 2**32:
            raise ValueError(
                "--seeds must be numbers below 2**32 or rising ranges such as 42-51, with commas "
                f"between them; got {text!r}."
            )
        # A range is cut before it is made: it may be as long as there are numbers.
        seeds += range(first, min(last, first + MOST_SEEDS) + 1)
        if len(seeds) > MOST_SEEDS:
            raise ValueError(f"--seeds must be at most {MOST_SEEDS}, got {text!r}.")
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"--seeds must name each seed once, got {text!r}.")
    return tuple(seeds)
