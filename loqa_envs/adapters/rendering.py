"""Pictures and text of any game, with a caption: the clock and each seat's running return."""

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium import logger
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

from loqa_envs.game import Game, State

if TYPE_CHECKING:
    from loqa_envs.adapters.single import Match

Picture = NDArray[np.uint8]

RENDER_MODES = ["human", "rgb_array", "ansi"]
RENDER_FPS = 5

_BACKGROUND, _STRIP, _INK, _FAINT = (250, 249, 246), (38, 42, 54), (38, 42, 54), (235, 235, 240)
_HIGHLIGHT = (255, 214, 102)
_TEXT_SIZE, _CAPTION_SIZE, _MARGIN = 26, 20, 24
_LEAST_WIDTH = 320  # of a game's own picture; smaller ones are enlarged by a whole factor


def caption(
    step: int, length: int, returns: Sequence[float], names: Sequence[str] = ()
) -> list[str]:
    """The lines under a picture: ``step 3 of 50``, then each seat's return so far."""
    names = names or [f"player_{seat}" for seat in range(len(returns))]
    totals = [f"{name}: {total:z.2f}" for name, total in zip(names, returns, strict=True)]
    return [f"step {step} of {length}", *totals]


def draw_text(game: Game, state: State, step: int, length: int, returns: Sequence[float]) -> str:
    """One frame as text."""
    return "\n".join([game.render(state), *caption(step, length, returns)])


def draw_picture(
    game: Game,
    state: State,
    step: int,
    length: int,
    returns: Sequence[float],
    names: Sequence[str] = (),
) -> Picture:
    """One frame as ``uint8[H, W, 3]``: the game's own picture or else its text, and the caption.

    ``names`` are the players' names for the caption, ``player_0`` and so on without them.
    """
    from PIL import Image, ImageDraw, ImageFont  # only here, to keep everything else quick to load

    if hasattr(game, "picture"):
        body = np.asarray(game.picture(state), np.uint8)
        factor = -(-_LEAST_WIDTH // body.shape[1])
        board = Image.fromarray(body.repeat(factor, 0).repeat(factor, 1))
    else:
        board = _picture_of_text(game.render(state))
    lines = caption(step, length, returns, names)
    font = ImageFont.load_default(_CAPTION_SIZE)
    line_height = round(1.5 * _CAPTION_SIZE)
    width = max(board.width, _LEAST_WIDTH)
    strip = line_height * len(lines) + _MARGIN
    frame = Image.new("RGB", (width, board.height + strip), _STRIP)
    frame.paste(_BACKGROUND, (0, 0, width, board.height))
    frame.paste(board, ((width - board.width) // 2, 0))
    pen = ImageDraw.Draw(frame)
    for i, line in enumerate(lines):
        middle = board.height + _MARGIN // 2 + i * line_height + line_height // 2
        name, _, number = line.partition(": ")
        pen.text((_MARGIN, middle), name, _FAINT, font, anchor="lm")
        pen.text((width - _MARGIN, middle), number, _FAINT, font, anchor="rm")
    return np.array(frame)


def moving_picture(frames: Sequence[Picture]) -> bytes:
    """A GIF of the frames, which stays on the last one for a while and then begins anew."""
    from PIL import Image

    first, *others = (Image.fromarray(frame) for frame in frames)
    milliseconds = [1000 // RENDER_FPS] * len(others) + [2000]
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, duration=milliseconds, loop=0)
    return file.getvalue()


def _picture_of_text(text: str) -> Any:
    from PIL import Image, ImageDraw, ImageFont

    # The font that comes with Pillow is proportional, so every character gets a cell of its own
    # and tables stay tables.
    font = ImageFont.load_default(_TEXT_SIZE)
    lines = text.splitlines()
    across, down = round(0.56 * _TEXT_SIZE), round(1.6 * _TEXT_SIZE)
    width = across * max(map(len, lines)) + 2 * _MARGIN
    board = Image.new("RGB", (width, down * len(lines) + 2 * _MARGIN), _BACKGROUND)
    pen = ImageDraw.Draw(board)
    for row, line in enumerate(lines):
        for marked in re.finditer(r"\[.*?\]", line):  # what brackets mark in text, colour marks too
            left, right = (_MARGIN + column * across for column in marked.span())
            top = _MARGIN + row * down
            pen.rounded_rectangle((left, top + 2, right, top + down - 2), 8, _HIGHLIGHT)
        for column, character in enumerate(line):
            middle = (_MARGIN + (column + 0.5) * across, _MARGIN + (row + 0.5) * down)
            pen.text(middle, character, _INK, font, anchor="mm")
    return board


class Renderer:
    """What an environment does in its render mode.

    Raises:
        ValueError: for a mode that is not in `RENDER_MODES`.
    """

    def __init__(self, mode: str | None, title: str) -> None:
        if mode is not None and mode not in RENDER_MODES:
            raise ValueError(
                f"render_mode must be None or one of {', '.join(RENDER_MODES)}; got {mode!r}."
            )
        self.mode = mode
        self._title = title
        self._window: Window | None = None

    def render(self, match: "Match") -> Picture | str | None:
        """The current frame, or None in mode ``human``, which shows it in a window.

        Raises:
            ResetNeeded: before the first reset.
            DependencyNotInstalled: in mode ``human``, without pygame.
            RuntimeError: in mode ``human``, without a display.
        """
        if self.mode is None:
            logger.warn(
                f"render does nothing without a render_mode, one of {', '.join(RENDER_MODES)}; "
                "give it when making the environment."
            )
            return None
        match.check_begun("render")
        frame = (match.game, match.state, match.clock, match.length, match.returns)
        if self.mode == "ansi":
            return draw_text(*frame)
        picture = draw_picture(*frame)
        if self.mode == "rgb_array":
            return picture
        if self._window is None:
            self._window = Window(self._title)
        self._window.show(picture)
        return None

    def show(self, match: "Match") -> None:
        """In mode ``human`` every frame is shown as it comes, without a call of ``render``."""
        if self.mode == "human":
            self.render(match)

    def close(self) -> None:
        if self._window is not None:
            self._window.close()
            self._window = None

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_window": None}  # a copy opens one of its own


class Window:
    """A pygame window. Once its user closes it, it stays closed and play goes on unseen.

    Play also goes on unseen on a machine without a display, where SDL draws into memory.
    """

    def __init__(self, title: str) -> None:
        try:
            import pygame
        except ImportError:
            raise DependencyNotInstalled(
                'render_mode="human" needs pygame, which is not installed: '
                'pip install "loqa[render]"'
            ) from None
        self._pygame = pygame
        self._title = title
        self._surface: Any = None
        self._closed = False
        try:
            pygame.display.init()
        except pygame.error as error:
            raise RuntimeError(
                f'render_mode="human" needs a display, and there is none ({error}); use '
                '"rgb_array" or "ansi", or set SDL_VIDEODRIVER=dummy to draw unseen.'
            ) from None
        self._clock = pygame.time.Clock()

    def show(self, picture: Picture) -> None:
        pygame = self._pygame
        if self._closed:
            return
        size = picture.shape[1::-1]
        if self._surface is None or self._surface.get_size() != size:
            self._surface = pygame.display.set_mode(size)
            pygame.display.set_caption(self._title)
        self._surface.blit(pygame.surfarray.make_surface(picture.swapaxes(0, 1)), (0, 0))
        pygame.display.flip()
        if pygame.display.get_driver() not in ("dummy", "offscreen"):  # which nobody watches
            self._clock.tick(RENDER_FPS)
        if any(event.type == pygame.QUIT for event in pygame.event.get()):
            self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._pygame.display.quit()
