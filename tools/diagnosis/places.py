"""Where things are kept: compiled loops, the user's folder, disks and memory."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sppnet.detector.limits import memory_limit

from ..command.running.planning import free_memory
from .environment import loops_are_compiled
from .finding import Finding, UnmeasuredError

GIGABYTE = 1e9
TRAINING, DETECTION = 5 * GIGABYTE, 0.5 * GIGABYTE  # memory that the README tells of
LITTLE_DISK = 2 * GIGABYTE  # a training on 1,000 images keeps more than that


def compiled_loops() -> Iterator[Finding]:
    """Look whether loops that are compiled once are kept for the next start."""
    elsewhere = f"export NUMBA_CACHE_DIR={Path(tempfile.gettempdir(), 'numba')}"
    cost = "compiled at every start, which takes 20 s"
    try:
        folder = loops_folder()
    except RuntimeError as error:  # numba's, which finds no folder that it can write to
        yield Finding("compiled loops", "broken", str(error), "nothing can be detected", elsewhere)
        return
    if folder.exists() and not os.access(folder, os.W_OK):
        yield Finding("compiled loops", "slow", f"{folder} cannot be written to", cost, elsewhere)
    elif not any(folder.glob("*.nbi")):
        yield Finding(
            "compiled loops", "note", f"none yet in {folder}", "the first run takes 20 s", "sppnet doctor --warm"
        )
    else:
        yield Finding("compiled loops", "fine", str(folder))


def loops_folder() -> Path:
    """Return where the compiled loops of the search are kept.

    Raises:
        RuntimeError: If numba finds no place for them.
        UnmeasuredError: If they are not compiled at all.
    """
    if not loops_are_compiled():
        raise UnmeasuredError
    from sppnet.proposals.superpixels import edge_levels

    return Path(str(edge_levels.stats.cache_path))


def home() -> Iterator[Finding]:
    """Look whether libraries can keep what they fetch and make in the user's folder."""
    folder = Path.home()
    if os.access(folder, os.W_OK):
        yield Finding("home", "fine", str(folder))
        return
    cost = "weights are fetched, and matplotlib lists the fonts, at every start"
    command = f"export HOME={tempfile.gettempdir()}"
    yield Finding("home", "slow", f"{folder} cannot be written to", cost, command)


def disks() -> Iterator[Finding]:
    """Look how much room there is where results and temporary files go."""
    places = {
        "disk here": (Path.cwd(), "sppnet train --cache FOLDER-ON-ANOTHER-DISK ..."),
        "disk for temporary files": (Path(tempfile.gettempdir()), "export TMPDIR=FOLDER-ON-ANOTHER-DISK"),
    }
    for name, (folder, command) in places.items():
        free = shutil.disk_usage(folder).free
        found = f"{free / GIGABYTE:.1f} GB are free in {folder}"
        if free < LITTLE_DISK:
            yield Finding(name, "note", found, "a training keeps windows and maps on disk, gigabytes of them", command)
        else:
            yield Finding(name, "fine", found)


def memory() -> Iterator[Finding]:
    """Look how much memory there is."""
    free = min(free_memory() or float("inf"), memory_limit())
    if free == float("inf"):
        return  # the system does not tell
    found = f"{free / GIGABYTE:.1f} GB are free"
    if free < 2 * DETECTION:
        cost = f"detection takes {DETECTION / GIGABYTE:g} GB, with the smaller model 0.35"
        yield Finding("memory", "note", found, cost, "sppnet detect -m voc07-small --workers 0 ...")
    elif free < TRAINING:
        cost = f"training on thousands of images takes up to {TRAINING / GIGABYTE:g} GB"
        yield Finding("memory", "note", found, cost, "sppnet train --workers 1 ...")
    else:
        yield Finding("memory", "fine", found)
