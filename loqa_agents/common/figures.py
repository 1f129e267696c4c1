"""The only place that knows matplotlib: figures that are drawn in memory, wherever we run."""

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Callable
from typing import Any

from loqa_agents.common.text import picture_text


def _import_matplotlib() -> Any:
    """matplotlib, which cannot be imported where ``MPLBACKEND`` names what is not installed.

    A notebook leaves its own backend there for every program that is started from it. Here nothing
    is shown in a window; for whoever shows something beside us, a backend that exists stays set.
    """
    backend = None if "matplotlib" in sys.modules else os.environ.pop("MPLBACKEND", None)
    try:
        module = importlib.import_module("matplotlib")
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:
        with contextlib.suppress(ValueError):
            module.rcParams["backend"] = backend
    return module


mpl = _import_matplotlib()

from matplotlib.axes import Axes  # noqa: E402 -- after the import that copes with MPLBACKEND
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.font_manager import FontProperties, findfont, get_font  # noqa: E402

__all__ = ["Axes", "Figure", "colours", "label", "png"]

_STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 11,
    # Names are text, whatever dollars they have.
    "text.parse_math": False,
    "text.usetex": False,
}


def png(draw: Callable[[], Figure]) -> bytes:
    """The figure that ``draw`` makes, in our style, as a PNG file."""
    content = io.BytesIO()
    with mpl.rc_context(_STYLE):
        draw().savefig(content, format="png", dpi=150, backend="agg")
    return content.getvalue()


def label(name: str) -> str:
    """A name of others in a figure; what the font does not have is written as its number."""
    with mpl.rc_context(_STYLE):
        font = get_font(findfont(FontProperties()))
    return "".join(
        character if font.get_char_index(ord(character)) else ascii(character)[1:-1]
        for character in picture_text(name)
    )


def colours(number: int) -> Any:
    """``[number, 4]``: colours that can be told apart, again and again from the first."""
    return [mpl.colormaps["tab20"](i % 20) for i in range(number)]
