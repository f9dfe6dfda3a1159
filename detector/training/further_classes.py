"""Further classes for a trained detector, from a few images: SVMs and regressors beside those that are there.

Every class has an SVM and regressors of its own on the same vectors (Girshick et al. 2014), so that one more changes
nothing for the others. What is new is learned from the new images alone, the old ones need not be there.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ..checks import checked_target
from ..errors import InputError
from ..scoring.calibration import Calibration, fit_calibration
from ..scoring.detection import WindowScorer
from ..timing import Stopwatch
from ..types import Image, Progress, Target
from .images import TrainingImages
from .mining import HardNegativeMining
from .scaling import Scaling
from .settings import Training
from .windows import fit_regressors, judged

PARTS = 3  # of the images: each is judged by what the others teach
FEW = 300  # images; of more, one part is enough to calibrate on


def of_classes(
    items: Iterable[tuple[Image, Target]], given: Sequence[str], wanted: Sequence[str]
) -> Iterator[tuple[Image, Target]]:
    """Yield images with the objects of some classes alone, labelled in their order.

    Args:
        items: Images with their objects.
        given: Names of the labels there.
        wanted: Names of the classes that stay, some of those given.

    Raises:
        InputError: If a target breaks a rule.
    """
    labels = np.array([wanted.index(name) if name in wanted else -1 for name in given], np.int64)
    for number, (image, target) in enumerate(items):
        checked = checked_target(target, number, len(given))
        kept = labels[checked["labels"]] >= 0
        objects = {name: values[kept] for name, values in checked.items()}
        windows = {"windows": target["windows"]} if "windows" in target else {}
        yield image, {**objects, "labels": labels[objects["labels"]], **windows}


def without_objects(images: Iterable[Image]) -> Iterator[tuple[Image, Target]]:
    """Yield images with targets that hold nothing."""
    for image in images:
        yield image, {"boxes": np.zeros((0, 4), np.float32), "labels": np.zeros(0, np.int64)}


def learn_classes(
    images: TrainingImages,
    *,
    settings: Training,
    usual: Calibration,
    calibrate: bool = True,
    seed: int,
    progress: Progress,
    clock: Stopwatch,
) -> WindowScorer:
    """Return SVMs, regressors and calibration of those of the images' classes that have objects, in their order.

    Unlike in a first training all images learn, and margins are calibrated on images that are left out in turn: of
    few there is none to spare.

    Args:
        images: Prepared.
        settings: How SVMs and regression are trained.
        usual: The calibration where there are too few right detections to learn one.
        calibrate: Whether to learn one at all; it takes twice the time of the rest.
        seed: The same seed gives the same result.
        progress: Called with (stage, done, total).
        clock: Counts the time of the stages.

    Raises:
        InputError: If none has an object to learn from.
    """
    there = np.flatnonzero(images.objects())
    if not len(there):
        raise InputError(f"none of {len(images)} images has an object of a new class: {', '.join(images.classes)}")
    order = np.random.default_rng(seed).permutation(len(images))
    scaling = images.measure_scaling(
        order, norm=settings.norm, centre=settings.centre, standardise=settings.standardise, seed=seed
    )
    margins, right = [np.zeros(0, np.float32)], [np.zeros(0, np.bool_)]
    for held in np.array_split(order, PARTS)[: calibrate * (PARTS if len(order) <= FEW else 1)]:
        others = order[~np.isin(order, held)]
        if len(held) and any(images.proposals(number) < len(images.windows(number)) for number in others.tolist()):
            scorer = _learn(images, others, scaling, settings, seed, progress, clock)
            with clock("calibration"):
                for found, values in zip((margins, right), judged(images, scorer, held, progress), strict=True):
                    found.append(values)  # type: ignore[attr-defined]
    calibration = fit_calibration(np.concatenate(margins), np.concatenate(right))
    learned = _learn(images, order, scaling, settings, seed, progress, clock)
    return WindowScorer(
        learned.weights[there],
        learned.biases[there],
        learned.offset_weights[there],
        learned.offset_biases[there],
        usual if calibration == Calibration() else calibration,
    )


def _learn(
    images: TrainingImages,
    numbers: npt.NDArray[np.int64],
    scaling: Scaling,
    settings: Training,
    seed: int,
    progress: Progress,
    clock: Stopwatch,
) -> WindowScorer:
    """Return what the images of these numbers teach, not calibrated."""
    miner = HardNegativeMining(images, scaling, settings.mining, seed=seed)
    with clock("SVMs"):
        miner.add_objects(numbers, progress)
        for _ in range(settings.mining.passes):
            miner.search(numbers, progress)
    with clock("box regression"):
        moves = fit_regressors(images, scaling, numbers, settings, seed, progress)
    return WindowScorer(*scaling.fold(miner.svms.weights, miner.svms.biases), *moves, Calibration())
