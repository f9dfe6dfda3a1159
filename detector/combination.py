"""Model combination: several models score the same windows and detect as one (He et al. 2015, section 4.4).

Models whose conv layers were pre-trained apart make different mistakes: the paper's two, of 59.2 and 59.1 mAP, reach
60.9 together. Margins of different models are on different scales, so what is compared are calibrated scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sppnet.proposals import SelectiveSearch

from .checks import checked_images
from .errors import InputError
from .model import SPPNet
from .pooling.vectors import Vectors
from .scoring.calibration import Calibration
from .scoring.detection import WindowScorer, pick
from .timing import Stopwatch
from .types import Floats, Image, Indices

Merge = Literal["union", "mean"]
LOG_ODDS = Calibration(slope=1.0, offset=0.0)  # turns logarithms of odds into scores


class Combination:
    """Several models that detect as one, with the face of `SPPNet`.

    Args:
        models: Fitted or loaded, of the same classes in the same order. The first one's search proposes the windows.
        merge: "union" is the paper's: of the windows of all models, each with its model's score, those that none
            better overlaps stay, and each is moved by the offsets of its model. "mean" averages the models' scores
            of every window and moves those that stay by the mean of the models' offsets.

    Raises:
        InputError: If there is no model, or the classes of one differ.
    """

    def __init__(self, models: Sequence[SPPNet], *, merge: Merge = "union") -> None:
        if not models:
            raise InputError("a combination needs at least one model")
        if merge not in ("union", "mean"):
            raise InputError(f"merge must be 'union' or 'mean', not {merge!r}")
        for number, model in enumerate(models[1:], 2):
            _check_classes(number, model.classes, models[0].classes)
        self.models, self.merge = tuple(models), merge

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their labels."""
        return self.models[0].classes

    @property
    def search(self) -> SelectiveSearch:
        """What proposes the windows that all models score."""
        return self.models[0].search

    def predict(
        self,
        images: Sequence[Image],
        *,
        windows: Sequence[npt.NDArray[np.float32]] | None = None,
        confidence: float = 0.0,
        iou: float = 0.3,
    ) -> list[dict[str, Any]]:
        """Return the objects found in images; see `SPPNet.predict`.

        "margins" are those of the model whose window it is, or the mean of all, and the milliseconds of all models
        are added up. One model alone gives what it gives by itself.

        Raises:
            ModelError: If a model is neither fitted nor loaded.
            InputError: If an image is no uint8 (H, W, 3) array, or the windows do not match the images.
        """
        return [self._detect(image, given, confidence, iou) for image, given in checked_images(images, windows)]

    def _detect(self, image: Image, windows: Floats | None, confidence: float, iou: float) -> dict[str, Any]:
        clock = Stopwatch()
        if windows is None:
            with clock("proposals"):
                windows = self.search(image)
        opinions = [_opinion(model, image, windows, clock) for model in self.models]
        with clock("suppression"):
            log_odds = (_highest if self.merge == "union" else _mean)(opinions)
        found, rows = pick(
            windows,
            log_odds,
            image.shape[:2],
            floor=-np.inf,
            offsets=lambda rows, labels: _mixed_offsets(opinions, self._shares(opinions, rows, labels), rows, labels),
            scores=LOG_ODDS.scores,
            confidence=confidence,
            iou=iou,
            clock=clock,
        )
        labels = found["labels"]
        margins = [opinion.margins[rows, labels] for opinion in opinions]
        found["margins"] = _mixed(margins, self._shares(opinions, rows, labels))
        return {**found, "milliseconds": clock.milliseconds}

    def _shares(self, opinions: Sequence["_Opinion"], rows: Indices, labels: Indices) -> Floats:
        """Return the part of every model in the windows that stay: float32 (models, M), adding up to 1."""
        count = len(opinions)
        if self.merge == "mean":
            return np.full((count, len(rows)), 1 / count, np.float32)
        winners = np.argmax([opinion.log_odds[rows, labels] for opinion in opinions], axis=0)
        return np.asarray(np.arange(count)[:, None] == winners, np.float32)


@dataclass(frozen=True)
class _Opinion:
    """What one model makes of an image's windows.

    Attributes:
        scorer: The model's.
        vectors: Of the windows.
        margins: float32 (N, K).
    """

    scorer: WindowScorer
    vectors: Vectors
    margins: Floats

    @property
    def calibrated(self) -> Floats:
        """The logarithms of the odds that the scores stand for, which do not saturate as scores do: float32 (N, K)."""
        calibration = self.scorer.calibration
        return np.asarray(calibration.slope * self.margins + calibration.offset, np.float32)

    @property
    def likely(self) -> npt.NDArray[np.bool_]:
        """Which windows are not background beyond doubt: bool (N, K)."""
        return self.margins > self.scorer.floor

    @property
    def log_odds(self) -> Floats:
        """As calibrated, minus infinity where a window is background beyond doubt."""
        return np.where(self.likely, self.calibrated, np.float32(-np.inf))


def _opinion(model: SPPNet, image: Image, windows: Floats, clock: Stopwatch) -> _Opinion:
    features, scorer = model.fitted()
    vectors = features.vectors(image, windows, clock)
    return _Opinion(scorer, vectors, scorer.margins(vectors, clock))


def _highest(opinions: Sequence[_Opinion]) -> Floats:
    """Return the best model's log odds of every window, which overlaps itself in the union: float32 (N, K)."""
    return np.asarray(np.maximum.reduce([opinion.log_odds for opinion in opinions]), np.float32)


def _mean(opinions: Sequence[_Opinion]) -> Floats:
    """Return the log odds of the mean score, minus infinity where no model finds a window likely: float32 (N, K)."""
    calibrated = np.array([opinion.calibrated for opinion in opinions], np.float64)
    # Of p and 1 - p each the logarithm of the sum: near 1 the scores themselves would all be the same.
    right, wrong = (np.logaddexp.reduce(-np.logaddexp(0, sign * calibrated)) for sign in (-1, 1))
    likely = np.logical_or.reduce([opinion.likely for opinion in opinions])
    return np.where(likely, right - wrong, -np.inf).astype(np.float32)


def _mixed_offsets(opinions: Sequence[_Opinion], shares: Floats, rows: Indices, labels: Indices) -> Floats:
    """Return the sum of the models' offsets, float32 (M, 4), each asked only for windows that it has a share in."""
    mixed = np.zeros((len(rows), 4), np.float32)
    for opinion, share in zip(opinions, shares, strict=True):
        mine = np.flatnonzero(share)
        offsets = opinion.scorer.offsets(opinion.vectors, rows[mine], labels[mine])
        mixed[mine] += share[mine, None] * offsets
    return mixed


def _mixed(values: Sequence[Floats], shares: Floats) -> Floats:
    return np.asarray((np.array(values, np.float32) * shares).sum(axis=0), np.float32)


def _check_classes(number: int, classes: Sequence[str], wanted: Sequence[str]) -> None:
    for label, (name, first) in enumerate(zip_longest(classes, wanted)):
        if name != first:
            has = "has no" if name is None else f"has {name!r} as"
            raise InputError(
                f"model {number}: {has} class {label}, where model 1 has {'none' if first is None else repr(first)}"
            )
