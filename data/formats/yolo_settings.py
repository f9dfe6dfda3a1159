"""What a YOLO data set says of itself: the names of its classes, and where its splits are (data.yaml, classes.txt)."""

import re
import reprlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataError
from .annotated import Parts
from .layouts import files_of, folders_of, holds_image, is_there, read_text, some_begin, some_files

SPLITS = ("train", "val", "test")  # keys of the settings; others are splits, too, if they name what is there
NO_SPLITS = ("path", "names", "nc", "kpt_shape", "flip_idx", "download", "channels")
USUAL_FILE, CLASSES = "data.yaml", "classes.txt"
MAX_BYTES = 1 << 20  # of the settings: YAML takes seconds for a megabyte
_NAMES = re.compile(r"^['\"]?names['\"]?\s*:", re.MULTILINE)


class Settings(NamedTuple):
    """What is said of a data set."""

    names: dict[int, str]  # of the classes, by their numbers in the files
    parts: Parts  # images of each split: folders, or files that list them
    keypoints: bool  # whether more numbers follow those of a box


def is_described(root: Path) -> bool:
    """Return whether a folder or file looks like a YOLO data set."""
    return bool(_settings_files(root)) or bool(_plain_parts(root))


def find_settings(root: Path) -> Settings | None:
    """Return what is said of the data set in a folder or YAML file; None if it is none.

    Raises:
        DataError: If it cannot be understood.
    """
    if files := _settings_files(root):
        usual = [file for file in files if file.name == USUAL_FILE] or files
        if len(usual) > 1:
            raise DataError(f"{root}: holds several data sets, choose one of {', '.join(map(str, usual))}")
        return _read_settings(usual[0])
    if parts := _plain_parts(root):
        return Settings(_listed_names(root), parts, False)
    return None


def _settings_files(root: Path) -> list[Path]:
    files = [root] if root.is_file() and root.suffix.lower() in (".yaml", ".yml") else files_of(root, ".yaml", ".yml")
    return [file for file in files if some_begin([file], lambda text: bool(_NAMES.search(text)))]


def _plain_parts(root: Path) -> Parts:
    """Return the splits of a folder without settings: images/ and labels/, or images and labels side by side."""
    images, labels = root / "images", root / "labels"
    if images.is_dir() and labels.is_dir():
        inner = {folder.name: [folder] for folder in folders_of(images) if holds_image(folder)}
        labelled = any(some_files(folder, ".txt") for folder in (labels, *folders_of(labels)))
        return (inner or {"": [images]}) if labelled or (root / CLASSES).is_file() else {}
    return {"": [root]} if (root / CLASSES).is_file() and holds_image(root) else {}


def _listed_names(root: Path) -> dict[int, str]:
    for file in (root / CLASSES, root / "labels" / CLASSES):
        if file.is_file():
            names = [line.strip() for line in read_text(file).splitlines()]
            return {count: name for count, name in enumerate(names) if name}
    raise DataError(f"{root}: {CLASSES} or {USUAL_FILE} must name the classes, and neither is there")


def _read_settings(file: Path) -> Settings:
    import yaml  # here: only this format needs it

    try:
        content = yaml.load(read_text(file, MAX_BYTES), Loader=yaml.BaseLoader)  # text only: a class may be called `no`
    except RecursionError as error:
        raise DataError(f"{file}: no readable YAML: it is nested too deeply") from error
    except yaml.YAMLError as error:
        raise DataError(f"{file}: no readable YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise DataError(f"{file}: must hold names, and train, val or test")
    if not isinstance(path := content.get("path", ""), str):
        raise DataError(f"{file}: path must be a folder, got {reprlib.repr(path)}")
    bases = [file.parent / path] if path else []
    parts = {
        key: [_found(entry, [*bases, file.parent]) for entry in entries]
        for key, entries in _split_entries(content, [*bases, file.parent])
    }
    if not parts:
        raise DataError(f"{file}: must say where the images are: train, val or test")
    around = file.resolve().parents[2:]
    for place in (place for places in parts.values() for place in places):
        if is_there(place) and place.resolve() in around:  # all of it would be looked through
            raise DataError(f"{file}: images must be in a folder of their own, not one around this, got {place}")
    return Settings(_names(content, file), parts, "kpt_shape" in content)


def _names(content: dict[str, Any], file: Path) -> dict[int, str]:
    names = content.get("names")
    entries = dict(enumerate(names)) if isinstance(names, list) else names if isinstance(names, dict) else {}
    try:
        found = {int(key): name.strip() for key, name in entries.items() if isinstance(name, str)}
    except ValueError:
        found = {}
    if not found or len(found) < len(entries) or len(set(found.values())) < len(found):
        raise DataError(f"{file}: names must be a list of different names, or a map from whole numbers to these")
    if (count := content.get("nc") or str(len(found))) != str(len(found)):
        raise DataError(f"{file}: nc must be the number of names, {len(found)}, got {reprlib.repr(count)}")
    return dict(sorted(found.items()))


def _split_entries(content: dict[str, Any], bases: list[Path]) -> Iterator[tuple[str, list[str]]]:
    for key, value in content.items():
        entries = [value] if isinstance(value, str) else value
        if key in NO_SPLITS or not isinstance(entries, list):
            continue
        entries = [entry for entry in entries if isinstance(entry, str) and entry]
        if entries and (key in SPLITS or all(is_there(_found(entry, bases)) for entry in entries)):
            yield key, entries


def _found(entry: str, bases: list[Path]) -> Path:
    """Return where a path of the settings leads; Roboflow's lead out of the folder by one step too many."""
    places = [base / way for base in bases for way in (entry, entry.removeprefix("../"))]
    return next((place for place in places if is_there(place)), places[0])
