"""Compiling the detector's inner loops ahead, on arrays of one element."""

import numpy as np

from .pooling.kernels import pool_rectangles
from .pooling.products import inner_products
from .pooling.pyramid import LEVELS, bins
from .scoring.boxes import suppress
from .scoring.soft_suppression import suppress_softly
from .scoring.svm import fit_svms
from .scoring.voting import vote


def compile_kernels(*, training: bool = True) -> None:
    """Compile the loops of detection, and those of training, or load them from the cache on disk."""
    map, cell = np.zeros((1, 1, 1), np.float32), np.array([[0, 0, 1, 1]], np.int32)
    pool_rectangles(map, cell, np.empty((1, bins(LEVELS)), np.float32))
    inner_products(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32))
    box, score = np.zeros((1, 4), np.float32), np.zeros(1, np.float32)
    suppress(box, score)
    suppress_softly(box, score)
    vote(box, box, score)
    if training:
        fit_svms(np.ones((2, 1), np.float32), np.array([[1], [-1]], np.int8))
