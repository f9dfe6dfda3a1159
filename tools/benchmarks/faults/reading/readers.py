"""Every reader of files: its smallest input, which files of it are damaged as what, and the calls that read it."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from sppnet import data, detector, proposals

from ....command.console import CommandError
from ....command.detecting.journal import NAME, Journal
from ....command.detecting.sources import Sources
from . import small_files as small
from . import small_models

# What a user's mistake may raise, and may be warned of.
OURS = (data.DataError, proposals.ProposalError, detector.InputError, detector.ModelError, CommandError)

Call = Callable[[Path], object]


class Reader(NamedTuple):
    """What reads some files.

    Attributes:
        files: Makes what they hold, by their names; the same each time.
        calls: Each reads the folder of them, or raises one of `OURS`.
        damaged: The end of a name -> what its content is damaged as; see `damage`. Others stay as they are.
    """

    files: Callable[[], Mapping[str, bytes]]
    calls: Sequence[Call]
    damaged: Mapping[str, str]


def _pictures(form: str = "{}.jpg") -> dict[str, bytes]:
    return {form.format(name): small.picture() for name in small.BOXES}


def _each(form: str, content: Callable[[str], bytes]) -> dict[str, bytes]:
    return {form.format(name): content(name) for name in small.BOXES}


def _all_of(found: data.DataSet) -> int:
    """Read all of a data set, and return how many images it has."""
    for problem in found.problems:
        if "\n" in problem:
            raise AssertionError(f"a problem of several lines: {problem!r}")
    for number in range(len(found)):
        found.target(number)
        found.image(number)
    return len(found)


def _data_set(format: str, *, split: str | None = None) -> tuple[Call, ...]:
    """Return what reads a data set to learn from it, with and without its mistakes, and looks for them."""
    return (
        lambda root: _all_of(data.open_data(root, split, format=format)),
        lambda root: _all_of(data.open_data(root, format=format, strict=False)),
        lambda root: data.check_data(root, format=format, keep=5).errors,
        lambda root: data.splits(root),
    )


def _image(name: str, root: Path) -> object:
    return data.read_image(root / name).shape


def _detections(name: str, root: Path) -> object:
    found = data.read_detections(root / name, list(small.BOXES), ("cat", "dog"))
    return sum(len(one["scores"]) for one in found)


def _windows(name: str, root: Path) -> object:
    return sum(len(windows) for windows in dict(proposals.read_windows(root / name)).values())


def _detector(root: Path, engine: str) -> object:
    model = detector.load_detector(root, engine=engine)
    importlib.import_module("sppnet.tools.training.memory").memory(model)
    return model.classes


def _weights(name: str, root: Path) -> object:
    return detector.load_backbone(small_models.BACKBONE, root / name).name


def _weights_file(name: str) -> bytes:
    return small_models.weights_files()[name]


def _windows_file(name: str) -> bytes:
    items = [(image, np.array(boxes, np.float32)) for image, boxes in small.BOXES.items()]
    with TemporaryDirectory() as folder:
        proposals.write_windows(Path(folder, name), items)
        return Path(folder, name).read_bytes()


def _stored_windows() -> tuple[Any, proposals.WindowStore, Any]:
    image = np.zeros((8, 8, 3), np.uint8)
    return image, proposals.WindowStore(".", proposals.SelectiveSearch(limit=5)), np.array([[0, 0, 4, 4]], np.float32)


def _window_file() -> Mapping[str, bytes]:
    image, store, windows = _stored_windows()
    with TemporaryDirectory() as folder:
        store.folder = Path(folder)
        store.save(image, windows)
        [file] = store.folder.rglob("*.windows")
        return {str(file.relative_to(folder)): file.read_bytes()}


def _window_store(root: Path) -> object:
    image, store, windows = _stored_windows()
    store.folder = root
    return _same_or_none(store.load(image), windows)


def _array_cache(root: Path) -> object:
    cache = importlib.import_module("sppnet.detector.files.cache").ArrayCache(root)
    return _same_or_none(cache.load("key"), np.arange(12.0).reshape(3, 4))


def _checkpoint(root: Path) -> object:
    checkpoint = importlib.import_module("sppnet.detector.training.layers.checkpoint").Checkpoint(root)
    found = checkpoint.load("key")
    return _same_or_none(found and found["weights"].numpy(), np.arange(4.0, dtype=np.float32))


def _same_or_none(found: Any, kept: Any) -> object:
    """Return what a cache gave; it must be what was kept, or nothing."""
    if found is not None and not np.array_equal(found, kept):
        raise AssertionError("a damaged file of a cache was used")
    return "nothing" if found is None else "the same"


def _journal(root: Path) -> object:
    journal = Journal(root, {"confidence": 0.5}, resume=True)
    results = data.Results(root / "results", journal.sizes)
    return [*journal.remaining(iter(["a.jpg", "b.jpg"]))], results.sizes


def _journal_files() -> Mapping[str, bytes]:
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder), {"confidence": 0.5}, resume=True)
        journal.note("a.jpg", skipped=False, sizes={"detections.jsonl": 3})
        return {NAME: Path(folder, NAME).read_bytes(), "results/detections.jsonl": b"{}\n"}


def _resumed(root: Path) -> object:
    resuming = importlib.import_module("sppnet.tools.training.resuming")
    options = {"--epochs": 3, "--data": "x"}
    return resuming.Run(options, "0123").earlier(root, wanted=False) is not None


def _log(root: Path) -> object:
    log = importlib.import_module("sppnet.tools.training.log")
    return len(log.Log(root / log.FILE, goes_on=True).lines({}))


def _image_list(root: Path) -> object:
    sources = [source for source in Sources([f"@{root / 'list.txt'}"]) if not source.is_address]
    for source in sources:
        with suppress(data.DataError):  # there is no such image
            source.read()
    return len(sources)


IMAGES: dict[str, Callable[[], bytes]] = {
    "jpeg.jpg": small.picture,
    "progressive.jpg": partial(small.picture, progressive=True, exif=small.turned()),
    "cmyk.jpg": partial(small.picture, mode="CMYK"),
    "colour.png": partial(small.picture, "PNG", exif=small.turned()),
    "palette.png": partial(small.picture, "PNG", "P", transparency=3),
    "deep.png": partial(small.picture, "PNG", "I;16"),
    "lossy.webp": partial(small.picture, "WEBP"),
    "lossless.webp": partial(small.picture, "WEBP", "RGBA", lossless=True),
    "picture.avif": partial(small.picture, "AVIF"),
    "plain.bmp": partial(small.picture, "BMP"),
    "runs.bmp": small.run_length_bmp,
    "plain.tif": partial(small.picture, "TIFF"),
    "packed.tif": partial(small.picture, "TIFF", compression="tiff_lzw"),
    "jpeg.tif": partial(small.picture, "TIFF", compression="jpeg"),
    "deep.tif": partial(small.picture, "TIFF", "I;16"),
}
DETECTIONS = {"list.json": "list", "coco.json": "coco", "records.json": "records", "lines.jsonl": "lines"}


def _one_file(name: str, content: Callable[[], bytes], call: Callable[[str, Path], object], kind: str) -> Reader:
    return Reader(lambda: {name: content()}, (partial(call, name),), {name: kind})


def _model(files: Callable[[], Mapping[str, bytes]], *calls: Call) -> Reader:
    return Reader(files, calls, {".json": "json", ".safetensors": "safetensors"})


READERS: dict[str, Reader] = {
    "voc": Reader(
        lambda: {
            **_pictures("VOC2007/JPEGImages/{}.jpg"),
            **_each("VOC2007/Annotations/{}.xml", small.voc_xml),
            "VOC2007/ImageSets/Main/train.txt": b"a\nb\n",
        },
        _data_set("voc", split="train"),
        {".xml": "text", ".txt": "text"},
    ),
    "voc-xml": Reader(
        lambda: {**_pictures(), **_each("{}.xml", small.voc_xml)}, _data_set("voc-xml"), {".xml": "text"}
    ),
    "coco": Reader(
        lambda: {**_pictures("images/{}.jpg"), "annotations/instances_train.json": small.coco_json()},
        _data_set("coco"),
        {".json": "json"},
    ),
    "yolo": Reader(
        lambda: {
            **_pictures("images/{}.jpg"),
            **_each("labels/{}.txt", small.yolo_labels),
            "list.txt": b"images/a.jpg\nimages/b.jpg\n",
            "data.yaml": b"path: .\ntrain: images\nval: list.txt\nnc: 2\nnames:\n  0: cat\n  1: dog\n",
        },
        _data_set("yolo"),
        {".txt": "text", ".yaml": "text"},
    ),
    "yolo classes.txt": Reader(
        lambda: {**_pictures(), **_each("{}.txt", small.yolo_labels), "classes.txt": b"cat\ndog\n"},
        _data_set("yolo"),
        {".txt": "text", "b.jpg": "bytes"},
    ),
    "labelme": Reader(
        lambda: {**_pictures(), **_each("{}.json", small.labelme_json)}, _data_set("labelme"), {".json": "json"}
    ),
    "csv": Reader(lambda: {**_pictures(), "boxes.csv": small.table()}, _data_set("csv"), {".csv": "text"}),
    **{
        f"detections {name}": _one_file(name, partial(small.detections, form), _detections, "json")
        for name, form in DETECTIONS.items()
    },
    "detections coco data set": _one_file("d.json", partial(small.coco_json, scores=True), _detections, "json"),
    **{
        f"windows .{kind}": _one_file(f"windows.{kind}", partial(_windows_file, f"windows.{kind}"), _windows, form)
        for kind, form in (("npz", "zip"), ("json", "json"))
    },
    "windows .mat": _one_file("windows.mat", small.matlab, _windows, "bytes"),
    "windows packed .mat": _one_file("windows.mat", partial(small.matlab, packed=True), _windows, "bytes"),
    **{
        f"image {name}": _one_file(name, content, _image, "png" if name.endswith("png") else "bytes")
        for name, content in IMAGES.items()
    },
    "image list": Reader(lambda: {"list.txt": b"a.jpg\nb.jpg\n"}, (_image_list,), {".txt": "text"}),
    "notes of a run": Reader(_journal_files, (_journal,), {".json": "json"}),
    "windows kept": Reader(_window_file, (_window_store,), {".windows": "bytes"}),
    "detector": _model(small_models.detector_files, partial(_detector, engine="auto")),
    "detector in torch": _model(small_models.detector_files, partial(_detector, engine="torch")),
    "tuned detector": _model(partial(small_models.detector_files, tuned=True), partial(_detector, engine="auto")),
    "classifier": _model(small_models.classifier_files, lambda root: detector.Classifier.load(root).classes),
    **{
        f"weights {name}": _one_file(name, partial(_weights_file, name), _weights, kind)
        for name, kind in (("new.pth", "zip"), ("old.pth", "pickle"), ("weights.safetensors", "safetensors"))
    },
    "arrays kept": Reader(small_models.cache_files, (_array_cache,), {".array": "bytes"}),
    "states of trainings": Reader(small_models.cache_files, (_checkpoint,), {".pt": "bytes"}),
    "training.json": Reader(
        lambda: {"training.json": small.as_json({"options": {"--epochs": 3, "--data": "x"}, "data": "0123"})},
        (_resumed,),
        {".json": "json"},
    ),
    "log.jsonl": Reader(
        lambda: {"log.jsonl": b'{"stage": "tuning", "epoch": 1, "loss": 0.5}\n{"stage": "maps", "seconds": 3.5}\n'},
        (_log,),
        {".jsonl": "json"},
    ),
}
