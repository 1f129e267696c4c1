"""What names of others may do to what we print: nothing."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loqa_agents.common.text import (
    html_text,
    markdown_text,
    picture_text,
    printable,
    spreadsheet_text,
)

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("runs/a [best] `x` | $y$ ä 模型", "runs/a [best] `x` | $y$ ä 模型"),
        ("two\nlines\tand\x1b[31m", r"two\nlines\tand\x1b[31m"),
        ("right\u202eleft\u2066", r"right\u202eleft\u2066"),
        ("zero\u200bwidth\ufeff\u3164", r"zero\u200bwidth\ufeff\u3164"),
        ("no\xa0break", r"no\xa0break"),
        ("bytes\udcff", r"bytes\udcff"),
    ],
)
def test_what_cannot_be_seen_is_escaped_and_all_else_stays(name, shown):
    assert printable(name) == shown


@given(ANYTHING)
def test_printable_text_is_one_line_that_can_be_encoded_and_stays_as_it_is(text):
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    shown.encode()
    assert printable(shown) == shown


@given(ANYTHING)
def test_in_html_a_name_is_text(text):
    shown = html_text(text)
    assert not set(shown) & set("<>\"'")
    assert html.unescape(shown) == printable(text)


@given(st.text("\\`*_[]()<>|~$&#!ab: .+-1\n", max_size=12))
@pytest.mark.parametrize("before", ["", "| a |\n|---|\n| x "])
def test_in_markdown_a_name_is_text(before, text):
    from markdown_it import MarkdownIt

    document = f"{before}| {markdown_text(text)} |" if before else f"x {markdown_text(text)} x"
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(document)
    if before:
        assert len([token for token in tokens if token.type == "td_open"]) == 1  # one column
    inline = [token for token in tokens if token.type == "inline"][-1]
    assert {child.type for child in inline.children} <= {"text", "text_special"}


def test_names_with_underscores_are_easy_to_read_in_markdown():
    assert markdown_text("always_cooperate") == "always_cooperate"
    assert markdown_text("_a_ | `b`") == r"\_a\_ \| \`b\`"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\uff1d1"])
def test_a_spreadsheet_takes_no_name_for_a_formula(name):
    assert spreadsheet_text(name) == f"'{name}"


@pytest.mark.parametrize("name", ["\t=1", "\r=1", "tit_for_tat", "a=b"])
def test_other_names_in_a_spreadsheet_are_as_they_are_shown(name):
    assert spreadsheet_text(name) == printable(name)


def test_no_label_is_left_out_of_a_legend():
    assert picture_text("_final") == " _final"
    assert picture_text("final_") == "final_"
