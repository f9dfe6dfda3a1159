"""What this package raises and warns about."""

from collections.abc import Sequence

MOST_SIGNS = 1000  # of a message: what stands in a file may be of any length
REASONS = 3  # so many are told where nothing is left


def cut(message: str) -> str:
    """Return a message, without its middle if a file has made it long."""
    return message if len(message) <= MOST_SIGNS else f"{message[: MOST_SIGNS - 300]} ... {message[-295:]}"


class DataError(ValueError):
    """A file, annotation or detection breaks a rule; the message names the file, the object, the rule and the value."""

    def __init__(self, message: str) -> None:
        super().__init__(cut(message))


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
