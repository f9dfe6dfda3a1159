"""What all detectors do with images, whatever they are made of: take them as people have them, one or many."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from ..checks import check_windows
from ..errors import InputError
from ..scoring.inference import Inference
from ..types import Floats, Image
from .detections import Detections
from .pixels import listed, pixels

if TYPE_CHECKING:
    from PIL import Image as Pictures

CONFIDENCE = 0.5  # a detection that is as likely right as wrong


class Predictor(ABC):
    """Finds objects in images.

    Attributes:
        classes: Names of the classes, in the order of their labels.
        confidence: Least score of a detection where a call names none.
    """

    classes: tuple[str, ...]
    confidence: float

    @overload
    def __call__(
        self,
        images: "str | PathLike[str] | bytes | Pictures.Image",
        *,
        confidence: float | None = None,
        iou: float = 0.3,
        inference: Inference | None = None,
    ) -> Detections: ...
    @overload
    def __call__(
        self,
        images: list[Any] | tuple[Any, ...] | Iterator[Any],
        *,
        confidence: float | None = None,
        iou: float = 0.3,
        inference: Inference | None = None,
    ) -> list[Detections]: ...
    @overload  # of an array, whose dimensions are no part of its type: one image or several
    def __call__(
        self,
        images: Any,
        *,
        confidence: float | None = None,
        iou: float = 0.3,
        inference: Inference | None = None,
    ) -> Any: ...
    def __call__(
        self, images: Any, *, confidence: float | None = None, iou: float = 0.3, inference: Inference | None = None
    ) -> Any:
        """Return the objects found in an image, or a list of them for several; what one usually wants.

        Args:
            images: As `predict` takes them; the detections keep them, to be drawn on.
            confidence: Least score of a detection. The default is the model's own.
            iou: Of two detections of one class that overlap by more, the better stays.
            inference: Scales, mirror image, and what else is done beyond the usual; by default nothing.

        Returns:
            `Detections`, best first, or a list of such.

        Raises:
            ModelError: If the model is neither fitted nor loaded.
            InputError: As `predict`.
        """
        sources, alone = listed(images)
        least = self.confidence if confidence is None else confidence
        found = self.predict(sources, confidence=least, iou=iou, inference=inference)
        for detections, source in zip(found, sources, strict=True):
            detections.source = source
        return found[0] if alone else found

    def predict(
        self,
        images: Any,
        *,
        windows: Sequence[Floats] | None = None,
        confidence: float = 0.0,
        iou: float = 0.3,
        inference: Inference | None = None,
    ) -> list[Detections]:
        """Return the objects found in images, whatever their scores; for evaluation, say.

        Args:
            images: One or several in a list: paths, bytes of files, PIL images, or arrays (H, W, 3) RGB, (H, W) or
                (H, W, 4), of uint8 or of floats. What becomes of each is told in `pixels.py`.
            windows: float32 (N, 4) for each image; by default the model's own search proposes them.
            confidence: Least score of a detection.
            iou: Of two detections of one class that overlap by more, the better stays.
            inference: Scales, mirror image, and what else is done beyond the usual; by default nothing.

        Returns:
            For each image a dictionary, best first: "boxes" float32 (N, 4), "labels" int64 (N,), "scores" float32
            (N,) from 0 to 1, "margins" float32 (N,), and "milliseconds" by stage. No windows give N = 0. They know
            the path of their image, but keep no pixels. See `Detections` for what else they can do.

        Raises:
            ModelError: If the model is neither fitted nor loaded.
            InputError: If an image breaks a rule, the windows do not match the images, or inference asks for scales
                that the method does not know.
        """
        sources, _ = listed(images)
        if windows is not None and len(windows) != len(sources):
            raise InputError(f"{len(sources)} images need as many arrays of windows, not {len(windows)}")
        inference, found = inference or Inference(), []
        for start in range(0, len(sources), step := self._at_once()):
            some = range(start, min(start + step, len(sources)))
            images = [pixels(sources[number], number) for number in some]
            given = None if windows is None else [check_windows(windows[number], number) for number in some]
            for number, objects in zip(some, self._detect_all(images, given, confidence, iou, inference), strict=True):
                source = sources[number]
                path = source if isinstance(source, str | PathLike) else None
                found.append(Detections(objects, self.classes, path))
        return found

    def _at_once(self) -> int:
        """Return of how many images there are pixels at a time."""
        return 1

    def _detect_all(
        self,
        images: Sequence[Image],
        windows: Sequence[Floats] | None,
        confidence: float,
        iou: float,
        inference: Inference,
    ) -> list[dict[str, Any]]:
        """Return what `_detect` does of every image."""
        given: Sequence[Floats | None] = windows or [None] * len(images)
        return [self._detect(image, own, confidence, iou, inference) for image, own in zip(images, given, strict=True)]

    @abstractmethod
    def _detect(
        self, image: Image, windows: Floats | None, confidence: float, iou: float, inference: Inference
    ) -> dict[str, Any]:
        """Return the objects among an image's windows, or among those that are proposed, as a dictionary."""
