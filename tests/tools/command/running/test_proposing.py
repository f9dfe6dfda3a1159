"""Tests of windows that processes propose ahead."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sppnet.data import VOC, DataError
from sppnet.proposals import SelectiveSearch, write_windows
from sppnet.tools.command.console import CommandError
from sppnet.tools.command.inputs.items import Items
from sppnet.tools.command.running.proposing import propose_ahead
from sppnet.tools.command.shapes import write_shapes

SEARCH = SelectiveSearch(limit=30)
SCRIPT = """
import sys, multiprocessing
from sppnet.data import VOC
from sppnet.proposals import SelectiveSearch
from sppnet.tools.command.inputs.items import Items
from sppnet.tools.command.running.proposing import propose_ahead
if __name__ == "__main__":
    images = propose_ahead(Items(VOC(sys.argv[1], split="val")), SelectiveSearch(limit=5), 1)
    next(images)
    print(multiprocessing.active_children()[0].pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path, train=0, val=5, seed=3)
    return tmp_path


def ended(process: int) -> bool:
    """Wait for a process that is nobody's child here to end, and return whether it has."""
    for _ in range(200):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


class Ending(Items):
    """Ends the process that reads the third image."""

    def item(self, number: int) -> tuple[object, object]:  # type: ignore[override]
        if number == 2:
            os._exit(1)
        return super().item(number)


def test_images_come_in_order_with_the_windows_of_the_search(shapes: Path) -> None:
    items = Items(VOC(shapes, split="val"))

    found = list(propose_ahead(items, SEARCH, 2))

    assert [number for number, _ in found] == [0, 1, 2, 3, 4]
    for (_, (image, target)), (_, proposed) in zip(items.numbered(), found, strict=True):
        np.testing.assert_array_equal(proposed.image, image)
        np.testing.assert_array_equal(proposed.target["boxes"], target["boxes"])
        np.testing.assert_array_equal(proposed.windows, SEARCH(image))
        assert proposed.milliseconds.keys() == {"proposals"}


def test_windows_that_are_given_are_taken(shapes: Path) -> None:
    data = VOC(shapes, split="val")
    windows = {name: np.array([[0, 0, 9 + number, 9]], np.float32) for number, name in enumerate(data.ids)}
    write_windows(shapes / "windows.npz", windows.items())

    found = list(propose_ahead(Items(data, windows=shapes / "windows.npz"), SEARCH, 1))

    assert [proposed.windows[0, 2] for _, proposed in found] == [9, 10, 11, 12, 13]
    assert all(proposed.milliseconds == {} for _, proposed in found)


@pytest.fixture
def damaged(shapes: Path) -> VOC:
    """The shapes, of which the second cannot be read."""
    data = VOC(shapes, split="val")
    data.image_path(1).write_bytes(b"no image")
    return data


def test_an_image_that_cannot_be_read_ends_it(damaged: VOC) -> None:
    with pytest.raises(DataError, match=damaged.ids[1]):
        list(propose_ahead(Items(damaged), SEARCH, 2))


def test_a_lenient_run_leaves_it_out(damaged: VOC) -> None:
    items = Items(damaged, lenient=True)

    assert [number for number, _ in propose_ahead(items, SEARCH, 2)] == [0, 2, 3, 4]
    assert items.skipped == 1


def test_processes_end_with_the_one_that_was_killed(shapes: Path) -> None:
    call = [sys.executable, "-c", SCRIPT, str(shapes)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        process = int(run.stdout.readline())
        run.kill()

    assert ended(process)


def test_a_process_that_ends_is_told_of(shapes: Path) -> None:
    with pytest.raises(CommandError, match="a process that proposes windows has ended"):
        list(propose_ahead(Ending(VOC(shapes, split="val")), SEARCH, 1))
