"""The training of an SPP-net detector on prepared images (He et al. 2015, section 4.1)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..scoring.boxes import encode
from ..scoring.calibration import Calibration, fit_calibration, right_detections
from ..scoring.detection import WindowScorer
from ..scoring.regression import fit_offsets
from ..timing import Stopwatch
from ..types import Note, Progress
from .images import TrainingImages
from .mining import HardNegativeMining
from .scaling import Scaling
from .settings import Training

LEAST_OVERLAP = 0.5  # of a window with the object that regression moves it to


def train_windows(
    images: TrainingImages,
    *,
    settings: Training,
    softmax: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None = None,
    regression: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None = None,
    seed: int,
    progress: Progress,
    note: Note = lambda line: None,
    clock: Stopwatch,
) -> WindowScorer:
    """Return SVMs, box regressors and calibration learned from images.

    Margins are calibrated on a held-out part of the images, which join for the last training of the SVMs.

    Args:
        images: Prepared; at least one has an object.
        settings: How SVMs and regression are trained.
        softmax: Weights (K + 1, D) and biases of a softmax that stands in for SVMs.
        regression: Weights (4, D) and biases of offsets that were learned for all classes together: those of each class
            are the means of these and of its own.
        seed: The same seed gives the same result.
        progress: Called with (stage, done, total).
        note: Called after every training of the SVMs; see `HardNegativeMining`.
        clock: Counts the time of the stages.
    """
    fitting, held = split_held_out(len(images), settings.held_out, seed)
    scaling = images.measure_scaling(
        fitting, norm=settings.norm, centre=settings.centre, standardise=settings.standardise, seed=seed
    )
    miner = HardNegativeMining(images, scaling, settings.mining, seed=seed, note=note)
    if softmax is None:
        with clock("SVMs"):
            miner.add_objects(fitting, progress)
            for _ in range(settings.mining.passes):
                miner.search(fitting, progress)
    with clock("box regression"):
        weights, biases = fit_regressors(images, scaling, fitting, settings, seed, progress)
        if regression is not None and settings.regression_examples:
            half = np.float32(0.5)
            weights, biases = half * (weights + regression[0]), half * (biases + regression[1])

    def scorer(calibration: Calibration) -> WindowScorer:
        scores = softmax or scaling.fold(miner.svms.weights, miner.svms.biases)
        return WindowScorer(*scores, weights, biases, calibration, softmax=softmax is not None)

    with clock("calibration"):
        calibration = fit_calibration(*judged(images, scorer(Calibration()), held, progress))
    if softmax is None and len(held):
        with clock("SVMs"):
            miner.add_objects(held, progress)
            miner.search(held, progress)
    return scorer(calibration)


def split_held_out(images: int, held_out: float, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the numbers of the images to learn from, and of those held out, in random order."""
    order = np.random.default_rng(seed).permutation(images)
    held, fitting = np.split(order, [int(held_out * images)])
    return fitting, held


def detect_prepared(images: TrainingImages, number: int, scorer: WindowScorer) -> dict[str, Any]:
    """Return the detections among the proposals of a prepared image, as `WindowScorer.detect` does."""
    proposals = np.arange(images.proposals(number))
    vectors = images.vectors(number, proposals)
    return scorer.detect(vectors, images.windows(number)[proposals], images.size(number))


def fit_regressors(
    images: TrainingImages,
    scaling: Scaling,
    numbers: npt.NDArray[np.int64],
    settings: Training,
    seed: int,
    progress: Progress,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return for every class what moves windows onto its objects: weights float32 (K, 4, D), biases float32 (K, 4).

    The examples are windows that overlap an object by half or more.

    Args:
        numbers: Which images.
        settings: The penalty, and how many windows of a class at most, chosen at random. Fewer than the vectors have
            dimensions make the regression cheap: its Gram matrix is then that of the windows.
    """
    chosen = _regression_windows(images, numbers, settings.regression_examples, seed)
    weights, biases = [], []
    for label, by_image in enumerate(chosen):
        vectors, offsets = _regression_examples(images, by_image)
        vectors = scaling.apply(vectors)
        fitted, bias = fit_offsets(vectors, offsets, penalty=settings.penalty)
        folded, shifted = scaling.fold(fitted.T, bias)
        weights.append(folded)
        biases.append(shifted)
        progress("box regression", label + 1, len(chosen))
    return np.stack(weights), np.stack(biases)


def _regression_windows(
    images: TrainingImages, numbers: npt.NDArray[np.int64], examples: int, seed: int
) -> list[dict[int, npt.NDArray[np.int64]]]:
    """Return for every class which windows of which images it learns from."""
    found: list[list[npt.NDArray[np.int64]]] = [[] for _ in images.classes]
    for number in numbers:
        overlaps, _, labels = images.nearest_objects(int(number))
        for label in np.unique(labels[overlaps >= LEAST_OVERLAP]):
            rows = np.flatnonzero((overlaps >= LEAST_OVERLAP) & (labels == label))
            found[label].append(np.stack([np.full(len(rows), number), rows], axis=1))
    random = np.random.default_rng(seed)
    chosen = []
    for pairs in found:
        windows = np.concatenate([np.zeros((0, 2), np.int64), *pairs])
        windows = windows[np.sort(random.permutation(len(windows))[:examples])]
        chosen.append({int(number): windows[windows[:, 0] == number, 1] for number in np.unique(windows[:, 0])})
    return chosen


def _regression_examples(
    images: TrainingImages, by_image: dict[int, npt.NDArray[np.int64]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the raw vectors float32 (N, D) and the offsets float32 (N, 4) of the chosen windows."""
    count = sum(len(rows) for rows in by_image.values())
    vectors = np.empty((count, images.features.dimensions), np.float32)
    offsets = np.empty((count, 4), np.float32)
    end = 0
    for number, rows in by_image.items():
        here = slice(end, end := end + len(rows))
        vectors[here] = images.vectors(number, rows).all()
        offsets[here] = encode(images.windows(number)[rows], images.nearest_objects(number)[1][rows])
    return vectors, offsets


def judged(
    images: TrainingImages, scorer: WindowScorer, numbers: npt.NDArray[np.int64], progress: Progress
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return the margins of the detections in images that a scorer has not seen, and which are right: (N,) each."""
    margins, right = [np.zeros(0, np.float32)], [np.zeros(0, np.bool_)]
    for done, number in enumerate(numbers.tolist()):
        found = detect_prepared(images, number, scorer)
        target = images.target(number)
        margins.append(found["margins"])
        right.append(right_detections(found["boxes"], found["labels"], target["boxes"], target["labels"]))
        progress("calibration", done + 1, len(numbers))
    return np.concatenate(margins), np.concatenate(right)
