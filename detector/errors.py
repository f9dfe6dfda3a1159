"""What can go wrong for a user of the detector."""

MOST_SIGNS = 1000  # of a message: what stands in a file may be of any length


class CacheWarning(UserWarning):
    """A file of a cache is damaged, or holds what belongs to another, and counts as missing."""


def cut(message: str) -> str:
    """Return a message, without its middle if a file has made it long."""
    return message if len(message) <= MOST_SIGNS else f"{message[: MOST_SIGNS - 300]} ... {message[-295:]}"


class InputError(ValueError):
    """Images, windows, training examples or options that break a rule; the message names the rule and the value."""

    def __init__(self, message: str) -> None:
        super().__init__(cut(message))


class ModelError(ValueError):
    """Weights or a model folder that cannot be used; the message names the file, the rule and the value."""

    def __init__(self, message: str) -> None:
        super().__init__(cut(message))
