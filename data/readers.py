"""Opens the data set in a folder, whatever format it is in."""

from collections.abc import Sequence
from pathlib import Path

from .dataset import DataSet, Reader
from .errors import DataError
from .formats.coco import COCO
from .formats.csv_lines import CSV
from .formats.labelme import LabelMe
from .formats.voc.devkit import VOC
from .formats.voc.xml_files import VOCFiles
from .formats.yolo import YOLO

# A further format is a file with its reader, and a line here.
READERS: dict[str, Reader] = {
    "voc": VOC,
    "voc-xml": VOCFiles,
    "coco": COCO,
    "yolo": YOLO,
    "labelme": LabelMe,
    "csv": CSV,
}


def open_data(
    root: str | Path,
    split: str | None = None,
    *,
    classes: Sequence[str] | None = None,
    strict: bool = True,
    format: str | None = None,
) -> DataSet:
    """Return the images of a folder and their objects, by the reader that knows the folder's layout.

    Args:
        root: The folder of the data set, or one in which the reader finds it.
        split: Name of the part wanted, one of `splits(root)`. The default is every annotated image.
        classes: Class names in label order. The default is what the annotations name.
        strict: Raise at the first broken rule. If False, what breaks one is left out, and described in `problems`.
        format: Name of the reader, one of `READERS`. The default is the one that recognises the folder.

    Raises:
        DataError: If no reader knows the folder or several do, the split cannot be used, or (strict) an annotation
            breaks a rule or an image is missing.
    """
    return find_reader(Path(root), format)(root, split, classes=classes, strict=strict)


def splits(root: str | Path, *, format: str | None = None) -> list[str]:
    """Return the names of the splits of a data set, sorted; none if it is not divided.

    Raises:
        DataError: If no reader knows the folder, or several do.
    """
    return find_reader(Path(root), format).splits(root)


def find_reader(root: Path, format: str | None = None) -> Reader:
    """Return the reader of this name, or the one that recognises the folder; see `find_format`."""
    return READERS[find_format(root, format)]


def find_format(root: Path, format: str | None = None) -> str:
    """Return the name of a data set's format: the one that is given, or the one whose reader recognises the folder.

    Raises:
        DataError: If there is none, or several recognise it; says what was looked for.
    """
    if format is not None and format not in READERS:
        raise DataError(f"there is no data format {format!r}; there are {', '.join(READERS)}")
    if format is not None:
        return format
    found = [name for name, reader in READERS.items() if reader.recognises(root)]
    if not found:
        looked_for = "; or ".join(reader.layout for reader in READERS.values())
        raise DataError(f"{root}: no data set: it must hold {looked_for}")
    if len(found) > 1:
        raise DataError(f"{root}: may be a data set in several formats, choose one of {', '.join(found)}")
    return found[0]
