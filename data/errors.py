"""What this package raises and warns about."""

from collections.abc import Sequence

REASONS = 3  # so many are told where nothing is left


class DataError(ValueError):
    """A file, annotation or detection breaks a rule; the message names the file, the object, the rule and the value."""


class ImageError(DataError):
    """An image is missing, damaged, too large or of an unsupported kind."""


class UnknownClassError(DataError):
    """An object is of a class that there is not."""


class EmptyBoxError(DataError):
    """A box has no area."""


class ReversedError(DataError):
    """The corners of a box are in the wrong order."""


class DataWarning(UserWarning):
    """Something was wrong with a file, and it was used all the same."""


def reasons(problems: Sequence[str]) -> str:
    """Return the end of a message about data of which nothing is left: how many problems, and the first of them."""
    if not problems:
        return ""
    count = f"{len(problems)} problems, such as " * (len(problems) > 1)
    return f": {count}{'; '.join(problems[:REASONS])}"
