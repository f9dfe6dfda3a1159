"""Image -> windows that may hold an object, best first."""

from .errors import ProposalError, ProposalWarning
from .selective_search import SelectiveSearch
from .store import WindowStore, compute_windows

__all__ = ["ProposalError", "ProposalWarning", "SelectiveSearch", "WindowStore", "compute_windows"]
