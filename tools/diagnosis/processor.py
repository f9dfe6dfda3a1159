"""What computes here: cores and threads, instructions, nodes of memory, and who else is at work."""

import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from sppnet import detector
from sppnet.detector.limits import allowed_cores, core_quota, granted_cores

from .finding import Finding
from .times import CONV_REFERENCE, MUCH_SLOWER, SMALLER, conv_milliseconds

CPUINFO, NODES = Path("/proc/cpuinfo"), Path("/sys/devices/system/node")
# What conv layers and matrix products are computed with -> what Linux calls it, on x86 and on ARM.
INSTRUCTIONS = {
    "AVX2": ("avx2",),
    "AVX-512": ("avx512f",),
    "VNNI": ("avx512_vnni", "avx_vnni"),
    "bfloat16": ("avx512_bf16", "amx_bf16", "bf16"),
    "NEON": ("asimd", "neon"),
    "dot product": ("asimddp",),
    "int8 products": ("i8mm", "amx_int8"),
}


def load() -> Iterator[Finding]:
    """Look how busy other programs keep the machine; first of all, before this one does."""
    if not hasattr(os, "getloadavg"):
        return
    busy, cores = os.getloadavg()[0], granted_cores()
    found = f"{busy:.1f} programs at work on {os.cpu_count()} cores in the last minute"
    if busy < 0.5 * (os.cpu_count() or cores):
        yield Finding("other programs", "fine", found)
    else:
        yield Finding("other programs", "slow", found, "all times are longer for it, those told here, too", "top")


def threads() -> Iterator[Finding]:
    """Look whether there are as many threads as cores that this process may keep busy."""
    count, cores, quota = detector.thread_count(), granted_cores(), core_quota()
    found = f"{_plural(count, 'thread')} on {_plural(cores, 'core')}"
    if cores < (os.cpu_count() or cores):
        bound = f"{quota:g} by its control group" if quota < allowed_cores() else "by its affinity"
        found += f" of {os.cpu_count()} (this process is bound, {bound})"
    if count == cores:
        yield Finding("threads", "fine", found)
        return
    with_count, with_cores = conv_milliseconds(count), conv_milliseconds(cores)
    cost = f"conv layers of an image take {with_count:.0f} ms, {with_cores:.0f} with {_plural(cores, 'thread')}"
    yield Finding("threads", "slow", found, cost, f"export OMP_NUM_THREADS={cores}")


def instructions() -> Iterator[Finding]:
    """Look what the processor can do, and measure what it comes to."""
    known = _flags()
    if not known:
        yield Finding("processor", "fine", f"{platform.machine()}; this system does not tell its instructions")
        return
    there = [name for name, flags in INSTRUCTIONS.items() if known.intersection(flags)]
    missing = [name for name in ("AVX2", "AVX-512") if platform.machine() in ("x86_64", "AMD64") and name not in there]
    found = f"{platform.machine()} with {', '.join(there) or 'none of the fast instructions'}"
    time = conv_milliseconds(1)
    cost = f"conv layers take {time:.0f} ms of one core, {CONV_REFERENCE[1]} on the README's machine, which has AVX-512"
    if missing and time > MUCH_SLOWER * CONV_REFERENCE[1]:
        yield Finding("processor", "slow", f"{found}, no {' and no '.join(missing)}", cost, SMALLER)
    else:
        yield Finding("processor", "fine", f"{found}; {cost}")


def nodes() -> Iterator[Finding]:
    """Look whether memory lies in several nodes."""
    count = sum(1 for folder in NODES.glob("node*") if folder.name[4:].isdecimal())
    if count < 2:
        yield Finding("nodes of memory", "fine", "one")
        return
    cost = "what lies in another node comes later; not measured here"
    command = "numactl --cpunodebind=0 --membind=0 sppnet detect ..."
    yield Finding("nodes of memory", "note", f"{count}: cores and memory are divided", cost, command)


def _flags() -> set[str]:
    """Return the processor's instructions as Linux calls them, none where it is another system."""
    try:
        found = re.search(r"^(?:flags|Features)\s*:(.*)$", CPUINFO.read_text(), re.MULTILINE)
    except OSError:
        return set()
    return set(found[1].split()) if found else set()


def _plural(count: int, name: str) -> str:
    return f"{count} {name}{'s' * (count > 1)}"
