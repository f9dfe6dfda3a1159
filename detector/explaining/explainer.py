"""A model's detections traced back to windows, and windows to the parts of their scores."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_image, check_windows
from ..errors import InputError
from ..face.detections import Detections
from ..face.predictor import Predictor
from ..files.examples import Neighbour
from ..model import SPPNet
from ..pooling.features import WindowFeatures
from ..scoring.boxes import clip, decode
from ..scoring.detection import Opinion
from ..scoring.picking import pick
from ..timing import Stopwatch
from ..types import Floats, Image, Indices
from .pooled import Pooled, pool, rounded
from .reasons import Reason, is_exact, reason


@dataclass(frozen=True)
class Explanation:
    """Why a window scored what it scored.

    Attributes:
        best: Why the class that is explained has its margin.
        second: Why the best of the other classes has its own; None if there is no other.
        pooled: What was pooled for the window.
        window: float32 (4,), as it was proposed or given.
        offsets: float32 (4,), by which regression moves it: shift as a part of its size, logarithm of its growth.
        box: float32 (4,), where that moves it, inside the image.
        exact: Whether margins are linear in the pooled vector. If not, parts are slopes times values, of which the bias
            is what is left.
        object: Number of the detection, from 0; None for a given window.
        neighbours: The training examples nearest to the window, where the model keeps some.
    """

    best: Reason
    second: Reason | None
    pooled: Pooled
    window: Floats
    offsets: Floats
    box: Floats
    exact: bool
    object: int | None = None
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def difference(self) -> float:
        """By how much parts, bias and rivals miss the margin at most, of the best class and the second."""
        return max(abs(each.total - each.margin) for each in (self.best, self.second) if each is not None)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "object": self.object,
            "label": self.best.name,
            "score": self.best.score,
            "margin": self.best.margin,
            "window": rounded(self.window),
            "offsets": rounded(self.offsets, 4),
            "box": rounded(self.box),
            "exact": self.exact,
            "difference": self.difference,
            "best": self.best.to_json(self.pooled),
            "second": self.second and self.second.to_json(self.pooled),
            "pooled": self.pooled.to_json(),
            "neighbours": [
                {"label": each.name, "distance": each.distance, "jpeg": b64encode(each.crop).decode()}
                for each in self.neighbours
            ],
        }


class Explainer:
    """Tells why a model finds what it finds.

    Args:
        model: A fitted or loaded SPP-net.

    Raises:
        InputError: If it is another kind of detector, whose windows have no cells on a shared map.
        ModelError: If it is neither fitted nor loaded.
    """

    def __init__(self, model: Predictor) -> None:
        if not isinstance(model, SPPNet) or not isinstance(model.fitted()[0], WindowFeatures):
            kind = getattr(model, "method", type(model).__name__)
            raise InputError(f"only one SPP-net can be explained, whose windows share a map, not a model of {kind!r}")
        self.model = model

    def look(
        self, image: Image, *, windows: Floats | None = None, confidence: float | None = None, iou: float = 0.3
    ) -> "Look":
        """Return an image with all that is computed of it once.

        Args:
            image: uint8 (H, W, 3).
            windows: float32 (N, 4); by default the model's own search proposes them.
            confidence: Least score of a detection. The default is the model's own.
            iou: Of two detections of one class that overlap by more, the better stays.

        Raises:
            InputError: If the image or a window breaks a rule.
        """
        check_image(image, 0)
        confidence = self.model.confidence if confidence is None else confidence
        clock = Stopwatch()
        if windows is None:
            with clock("proposals"):
                windows = self.model.search(image)
        return Look(self.model, image, check_windows(windows, 0), confidence, iou, clock)


class Look:
    """An image as a model has seen it; made by `Explainer.look`.

    Attributes:
        image: uint8 (H, W, 3).
        windows: float32 (N, 4), those proposed, best first.
        detections: As `SPPNet.predict` gives them.
        sources: int64 (M,), which of the windows each detection was before regression.
    """

    def __init__(
        self, model: SPPNet, image: Image, windows: Floats, confidence: float, iou: float, clock: Stopwatch
    ) -> None:
        features, self._scorer = model.fitted()
        assert isinstance(features, WindowFeatures)
        self._features, self.classes, self._examples = features, model.classes, model.examples_
        self.image, self.windows, self._size = image, windows, (image.shape[0], image.shape[1])
        self._maps = features.maps(image, features.scales, windows, clock)
        scales = features.scales_of(windows, self._size)
        vectors = features.project(self._maps, windows, scales, self._size)
        opinion = Traced(self._scorer.opinion(vectors, clock=clock))
        found = pick(
            windows,
            opinion,
            self._size,
            floor=self._scorer.floor,
            scores=self._scorer.calibration.scores,
            confidence=confidence,
            iou=iou,
            clock=clock,
        )
        self.detections = Detections({**found, "milliseconds": clock.milliseconds}, model.classes)
        self.sources = opinion.rows

    def pooled(self, box: Any) -> Pooled:
        """Return what is pooled for any window, x1 y1 x2 y2 in pixels of the image.

        Raises:
            InputError: If it is not finite, not of positive sides, or outside the image.
        """
        return pool(self._features, self._maps, self._checked(box), self._size)

    def explain(self, object: int | None = None, *, box: Any = None, label: int | None = None) -> Explanation:
        """Return why a detection, or a window, scored what it scored.

        Args:
            object: Number of the detection, from 0, best first.
            box: Any window instead, x1 y1 x2 y2 in pixels of the image.
            label: Number of the class to explain for a box. The default is the one of the highest margin.

        Raises:
            InputError: If there is no such detection or class, not one of object and box is given, or the box breaks a
                rule; see `pooled`.
        """
        if (object is None) == (box is None):
            raise InputError("give either the number of an object or a box")
        if object is not None:
            if not 0 <= object < len(self.detections):
                raise InputError(f"there is no object {object}: {len(self.detections)} were found, counted from 0")
            label, box = int(self.detections.labels[object]), self.windows[self.sources[object]]
        elif label is not None and not 0 <= label < len(self.classes):
            raise InputError(f"there is no class {label}: there are {len(self.classes)}, counted from 0")
        window = self._checked(box) if object is None else box
        return self._explained(window, label, object)

    def _explained(self, window: Floats, label: int | None, object: int | None) -> Explanation:
        features, scorer, windows = self._features, self._scorer, window[None]
        vectors = features.project(self._maps, windows, features.scales_of(windows, self._size), self._size)
        margins = scorer.margins(vectors)[0]
        order = np.argsort(-margins, kind="stable").tolist()
        best = order[0] if label is None else label
        pooled = pool(features, self._maps, window, self._size)
        others = [other for other in order if other != best][:1]
        reasons = [
            reason(features, scorer, pooled, each, float(margins[each]), self.classes[each]) for each in (best, *others)
        ]
        offsets = scorer.offsets(vectors, np.zeros(1, np.int64), np.array([best]))
        return Explanation(
            best=reasons[0],
            second=reasons[1] if others else None,
            pooled=pooled,
            window=window,
            offsets=offsets[0],
            box=clip(decode(windows, offsets), *self._size)[0],
            exact=is_exact(features),
            object=object,
            neighbours=self._examples.nearest(vectors.all()[0]) if self._examples else (),
        )

    def _checked(self, box: Any) -> Floats:
        """Return a window as float32 (4,), or raise InputError that names it."""
        try:
            with np.errstate(over="ignore"):  # to infinity, which is refused
                window = np.asarray(box, np.float32)
        except (TypeError, ValueError):
            window = np.zeros(0, np.float32)
        height, width = self._size
        if window.shape != (4,) or not np.isfinite(window).all():
            raise InputError(f"box {box}: must be four finite numbers, x1 y1 x2 y2")
        if not (window[:2] < window[2:]).all():
            raise InputError(f"box {box}: needs x1 < x2 and y1 < y2")
        if not (window[2:] > 0).all() or not (window[:2] < [width, height]).all():
            raise InputError(f"box {box}: must touch the image of {width} x {height} pixels")
        return window


class Traced:
    """An opinion that notes which windows became detections.

    Attributes:
        margins: As the opinion's.
        rows: int64 (M,), numbers of the windows, once `pick` has chosen them.
    """

    def __init__(self, opinion: Opinion) -> None:
        self._opinion, self.margins = opinion, opinion.margins
        self.rows: Indices = np.zeros(0, np.int64)

    def offsets(self, rows: Indices, labels: Indices) -> Floats:
        """Return the offsets of windows, given by number, for one class each: float32 (M, 4)."""
        return self._opinion.offsets(rows, labels)

    def reported(self, rows: Indices, labels: Indices) -> Floats:
        """Return the margins of the windows that are detections: float32 (M,)."""
        self.rows = rows
        return self._opinion.reported(rows, labels)
