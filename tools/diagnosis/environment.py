"""Settings of the environment, and of Python itself, that make everything slower."""

import os
import re
import sysconfig
from collections.abc import Iterator

from sppnet.detector.limits import granted_cores

from .finding import Finding

ON = re.compile(r"(?!0$).+")  # whatever is not 0
# Name -> which values are slow, and what they do.
SLOW = {
    "NUMBA_DISABLE_JIT": (ON, "loops run in Python instead of being compiled"),
    "NUMBA_OPT": (re.compile("[012]"), "loops are compiled without optimisation"),
    "NUMBA_DEBUGINFO": (ON, "loops are compiled for a debugger"),
    "NUMBA_BOUNDSCHECK": (ON, "every index is checked"),
    "NUMBA_CPU_NAME": (re.compile("generic"), "loops are compiled for any processor, not for this one"),
    "ONEDNN_MAX_CPU_ISA": (
        re.compile("(?!default$).+", re.IGNORECASE),
        "torch leaves instructions of the processor unused",
    ),
    "OMP_WAIT_POLICY": (re.compile("active", re.IGNORECASE), "threads with nothing to do keep cores busy"),
    "CUDA_LAUNCH_BLOCKING": (ON, "the processor waits for every step of the GPU"),
    "PYTHONDEVMODE": (ON, "Python checks itself"),
    "PYTHONMALLOC": (re.compile(".*debug"), "Python checks its memory"),
    "PYTHONDONTWRITEBYTECODE": (re.compile(".+"), "modules that are not compiled yet are, at every start"),
    "LD_PRELOAD": (re.compile(r".*(asan|tsan|ubsan|memcheck).*"), "a checker of memory runs along"),
}
FEWER = ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def variables() -> Iterator[Finding]:
    """Look for variables of the environment that slow libraries down."""
    slow = {name: cost for name, (values, cost) in SLOW.items() if values.fullmatch(os.environ.get(name, ""))}
    cores = granted_cores()
    for name in FEWER:
        value = os.environ.get(name, "")
        if value.isdecimal() and 0 < int(value) < cores:
            slow[name] = f"a library has fewer threads than there are cores, {cores}"
    for name, cost in slow.items():
        yield Finding("environment", "slow", f"{name}={os.environ[name]}", cost, f"unset {name}")
    if not slow:
        yield Finding("environment", "fine", "no variable that slows libraries down")


def loops_are_compiled() -> bool:
    """Return whether loops are compiled; else they take minutes for an image."""
    return not SLOW["NUMBA_DISABLE_JIT"][0].fullmatch(os.environ.get("NUMBA_DISABLE_JIT", ""))


def python() -> Iterator[Finding]:
    """Look whether Python is built for its own developers."""
    built = sysconfig.get_config_var("CONFIG_ARGS") or ""
    checked = [word for word in ("--with-pydebug", "--with-address-sanitizer", "--with-assertions") if word in built]
    if not checked:
        yield Finding("build of Python", "fine", "a usual build")
        return
    command = "python3 -m venv .venv"
    yield Finding(
        "build of Python", "slow", f"built with {', '.join(checked)}", "it checks itself at every step", command
    )
