"""What goes wrong in proposals."""


class ProposalError(ValueError):
    """A bad image, a bad setting of the search, or a window store that cannot be used."""


class ProposalWarning(UserWarning):
    """Something was wrong and has been put right: a damaged file of windows counts as missing."""
