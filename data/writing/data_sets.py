"""Writes a data set in any of the formats, image by image, into a folder that appears complete or not at all."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from ..atomic import whole_folder
from ..dataset import DataSet
from ..decoding.image_sizes import image_size
from ..errors import DataError
from ..formats.things import Annotation, Thing, check_picture, checked, clipped
from ..formats.voc.devkit import VOC_CLASSES
from .coco import COCO_WRITER
from .csv_lines import CSV_WRITER
from .entries import Entry, Writer, plain_name
from .labelme import LABELME_WRITER
from .voc import VOC_FILES_WRITER, VOC_WRITER
from .yolo import YOLO_WRITER

# A further format is a file with its writer, and a line here.
DATA_WRITERS: dict[str, Writer] = {
    "voc": VOC_WRITER,
    "voc-xml": VOC_FILES_WRITER,
    "coco": COCO_WRITER,
    "yolo": YOLO_WRITER,
    "labelme": LABELME_WRITER,
    "csv": CSV_WRITER,
}
Images = Literal["copy", "link", "none"]


def write_data(
    folder: Path,
    format: str,
    parts: Mapping[str, DataSet],
    *,
    images: Images = "copy",
    progress: Callable[[str, int, int], None] | None = None,
) -> list[str]:
    """Write data sets as the splits of a new one, and return what its format cannot hold, in sentences for a person.

    Boxes come back exactly as they are, to the last bit of float32, from every format. Images keep their ids as names,
    with _ for what is no part of a plain name, and with the split before it where two would be the same.

    Args:
        folder: Folder to make; it must not exist, or be empty.
        format: One of `DATA_WRITERS`.
        parts: Split -> its images. The split "" stands for a data set without splits, and must be the only one then.
        images: Whether images are copied, linked to, or left out.
        progress: Called with "images", how many have been written, and how many there are.

    Raises:
        DataError: If the folder holds something, an image is in two parts or cannot be read, or a size or box does
            not fit its image.
    """
    if format not in DATA_WRITERS:
        raise DataError(f"there is no format {format!r} to write; there are {', '.join(DATA_WRITERS)}")
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: must be a new or empty folder: nothing is written over")
    source = _Source(parts, images, progress or (lambda stage, done, total: None))
    writer = DATA_WRITERS[format]
    with whole_folder(folder) as partial:
        for split in parts:
            (partial / writer.images(split)).mkdir(parents=True, exist_ok=True)
            writer.write(partial, split, source.entries(split, partial, writer), source.categories)
    return list(source.losses(format))


class _Source:
    """The images to write, under their new names, and what is counted of them on the way."""

    def __init__(self, parts: Mapping[str, DataSet], images: Images, progress: Callable[[str, int, int], None]) -> None:
        self._parts, self._images, self._progress = parts, images, progress
        self._names = _names(parts)
        self.categories = _categories(parts)
        self._total = sum(map(len, parts.values()))
        self._counts, self._shown = Counter[str](), set[str]()

    def entries(self, split: str, folder: Path, writer: Writer) -> Iterator[Entry]:
        """Put the images of a part into the folder, one by one, and yield what is to be written of them."""
        data = self._parts[split]
        for number, name in enumerate(self._names[split]):
            file = data.image_path(number)
            image = (Path(writer.images(split)) / f"{name}{file.suffix}").as_posix()
            size, things = _checked(data, number)
            if self._images == "copy":
                shutil.copyfile(file, folder / image)
            elif self._images == "link":
                (folder / image).symlink_to(file.resolve())
            yield Entry(name, image, size, things, data.image_ids.get(data.ids[number]))
            self._shown.update(thing.name for thing in things)
            self._counts["crowd"] += sum(thing.crowd for thing in things)
            self._counts["difficult"] += sum(thing.difficult and not thing.crowd for thing in things)
            self._counts["renamed"] += name != data.ids[number]
            self._counts["images"] += 1
            self._progress("images", self._counts["images"], self._total)

    def losses(self, format: str) -> Iterator[str]:
        """Yield what the format did not hold."""
        holds = DATA_WRITERS[format].holds
        for flag in ("difficult", "crowd"):
            if (count := self._counts[flag]) and flag not in holds:
                now = "difficult" if "difficult" in holds else "ordinary"
                yield f"{format} has no place for the mark {flag}: {count:,} such objects are {now} ones now"
        if "classes" not in holds:
            back = VOC_CLASSES if self._shown <= set(VOC_CLASSES) else tuple(sorted(self._shown))
            if lost := [name for name in self.categories if name not in back]:
                yield f"{format} has no list of classes: without objects there, {', '.join(lost)} are lost"
            kept = [name for name in back if name in self.categories]
            if kept != [name for name in self.categories if name in back]:
                yield f"{format} has no list of classes: they come back in the order {', '.join(kept)}"
        if count := self._counts["renamed"]:
            yield f"{count:,} images have other names, because theirs are none for files or occur twice"


def _names(parts: Mapping[str, DataSet]) -> dict[str, list[str]]:
    """Return the new names of the images of every part, unique among all.

    Raises:
        DataError: If an image is in two parts, or two cannot be told apart.
    """
    places = Counter(data.image_path(number) for data in parts.values() for number in range(len(data)))
    if places and (twice := places.most_common(1)[0])[1] > 1:
        raise DataError(f"{twice[0]}: is in several of the splits {', '.join(parts)}: choose some that share no images")
    names = {split: [plain_name(id_) for id_ in data.ids] for split, data in parts.items()}
    counts = Counter(name for part in names.values() for name in part)
    names = {
        split: [name if counts[name] == 1 or not split else f"{split}_{name}" for name in part]
        for split, part in names.items()
    }
    counts = Counter(name for part in names.values() for name in part)
    if counts and (twice_named := counts.most_common(1)[0])[1] > 1:
        raise DataError(f"several images would be called {twice_named[0]!r}")
    return names


def _categories(parts: Mapping[str, DataSet]) -> dict[str, int]:
    """Return the classes of all parts in label order with their numbers: those of the source if they go with that."""
    classes = list(dict.fromkeys(name for data in parts.values() for name in data.classes))
    known = {name: number for data in parts.values() for name, number in data.category_ids.items()}
    numbers = [known.get(name, 0) for name in classes]
    kept = all(name in known for name in classes) and numbers == sorted(set(numbers))
    return dict(zip(classes, numbers if kept else range(1, len(classes) + 1), strict=True))


def _checked(data: DataSet, i: int) -> tuple[tuple[int, int], list[Thing]]:
    """Return the size of an image, from its file, and its objects, if they fit it."""
    size, target = image_size(data.image_path(i)), data.target(i)
    crowds = target.get("crowd", [False] * len(target["labels"]))
    things = [
        Thing(data.classes[label], (x1, y1, x2, y2), bool(difficult), bool(crowd))
        for label, (x1, y1, x2, y2), difficult, crowd in zip(
            target["labels"], target["boxes"].tolist(), target["difficult"], crowds, strict=True
        )
    ]
    try:
        check_picture(Annotation(data.told_size(i), [thing[:3] for thing in things]), size)
        return size, [checked(thing._replace(box=clipped(thing.box, size)), None) for thing in things]
    except DataError as error:
        raise DataError(f"{data.image_path(i)}: {error}") from None
