"""How the libraries below us use memory and threads: settings of all commands, to be made before torch is imported.

Freed memory stays with the process: the maps of an image are dozens of blocks of up to 100 MB, and by default the C
library hands them back to the system, which clears every page again before the next image. Threads of conv layers that
have nothing to do go to sleep at once: by default they wait on their cores for milliseconds, which pooling needs then.
Compiled conv layers of more image sizes are kept: making one anew takes as long as a fifth of its work.
"""

import ctypes
import os
import sys

SETTINGS = {"GOMP_SPINCOUNT": "1000", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "4096"}
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
WITHOUT_END = 2**31 - 1


def set_up() -> None:
    """Make the settings; those that the environment has already are left."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    keep_freed_memory()


def keep_freed_memory() -> bool:
    """Let freed memory be used again instead of being handed back, and return whether that can be asked for here."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):  # musl's
        return False
    return all(library.mallopt(name, WITHOUT_END) for name in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD))
