"""What goes wrong in proposals."""


class ProposalError(ValueError):
    """A bad image, or a bad setting of the search; a folder of windows that cannot be used raises OSError."""


class ProposalWarning(UserWarning):
    """Something was wrong and has been put right: a damaged file of windows counts as missing."""
