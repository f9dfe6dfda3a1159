"""What went wrong around us, not in us: memory, processes, disks and libraries, in words that say what helps."""

import errno
from concurrent.futures import BrokenExecutor

FEWER = "fewer --workers, smaller images or a machine with more of it help"
# How libraries say that memory is lacking, in errors of their own kinds: torch, onnxruntime, OpenCV, the C++ library.
MEMORY = ("can't allocate memory", "out of memory", "failed to allocate memory", "insufficient memory", "bad_alloc")


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error is a lack of memory, whoever raised it."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    said = str(error).lower()
    return isinstance(error, MemoryError) or (isinstance(error, Exception) and any(words in said for words in MEMORY))


def fault(error: BaseException) -> str | None:
    """Return what went wrong around us, None if an error is of another kind."""
    if lacks_memory(error):
        reason = f" ({error})" if str(error) else ""
        return f"there is not enough memory{reason}; {FEWER}"
    if isinstance(error, BrokenExecutor):
        return f"a worker process was ended from outside, most often for lack of memory; {FEWER}"
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return "the system allows no further threads; fewer --workers and --threads help"
    if isinstance(error, ModuleNotFoundError):
        return f"the package {error.name!r} is missing: install sppnet again, or this package"
    if isinstance(error, ImportError):
        return f"a library cannot be loaded: {error}"
    if isinstance(error, RuntimeError) and "no locator available" in str(error):
        return "compiled loops cannot be kept: set NUMBA_CACHE_DIR to a folder that can be written to"
    if isinstance(error, OSError):
        return f"{error.filename or 'standard output or a temporary file'}: {error.strerror or error}"
    return None
