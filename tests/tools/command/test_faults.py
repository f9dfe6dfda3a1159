"""Tests of what goes wrong around us, in words."""

from concurrent.futures.process import BrokenProcessPool

import pytest

from sppnet.tools.command.faults import fault


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "there is not enough memory; fewer --workers"),
        (OSError(12, "Cannot allocate memory"), "there is not enough memory ("),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: 8 bytes"),
            "there is not enough memory",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "there is not enough memory"),
        (BrokenProcessPool("terminated abruptly"), "a worker process was ended from outside"),
        (RuntimeError("can't start new thread"), "the system allows no further threads"),
        (ModuleNotFoundError("No module named 'cv2'", name="cv2"), "the package 'cv2' is missing"),
        (ImportError("libGL.so.1: cannot open"), "a library cannot be loaded: libGL.so.1"),
        (RuntimeError("no locator available for file"), "compiled loops cannot be kept: set NUMBA_CACHE_DIR"),
        (OSError(28, "No space left on device", "out.jpg"), "out.jpg: No space left on device"),
        (OSError(28, "No space left on device"), "standard output or a temporary file: No space left on device"),
    ],
)
def test_a_fault_is_named_as_what_it_is(error: Exception, said: str) -> None:
    assert str(fault(error)).startswith(said)


def test_an_error_of_ours_is_none() -> None:
    assert fault(ZeroDivisionError("division by zero")) is None
