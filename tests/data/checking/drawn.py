"""A small sound data set in every format, and what breaks its files."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sppnet.data import open_data, write_data

SIZE = 40, 30
SPLITS = {"train": "abc", "val": "de"}
LINES = {
    "train": "a.png,1,2,20,22,dog\na.png,5,5,30,28,cat\nb.png,0,0,40,30,dog\nc.png,10,10,20,24,cat\n",
    "val": "d.png,3,4,25,26,dog\ne.png,6,7,35,27,cat\n",
}
Break = Callable[[Path], object]


def draw(
    file: Path,
    seed: int,
    *,
    orientation: int = 1,
    size: tuple[int, int] = SIZE,
    format: str | None = None,
    compress_level: int = 6,
) -> None:
    """Write a picture of soft blotches, before it is turned upright; the same seed draws the same blotches."""
    file.parent.mkdir(parents=True, exist_ok=True)
    blotches = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    tags = Image.Exif()
    tags[0x0112] = orientation
    Image.fromarray(blotches).resize(size, Image.Resampling.BICUBIC).save(
        file, exif=tags, format=format, compress_level=compress_level
    )


def write_all(folder: Path) -> None:
    """Write the data set in every format."""
    source = folder / "source"
    for seed, name in enumerate("abcde"):
        draw(source / f"{name}.png", seed)
    for split, lines in LINES.items():
        (source / f"{split}.csv").write_text(lines)
    parts = {split: open_data(source, split) for split in LINES}
    for format in ("voc", "coco", "yolo", "labelme", "csv"):
        write_data(folder / format, format, parts)
    for split, names in SPLITS.items():
        (folder / "voc-xml" / split).mkdir(parents=True)
        for name in names:
            shutil.copy(folder / "voc" / "JPEGImages" / f"{name}.png", folder / "voc-xml" / split)
            shutil.copy(folder / "voc" / "Annotations" / f"{name}.xml", folder / "voc-xml" / split)


def gone(name: str) -> Break:
    """Delete a file."""
    return lambda root: (root / name).unlink()


def filled(name: str, content: str | bytes) -> Break:
    """Replace the content of a file."""
    data = content.encode() if isinstance(content, str) else content
    return lambda root: (root / name).write_bytes(data)


def cut(name: str, kept: float) -> Break:
    """Keep a share of a file."""
    return lambda root: (root / name).write_bytes(
        (root / name).read_bytes()[: int(kept * (root / name).stat().st_size)]
    )


def edited(name: str, old: str, new: str) -> Break:
    """Replace what a regular expression finds first in a text file."""

    def change(root: Path) -> None:
        text, count = re.subn(old, new, (root / name).read_text(), count=1, flags=re.DOTALL)
        assert count == 1, f"{old} is not in {name}"
        (root / name).write_text(text)

    return change


def added(name: str, text: str) -> Break:
    """Add text to a file."""
    return lambda root: (root / name).write_text((root / name).read_text() + text)


def in_json(name: str, change: Callable[[Any], object]) -> Break:
    """Change what a JSON file holds."""

    def apply(root: Path) -> None:
        content = json.loads((root / name).read_text())
        change(content)
        (root / name).write_text(json.dumps(content))

    return apply


def drawn(name: str, seed: int, **options: Any) -> Break:
    """Draw a picture."""
    return lambda root: draw(root / name, seed, **options)


def copied(name: str, other: str) -> Break:
    """Copy a file over another."""
    return lambda root: shutil.copy(root / name, root / other)


def both(*breaks: Break) -> Break:
    """Do one after the other."""
    return lambda root: [change(root) for change in breaks]
