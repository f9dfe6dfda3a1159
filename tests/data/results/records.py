"""Records of two images that all formats are tried on."""

from pathlib import Path
from typing import Any

from sppnet.data import WRITERS, Results

CLASSES = ("dog", "cow")
DOG = {"label": "dog", "score": 0.75, "margin": 1.5, "box": [10.0, 20.0, 60.5, 80.0]}
COW = {"label": "cow", "score": 0.5, "margin": -0.25, "box": [100.0, 0.0, 160.0, 120.0]}


def record(image: str, *objects: dict[str, Any]) -> dict[str, Any]:
    return {"image": image, "width": 160, "height": 120, "detections": list(objects), "milliseconds": {"conv": 2.0}}


def written(kind: str, folder: Path, records: dict[str, dict[str, Any]] | None = None) -> dict[str, str]:
    """Return the files, by their paths, that a format makes of records, by default of two dogs' and no dog's."""
    results = Results(folder)
    with WRITERS[kind](results, CLASSES) as write:
        for name, one in (
            records or {"street": record("photos/street.png", DOG, COW), "sky": record("sky.jpg")}
        ).items():
            write(name, one)
    results.clean()
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}
