"""The watcher: overlaps of ordinary objects in order, counts and milliseconds."""

import numpy as np

from sppnet.tools.reports.page.watching import Watcher
from tests.data.scoring.test_metrics import row, target


def test_the_best_overlap_of_every_ordinary_object_is_kept() -> None:
    watcher = Watcher()

    watcher(3, np.array([[0, 0, 10, 5], [0, 0, 10, 8]]), target(row(2), [False, True]), {"conv": 2.0})
    watcher(5, np.zeros((0, 4)), target(row(1)), {"conv": 1.0})

    assert watcher.best_windows().tolist() == [0.8, 0.0]
    assert (watcher.windows, watcher.milliseconds) == (2, {3: {"conv": 2.0}, 5: {"conv": 1.0}})


def test_before_any_image_there_is_nothing() -> None:
    assert Watcher().best_windows().tolist() == []
