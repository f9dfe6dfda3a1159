"""Whether this machine may have a GPU that torch can use, told without torch, whose import takes seconds."""

import ctypes.util
import sys
from pathlib import Path

# Of the drivers of NVIDIA, of AMD, and of Windows' subsystem for Linux.
FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def may_have_gpu() -> bool:
    """Return whether a driver of GPUs is there; without one torch sees none."""
    if sys.platform == "win32":
        return ctypes.util.find_library("nvcuda") is not None
    return any(Path(file).exists() for file in FILES)
