"""A person at the keyboard as a player, who sees the board after each step."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from rich.console import Console

from loqa_agents.common.terminal import say
from loqa_envs.adapters.single import Match
from loqa_envs.arrays import Array
from loqa_envs.game import Game

NAME = "you"
_QUIT = "q"
_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
"""The last letters of what arrow keys send."""
_LETTERS = {"w": "up", "s": "down", "d": "right", "a": "left"}


class Left(Exception):  # noqa: N818 -- it is no error to stop playing
    """The person does not want to play on."""


class Human:
    """Plays what is typed, a key a step; asked as plain Python players are, see `Entrant`.

    It is shown each state with `see`, seat by seat with what each has just earned.

    Args:
        game: what is played.
        names: of all seats, of which the first is the person's.
        console: where the board is drawn.
    """

    def __init__(self, game: Game, names: Sequence[str], console: Console) -> None:
        self.game, self._names, self._console = game, names, console
        self._keys = keys_of(game)
        self._before: list[float] = []
        self.ended: Exception | None = None
        """Why the person does not play on."""

    def reset(self) -> None:
        pass

    def see(self, match: Match) -> None:
        """Show the board, and what the last step brought."""
        if match.clock:
            earned = zip(self._names, match.returns, self._before, strict=True)
            line = ", ".join(f"{name} {now - past:+g} ({now:g})" for name, now, past in earned)
            say(self._console, f"step {match.clock} of {match.length}: {line}")
        else:
            others = [f"player {i} is {name}" for i, name in enumerate(self._names) if i]
            say(self._console, f"In {self.game.name} you are player 0, {', '.join(others)}.")
            self._help()
        self._before = list(match.returns)
        for line in self.game.render(match.state).split("\n"):
            say(self._console, line)

    def act(self, observation: Array) -> int:
        """The action of the next key that is one's.

        Raises:
            Left: after the key that quits.
            ValueError: if no more keys can come.
        """
        try:
            while (key := _key()) not in self._keys:
                if key == _QUIT:
                    raise Left
                if not key:
                    raise ValueError(
                        "standard input must hold a key for each step; it ended before the episode."
                    )
                self._help()
        except (Left, ValueError) as error:
            self.ended = error
            raise
        return self._keys[key]

    def _help(self) -> None:
        actions = [
            f"{name} ({', '.join(self._shown(key) for key, a in self._keys.items() if a == i)})"
            for i, name in enumerate(self.game.action_names)
        ]
        say(self._console, f"Keys: {', '.join(actions)}, quit ({_QUIT}).")

    def _shown(self, key: str) -> str:
        return "arrow" if key in _ARROWS.values() else key


def keys_of(game: Game) -> dict[str, int]:
    """The keys that play each action: its number, and its arrow or the first letter of its name.

    ``w``, ``a``, ``s`` and ``d`` are as good as arrows. Letters only where no two names begin
    alike, or with the one that quits.
    """
    names = [name.lower() for name in game.action_names]
    keys = {str(i): i for i in range(min(len(names), 10))}
    if set(names) & set(_ARROWS.values()):
        moves = [(name, name) for name in names] + list(_LETTERS.items())
        return keys | {key: names.index(move) for key, move in moves if move in names}
    letters = [name[0] for name in names]
    if len({*letters, _QUIT}) > len(letters) and not any(x.isdigit() for x in letters):
        keys |= {letter: i for i, letter in enumerate(letters)}
    return keys


@contextmanager
def keyboard() -> Iterator[None]:
    """Keys come as they are pressed, where standard input is a terminal; then as it was before."""
    try:
        import termios
        import tty

        number = sys.stdin.fileno()
        before = termios.tcgetattr(number)
    except (ImportError, ValueError, OSError, termios.error):  # it is no terminal
        yield
        return
    try:
        tty.setcbreak(number, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _key() -> str:
    """The next key in lower case, or the name of an arrow; "" at the end of standard input."""
    while (key := _letter()).isspace():
        pass
    if key == "\x1b":
        key = _letter()
        if key in ("[", "O"):
            key = _letter()
            return _ARROWS.get(key, "?")
    return key.lower()


def _letter() -> str:
    with suppress(ValueError, OSError):  # it is closed
        return os.read(sys.stdin.fileno(), 1).decode("latin-1")
    return ""
