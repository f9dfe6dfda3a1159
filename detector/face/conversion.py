"""Detections as other libraries want them; pandas and supervision are used where they are installed."""

import importlib
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from .detections import Detections


def to_pandas(found: "Detections") -> Any:
    """Return a DataFrame; see `Detections.to_pandas`."""
    columns = {"name": found.names, "label": found.labels, "score": found.scores, "margin": found.margins}
    corners = dict(zip(("x1", "y1", "x2", "y2"), found.boxes.T, strict=True))
    return _needed("pandas", "to_pandas").DataFrame({**columns, **corners})


def to_supervision(found: "Detections") -> Any:
    """Return supervision's Detections; see `Detections.to_supervision`."""
    return _needed("supervision", "to_supervision").Detections(
        xyxy=found.boxes,
        confidence=found.scores,
        class_id=found.labels,
        data={"class_name": np.array(found.names, dtype=str)},
    )


def to_coco(found: "Detections", image_id: int | str | None) -> list[dict[str, Any]]:
    """Return COCO's results; see `Detections.to_coco`."""
    if image_id is None:
        if not isinstance(found.source, str | PathLike):
            raise InputError("to_coco needs an image_id where the image did not come from a file")
        stem = Path(found.source).stem
        image_id = int(stem) if stem.isdecimal() else stem
    return [
        {
            "image_id": image_id,
            "category_id": detection.label + 1,
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "score": detection.score,
        }
        for detection in found
        for x1, y1, x2, y2 in [detection.box]
    ]


def _needed(library: str, method: str) -> Any:
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library:
            raise
        raise ImportError(f"{method} needs {library}, which is not installed: pip install {library}") from None
