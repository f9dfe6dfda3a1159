"""What goes wrong in proposals."""

MOST_SIGNS = 1000  # of a message: what stands in a file may be of any length


def cut(message: str) -> str:
    """Return a message, without its middle if a file has made it long."""
    return message if len(message) <= MOST_SIGNS else f"{message[: MOST_SIGNS - 300]} ... {message[-295:]}"


class ProposalError(ValueError):
    """A bad image, or a bad setting of the search; a folder of windows that cannot be used raises OSError."""

    def __init__(self, message: str) -> None:
        super().__init__(cut(message))


class ProposalWarning(UserWarning):
    """Something was wrong and has been put right: a damaged file of windows counts as missing."""
