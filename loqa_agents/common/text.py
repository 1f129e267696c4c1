"""Names and messages of others as text that can be shown: what is not to be seen is escaped.

A name comes from a file, a folder or somebody's code, so it may hold anything. Each of these
functions is called at the one place where its kind of output is made.
"""

import html
import re

# Characters that `str.isprintable` lets pass although nothing is seen of them: joiners, fillers,
# selectors of variants, the blank Braille pattern (Unicode: Default_Ignorable_Code_Point).
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# An underscore within a word means nothing in Markdown, and most of our names have some.
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~$&#]|(?<![^\W_])_|_(?![^\W_])")
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def printable(text: str) -> str:
    r"""``text`` on one line; what cannot be seen is written as in Python, ``\n`` or ``\u202e``.

    Escaped are line breaks and all other control characters, marks of direction and of no width,
    spaces other than the plain one, lone surrogates (bytes of a file's name that are no UTF-8), and
    characters that Unicode does not assign. Text without these comes back as it is, and so does the
    result of this function, so that a whole message can be given that has names in it.
    """
    return "".join(
        character
        if character.isprintable() and not _UNSEEN.match(character)
        else character.encode("unicode_escape").decode()
        for character in text
    )


def shortened(text: str, most: int) -> str:
    """``text``, cut to ``most`` characters, of which the last three say that it goes on."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def html_text(text: str) -> str:
    """``text`` as the content of an HTML element or attribute."""
    return html.escape(printable(text))


def markdown_text(text: str) -> str:
    """``text`` within a paragraph or a table's cell of Markdown, so that none of it is markup."""
    return _MARKDOWN.sub(r"\\\g<0>", printable(text))


def spreadsheet_text(text: str) -> str:
    """``text`` as a cell of a CSV file that a spreadsheet does not take for a formula."""
    shown = printable(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def picture_text(text: str) -> str:
    """``text`` as a label in a figure; matplotlib leaves out what begins with an underscore."""
    shown = printable(text)
    return f" {shown}" if shown.startswith("_") else shown
