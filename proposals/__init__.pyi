__all__ = [
    "MODES",
    "ProposalError",
    "ProposalWarning",
    "SelectiveSearch",
    "WindowStore",
    "becomes",
    "check_inside",
    "compute_windows",
    "read_windows",
    "recover_folder",
    "whole_folder",
    "write_whole",
    "write_windows",
]

from .atomic.partials import becomes
from .atomic.whole import recover_folder, whole_folder, write_whole
from .errors import ProposalError, ProposalWarning
from .exchange import check_inside, read_windows, write_windows
from .selective_search import SelectiveSearch
from .settings import MODES
from .store import WindowStore, compute_windows
