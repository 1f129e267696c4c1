"""The board of a Coin Game as text and as a picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from loqa_envs.coin_game.settings import CoinSettings
from loqa_envs.coin_game.state import CoinState

_PAPER, _TILE, _EDGE, _INK = (250, 249, 246), (236, 233, 225), (221, 217, 206), (255, 255, 255)
_COLOURS = ((214, 69, 65), (52, 106, 196), (38, 146, 98), (137, 82, 178))
_GOLD = (240, 190, 60)
_BOARD, _LEAST_CELL, _MOST_CELL = 384, 28, 112  # pixels
_MARGIN = 16
_LEAST_WIDTH = 320
_FINER = 3  # drawn so many times as large, then reduced: smooth edges
# Where in its cell, and how large, each of so many things is drawn.
_PLACES: dict[int, tuple[float, list[tuple[float, float]]]] = {
    1: (0.66, [(0.5, 0.5)]),
    2: (0.42, [(0.3, 0.3), (0.7, 0.7)]),
    3: (0.40, [(0.27, 0.27), (0.73, 0.27), (0.27, 0.73)]),
    4: (0.40, [(0.27, 0.27), (0.73, 0.27), (0.27, 0.73), (0.73, 0.73)]),
}
_CROWD = (0.28, [(x / 6, y / 6) for y in (1, 3, 5) for x in (1, 3, 5)])


def text(game: CoinSettings, state: CoinState) -> str:
    """Rows of cells: players by number, coins by their owner's number in parentheses."""
    cells = [""] * game.num_cells
    for seat, cell in enumerate(np.asarray(state.players).tolist()):
        cells[cell] += str(seat)
    for cell, owner in _coins(state):
        cells[cell] += f"({owner})"
    width = max(3, *map(len, cells))
    rows = [cells[row * game.width : (row + 1) * game.width] for row in range(game.height)]
    return "\n".join(" ".join((cell or ".").center(width) for cell in row).rstrip() for row in rows)


def picture(game: CoinSettings, state: CoinState) -> NDArray[np.uint8]:
    """The board as ``uint8[H, W, 3]``: players are numbered squares, coins have a golden rim."""
    from PIL import Image, ImageDraw  # only here, to keep everything else quick to load

    cell = min(max(_BOARD // max(game.size), _LEAST_CELL), _MOST_CELL)  # type: ignore[arg-type]
    width, height = game.width * cell + 2 * _MARGIN, game.height * cell + 2 * _MARGIN
    left = _MARGIN + max(0, _LEAST_WIDTH - width) // 2
    image = Image.new("RGB", (max(width, _LEAST_WIDTH) * _FINER, height * _FINER), _PAPER)
    pen = ImageDraw.Draw(image)
    side = cell * _FINER
    things: dict[int, list[tuple[str, int]]] = {number: [] for number in range(game.num_cells)}
    for seat, number in enumerate(np.asarray(state.players).tolist()):
        things[number].append(("player", seat))
    for number, owner in _coins(state):
        things[number].append(("coin", owner))
    for number, inside in things.items():
        row, column = divmod(number, game.width)
        x, y = (left + column * cell) * _FINER, (_MARGIN + row * cell) * _FINER
        gap = max(1, side // 28)
        box = (x + gap, y + gap, x + side - gap, y + side - gap)
        pen.rounded_rectangle(box, side // 9, _TILE, _EDGE, max(1, gap // 2))
        size, places = _PLACES.get(len(inside), _CROWD)
        for (kind, seat), (right, down) in zip(inside, places, strict=False):
            draw = _draw_player if kind == "player" else _draw_coin
            draw(pen, x + right * side, y + down * side, size * side, seat)
    return np.array(
        image.resize((image.width // _FINER, image.height // _FINER), Image.Resampling.LANCZOS)
    )


def _coins(state: CoinState) -> list[tuple[int, int]]:
    """Cell and owner of each coin."""
    pair = np.asarray(state.coins).tolist(), np.asarray(state.owners).tolist()
    return list(zip(*pair, strict=True))


def _draw_player(pen: Any, x: float, y: float, size: float, seat: int) -> None:
    from PIL import ImageFont

    half = size / 2
    pen.rounded_rectangle((x - half, y - half, x + half, y + half), size / 4, _COLOURS[seat])
    pen.text((x, y), str(seat), _INK, ImageFont.load_default(0.62 * size), anchor="mm")


def _draw_coin(pen: Any, x: float, y: float, size: float, owner: int) -> None:
    for part, colour in ((1.0, _GOLD), (0.78, _COLOURS[owner]), (0.36, _GOLD)):
        half = part * size / 2
        pen.ellipse((x - half, y - half, x + half, y + half), colour)
