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

from .errors import InputError
from .face.predictor import Predictor
from .model import SPPNet
from .scoring.calibration import Calibration
from .scoring.detection import Opinion
from .scoring.inference import Inference
from .scoring.opinion import opinion_of
from .scoring.picking import pick
from .timing import Stopwatch
from .types import Floats, Image, Indices

Merge = Literal["union", "mean"]
LOG_ODDS = Calibration(slope=1.0, offset=0.0)  # turns logarithms of odds into scores


class Combination(Predictor):
    """Several models that detect as one, with the face of `SPPNet`.

    "margins" are those of the model whose window it is, or the mean of all, and the milliseconds of all models are
    added up. One model alone gives what it gives by itself.

    Args:
        models: Fitted or loaded, of the same classes in the same order. The first one's search proposes the windows,
            and its confidence is theirs.
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
        self.classes, self.confidence = models[0].classes, models[0].confidence

    @property
    def search(self) -> SelectiveSearch:
        """What proposes the windows that all models score."""
        return self.models[0].search

    def __repr__(self) -> str:
        return f"<Combination, {self.merge}, of {', '.join(map(repr, self.models))}>"

    def _detect(
        self, image: Image, windows: Floats | None, confidence: float, iou: float, inference: Inference
    ) -> dict[str, Any]:
        clock = Stopwatch()
        if windows is None:
            with clock("proposals"):
                windows = self.search(image)
        opinions = [
            opinion_of(*model.fitted(), image, windows, inference=inference, clock=clock) for model in self.models
        ]
        with clock("suppression"):
            merged = _Merged(opinions, self.merge, (_highest if self.merge == "union" else _mean)(opinions))
        found = pick(
            windows,
            merged,
            image.shape[:2],
            floor=-np.inf,
            scores=LOG_ODDS.scores,
            confidence=confidence,
            iou=iou,
            clock=clock,
            inference=inference,
        )
        return {**found, "milliseconds": clock.milliseconds}


@dataclass(frozen=True)
class _Merged:
    """What all models together make of an image's windows, as `pick` wants it.

    Attributes:
        opinions: Of every model.
        merge: As `Combination` has it.
        margins: float32 (N, K), logarithms of the odds that the scores stand for.
    """

    opinions: Sequence[Opinion]
    merge: Merge
    margins: Floats

    def offsets(self, rows: Indices, labels: Indices) -> Floats:
        """Return the offsets of windows, given by number, for one class each: float32 (M, 4)."""
        return _mixed_offsets(self.opinions, self._shares(rows, labels), rows, labels)

    def reported(self, rows: Indices, labels: Indices) -> Floats:
        """Return the margin of the model whose window it is, or the mean of all: float32 (M,)."""
        margins = np.array([opinion.reported(rows, labels) for opinion in self.opinions], np.float32)
        return np.asarray((margins * self._shares(rows, labels)).sum(axis=0), np.float32)

    def _shares(self, rows: Indices, labels: Indices) -> Floats:
        """Return the part of every model in these windows: float32 (models, M), adding up to 1."""
        count = len(self.opinions)
        if self.merge == "mean":
            return np.full((count, len(rows)), 1 / count, np.float32)
        winners = np.argmax([_log_odds(opinion)[rows, labels] for opinion in self.opinions], axis=0)
        return np.asarray(np.arange(count)[:, None] == winners, np.float32)


def _calibrated(opinion: Opinion) -> Floats:
    """Return the logarithms of the odds that scores stand for, which do not saturate as scores do: float32 (N, K)."""
    calibration = opinion.scorer.calibration
    return np.asarray(calibration.slope * opinion.margins + calibration.offset, np.float32)


def _likely(opinion: Opinion) -> npt.NDArray[np.bool_]:
    """Return which windows are not background beyond doubt: bool (N, K)."""
    return opinion.margins > opinion.scorer.floor


def _log_odds(opinion: Opinion) -> Floats:
    """Return them as calibrated, minus infinity where a window is background beyond doubt: float32 (N, K)."""
    return np.where(_likely(opinion), _calibrated(opinion), np.float32(-np.inf))


def _highest(opinions: Sequence[Opinion]) -> Floats:
    """Return the best model's log odds of every window, which overlaps itself in the union: float32 (N, K)."""
    return np.asarray(np.maximum.reduce([_log_odds(opinion) for opinion in opinions]), np.float32)


def _mean(opinions: Sequence[Opinion]) -> Floats:
    """Return the log odds of the mean score, minus infinity where no model finds a window likely: float32 (N, K)."""
    calibrated = np.array([_calibrated(opinion) for opinion in opinions], np.float64)
    # Of p and 1 - p each the logarithm of the sum: near 1 the scores themselves would all be the same.
    right, wrong = (np.logaddexp.reduce(-np.logaddexp(0, sign * calibrated)) for sign in (-1, 1))
    likely = np.logical_or.reduce([_likely(opinion) for opinion in opinions])
    return np.where(likely, right - wrong, -np.inf).astype(np.float32)


def _mixed_offsets(opinions: Sequence[Opinion], shares: Floats, rows: Indices, labels: Indices) -> Floats:
    """Return the sum of the models' offsets, float32 (M, 4), each asked only for windows that it has a share in."""
    mixed = np.zeros((len(rows), 4), np.float32)
    for opinion, share in zip(opinions, shares, strict=True):
        mine = np.flatnonzero(share)
        mixed[mine] += share[mine, None] * opinion.offsets(rows[mine], labels[mine])
    return mixed


def _check_classes(number: int, classes: Sequence[str], wanted: Sequence[str]) -> None:
    for label, (name, first) in enumerate(zip_longest(classes, wanted)):
        if name != first:
            has = "has no" if name is None else f"has {name!r} as"
            raise InputError(
                f"model {number}: {has} class {label}, where model 1 has {'none' if first is None else repr(first)}"
            )
