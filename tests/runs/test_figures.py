"""Figures are drawn whatever matplotlib was told about windows."""

import os
import subprocess
import sys

import pytest

from loqa_agents.common.figures import label

DRAW = """
import os
from loqa_agents.common.figures import Figure, png
def draw():
    figure = Figure()
    figure.subplots().set_title("a")
    return figure
assert png(draw).startswith(b"\\x89PNG")
print(os.environ["MPLBACKEND"])
"""
AMBIENT = """
import loqa_agents.common.figures, matplotlib
print(matplotlib.get_backend(auto_select=False))
"""


def printed(program: str, backend: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"MPLBACKEND": backend},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout, done.stderr


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "?", "TkAgg"])
def test_figures_need_no_backend_of_the_environment(backend):
    assert printed(DRAW, backend) == (f"{backend}\n", "")


def test_a_backend_of_the_environment_stays_for_others():
    assert printed(AMBIENT, "pdf") == ("pdf\n", "")


def test_what_a_font_does_not_have_is_written_as_its_number():
    assert label("ä \u6a21 \uac00") == r"ä \u6a21 \uac00"
