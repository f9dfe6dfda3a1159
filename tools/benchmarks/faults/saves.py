"""What is saved while system calls fail: every kind of output, an old and a new one."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from sppnet import detector, proposals
from sppnet.data import WRITERS, Results, detections_json, open_data, write_data, write_whole

from ...command.detecting.filming import FilmWriter
from ...command.shapes import write_shapes

CLASSES = ("dog", "cat")


class Save(NamedTuple):
    """One kind of output.

    Attributes:
        name: Of the file or folder.
        write: Writes the old one (0) or the new one (1) there.
        read: Reads it, after a save that was broken off, too.
        replaces: Whether something may be there before.
    """

    name: str
    write: Callable[[Path, int], object]
    read: Callable[[Path], object] = lambda path: None
    replaces: bool = True


def folder(_scratch: Path) -> Save:
    """Return the saving of a folder of two files."""

    def write(path: Path, version: int) -> None:
        with proposals.whole_folder(path) as partial:
            for name in ("a", "b"):
                (partial / name).write_bytes(bytes([version]) * 1000)

    return Save("folder", write, proposals.recover_folder)


def windows(_scratch: Path) -> Save:
    """Return the saving of windows."""

    def write(path: Path, version: int) -> None:
        proposals.write_windows(path, ((name, _boxes(version)) for name in ("a", "b")))

    return Save("windows.npz", write, lambda path: dict(proposals.read_windows(path)))


def cache(_scratch: Path) -> Save:
    """Return the saving of an entry of a cache."""
    search, image = proposals.SelectiveSearch(), np.zeros((8, 8, 3), np.uint8)

    def read(path: Path) -> None:
        found = proposals.WindowStore(path, search).load(image)
        if found is None:
            raise ValueError("the entry is missing")

    return Save("cache", lambda path, version: proposals.WindowStore(path, search).save(image, _boxes(version)), read)


def detections(_scratch: Path) -> Save:
    """Return the saving of detections, as reports, plots and pictures are saved, too."""
    found = {"boxes": _boxes(0), "labels": np.array([0, 1, 1]), "scores": np.array([0.9, 0.8, 0.7])}

    def write(path: Path, version: int) -> None:
        write_whole(path, detections_json([("a", found)] * (version + 1), CLASSES).encode())

    return Save("detections.json", write)


def coco(_scratch: Path) -> Save:
    """Return the saving of detections one image at a time, whose file is joined at the end."""

    def write(path: Path, version: int) -> None:
        results = Results(path)
        with WRITERS["coco"](results, CLASSES) as add:
            for number in range(version + 1):
                found = [{"label": "dog", "box": [0, 0, 8, 8], "score": 0.5, "margin": 0.0}]
                add(f"{number}", {"image": f"{number}.jpg", "width": 8, "height": 8, "detections": found})
        results.clean()

    return Save("results", write)


def data_set(scratch: Path) -> Save:
    """Return the writing of a data set."""
    write_shapes(scratch / "shapes", train=2, val=0)
    data = open_data(scratch / "shapes", "train")
    return Save("data", lambda path, version: write_data(path, "coco", {"train": data}), replaces=False)


def film(_scratch: Path) -> Save:
    """Return the writing of a film, which a library in C does."""

    def write(path: Path, version: int) -> None:
        with FilmWriter(path, Fraction(25)) as writer:
            for number in range(3):
                writer.write(Image.new("RGB", (64, 64), (100 * version, 80 * number, 0)), number / 25)

    return Save("film.mp4", write)


def model(_scratch: Path) -> Save:
    """Return the saving of a detector."""
    old = _detector()
    versions = old, old.rename_class("tvmonitor", "screen")
    return Save("model", lambda path, version: versions[version].save(path), detector.load_detector)


def classifier(_scratch: Path) -> Save:
    """Return the saving of a classifier."""
    images = [(np.full((32, 32, 3), 60 * number, np.uint8), number % 2) for number in range(4)]
    network = detector.Classifier(CLASSES, widths=(8,)).fit(images, sizes=(32,), epochs=1)
    metrics = network.metrics_, {**network.metrics_, "images": 5}

    def write(path: Path, version: int) -> None:
        network.metrics_ = metrics[version]
        network.save(path)

    return Save("classifier", write, detector.Classifier.load)


def exported(_scratch: Path) -> Save:
    """Return the export of a detector to ONNX."""
    old = _detector()
    versions = old, old.rename_class("tvmonitor", "screen")
    return Save(
        "exported", lambda path, version: detector.export_onnx(versions[version], path), proposals.recover_folder
    )


SAVES: dict[str, Callable[[Path], Save]] = {
    "folder": folder,
    "windows": windows,
    "cache": cache,
    "detections": detections,
    "coco": coco,
    "data-set": data_set,
    "film": film,
    "model": model,
    "classifier": classifier,
    "export": exported,
}
QUICK = ("folder", "windows", "detections", "coco")  # need neither torch nor a library of films
FOLDERS = ("folder", "model")  # tried as on systems that cannot exchange two names, too


def _detector() -> "detector.SPPNet":
    found = detector.load_detector("voc07-small")
    assert isinstance(found, detector.SPPNet)
    return found


def _boxes(version: int) -> Any:
    return np.array([[0, 0, 8, 8], [1, 1, 5 + version, 5], [2, 2, 8, 8]], np.float32)
