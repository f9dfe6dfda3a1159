"""What was found in an image: arrays by name for programs, one detection after the other for people."""

import io
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from sppnet.proposals import write_whole

from ..errors import InputError
from ..types import Floats, Indices
from . import conversion
from .pixels import pixels

if TYPE_CHECKING:
    from PIL import Image as Pillow

JPEG_QUALITY = 92
NAMED = 8  # detections that `repr` names


class Detection(NamedTuple):
    """One object that was found.

    Attributes:
        name: Of its class.
        label: Number of its class.
        score: Estimated probability that it is right, from 0 to 1.
        margin: What the score was estimated from.
        box: x1 y1 x2 y2 in pixels, right and bottom edge outside.
    """

    name: str
    label: int
    score: float
    margin: float
    box: tuple[float, float, float, float]


class Detections(dict[str, Any]):
    """The objects found in an image, best first.

    It is the dictionary that `predict` has always returned: "boxes" float32 (N, 4), "labels" int64 (N,), "scores" and
    "margins" float32 (N,), and "milliseconds" by stage. Its length, though, is that of the detections, and iteration
    gives a `Detection` each; `keys`, `items` and `in` are those of the dictionary.

    Args:
        found: That dictionary.
        classes: Names of the model's classes, in the order of their labels.
        source: The image as it was given, for `draw`; None if it is not kept.

    Attributes:
        classes: As given.
        source: As given.
    """

    def __init__(self, found: Mapping[str, Any], classes: Sequence[str], source: Any = None) -> None:
        super().__init__(found)
        self.classes, self.source = tuple(classes), source

    @property
    def boxes(self) -> Floats:
        """float32 (N, 4), x1 y1 x2 y2 in pixels, right and bottom edge outside."""
        boxes: Floats = self["boxes"]
        return boxes

    @property
    def labels(self) -> Indices:
        """int64 (N,), which of the classes each is."""
        labels: Indices = self["labels"]
        return labels

    @property
    def scores(self) -> Floats:
        """float32 (N,), from 0 to 1."""
        scores: Floats = self["scores"]
        return scores

    @property
    def margins(self) -> Floats:
        """float32 (N,), what the scores were estimated from."""
        margins: Floats = self["margins"]
        return margins

    @property
    def names(self) -> list[str]:
        """The name of the class of each."""
        return [self.classes[label] for label in self.labels.tolist()]

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Detection]:  # type: ignore[override]  # of detections, not of keys
        columns = (self.labels.tolist(), self.scores.tolist(), self.margins.tolist(), map(tuple, self.boxes.tolist()))
        return (Detection(name, *row) for name, row in zip(self.names, zip(*columns, strict=True), strict=True))

    @overload
    def __getitem__(self, key: str) -> Any: ...
    @overload
    def __getitem__(self, key: int) -> Detection: ...
    def __getitem__(self, key: str | int) -> Any:
        """Return an array by its name, or a detection by its number."""
        return super().__getitem__(key) if isinstance(key, str) else list(self)[key]

    def __repr__(self) -> str:
        where = f" in {self.source}" if isinstance(self.source, str | PathLike) else ""
        named = [f"{name} {score:.2f}" for name, score in zip(self.names[:NAMED], self.scores, strict=False)]
        more = [f"{len(self) - NAMED} more"] if len(self) > NAMED else []
        count = f"{len(self)} object{'s' * (len(self) != 1)}" if len(self) else "no objects"
        return f"<{count}{where}{': ' * bool(named)}{', '.join(named + more)}>"

    def draw(self, image: Any = None) -> "Pillow.Image":
        """Return the image, as a PIL image, with the boxes, names and scores on it.

        Args:
            image: As `predict` takes it. The default is the one that was given, where that is known: its path, or
                whatever a call of the model was given; `predict` does not keep arrays.

        Raises:
            InputError: If the image is not known and none is given.
        """
        from .drawing import draw

        source = self.source if image is None else image
        if source is None:
            raise InputError("the image is not kept with these detections: give it to draw and save")
        captions = [f"{name} {score:.2f}" for name, score in zip(self.names, self.scores, strict=True)]
        return draw(pixels(source, 0), self.boxes.tolist(), captions, self.labels.tolist())

    def save(self, file: str | PathLike[str], image: Any = None) -> None:
        """Write what `draw` returns into a file, in the format of its suffix.

        Raises:
            InputError: As `draw`; or if the suffix is not that of a format, or the folder is not there.
        """
        from PIL import Image as Pillow

        path = Path(file)
        kind = Pillow.registered_extensions().get(path.suffix.lower())
        if kind is None or kind not in Pillow.SAVE:
            raise InputError(f"{path}: images cannot be written as {path.suffix or 'a file without suffix'}; say .jpg")
        if not path.parent.is_dir():
            raise InputError(f"{path}: there is no folder {path.parent}")
        content = io.BytesIO()
        self.draw(image).save(content, kind, **({"quality": JPEG_QUALITY} if kind == "JPEG" else {}))
        write_whole(path, content.getbuffer())

    def to_pandas(self) -> Any:
        """Return a table with a row for each: name, label, score, margin, x1, y1, x2, y2.

        Raises:
            ImportError: If pandas is not installed.
        """
        return conversion.to_pandas(self)

    def to_supervision(self) -> Any:
        """Return what supervision draws, tracks and counts.

        Raises:
            ImportError: If supervision is not installed.
        """
        return conversion.to_supervision(self)

    def to_coco(self, image_id: int | str | None = None) -> list[dict[str, Any]]:
        """Return COCO's results: image_id, category_id (the label, from 1), bbox (x, y, width, height) and score.

        Args:
            image_id: The default is the name of the image's file without suffix, as a number if it is one.

        Raises:
            InputError: If none is given and the file is not known.
        """
        return conversion.to_coco(self, image_id)
