"""How names from outside are shown on a terminal: what would steer it, or turn the line round, is written out."""

from unicodedata import category

from rich.markup import escape

# Control characters, those that stand for nothing visible (direction marks among them), halves of pairs, ends of lines.
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
JOINERS = "\u200c\u200d"  # parts of words and of emoji


def shown(text: object) -> str:
    r"""Return a text as one line that a terminal can be given: an escape is \x1b, an end of a line \n."""
    text = str(text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        sign.encode("unicode_escape").decode() if category(sign) in HIDDEN and sign not in JOINERS else sign
        for sign in text
    )


def cell(text: object) -> str:
    """Return a text as rich prints it literally, in a table, say."""
    return escape(shown(text))
