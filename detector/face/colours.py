"""The colours of classes: told apart as far as colours can be, by people who do not see red or green, too.

Twenty of 636 bright and strong ones, chosen so that the nearest two are as far from each other as possible to a usual
eye (which counts as 0.6, because it sees hues that the others lack), in protanopia and in deuteranopia (Machado et al.
2009, severity 1), and ordered so that the first are farthest. The least CIE Lab distances: 28 among the first 8, 17.8
among all; to usual eyes 45 and 31. Colours alone do not tell twenty classes apart: captions do.
"""

_PALETTE = (
    *("eb001e", "5aff96", "5a00ff", "1eb4eb", "783c78", "b4ff00", "009678", "9600b4", "963c3c", "96ffd2"),
    *("5a5aff", "eb9600", "3c96ff", "d2965a", "eb1eb4", "d2eb5a", "00ebff", "ff78b4", "1e7800", "ff1e78"),
)

Colour = tuple[int, int, int]


def class_colour(label: int) -> Colour:
    """Return the colour of a class, always the same; after twenty they begin anew."""
    red, green, blue = bytes.fromhex(_PALETTE[label % len(_PALETTE)])
    return red, green, blue


def text_colour(ground: Colour) -> Colour:
    """Return black or white, whichever is read better on a ground: at a contrast of at least 4.58 to 1 on any."""
    return max(((0, 0, 0), (255, 255, 255)), key=lambda text: contrast(text, ground))


def contrast(first: Colour, second: Colour) -> float:
    """Return how much lighter one of two colours is, from 1 to 21 (WCAG 2.2)."""
    dark, light = sorted(_luminance(colour) for colour in (first, second))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
