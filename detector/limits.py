"""How much of the machine this process may use: cores and memory, as the system and control groups grant them."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS, MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def granted_cores() -> int:
    """Return how many cores this process may keep busy: those it may run on, or what its control group grants."""
    quota = core_quota()
    return allowed_cores() if quota == math.inf else max(1, min(allowed_cores(), math.ceil(quota)))


def allowed_cores() -> int:
    """Return on how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def core_quota() -> float:
    """Return how many cores' time the control groups grant, infinity if they set no limit."""
    quotas = [math.inf]
    for folder in _groups("cpu"):
        words = _words(folder / "cpu.max") or _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
        if len(words) == 2 and words[0].isdecimal() and int(words[1]) > 0:  # max and -1 stand for none
            quotas.append(int(words[0]) / int(words[1]))
    return min(quotas)


def memory_limit() -> float:
    """Return how many bytes of memory the control groups grant, infinity if they set no limit."""
    words = [
        word
        for folder in _groups("memory")
        for word in _words(folder / "memory.max") or _words(folder / "memory.limit_in_bytes")
    ]
    return min([int(word) for word in words if word.isdecimal()], default=math.inf)


def _groups(controller: str) -> Iterator[Path]:
    """Yield the folders of the groups that this process is in, of either version, from its own to the topmost."""
    for line in _lines(MEMBERSHIP):
        number, controllers, path = line.split(":", 2)
        if number == "0" or controller in controllers.split(","):
            top = GROUPS if number == "0" else GROUPS / controller
            group = top / path.lstrip("/")
            yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(top))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []


def _words(file: Path) -> list[str]:
    return " ".join(_lines(file)).split()
