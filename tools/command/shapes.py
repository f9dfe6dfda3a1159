"""A small data set drawn on the spot: shapes on textured backgrounds, in the layout of Pascal VOC."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sppnet.data import whole_path, write_whole

CLASSES = ("disc", "ring", "square", "triangle")
WIDTH, HEIGHT = 320, 240
MARGIN = 8  # pixels between two shapes


def write_shapes(folder: Path, *, train: int = 80, val: int = 20, seed: int = 0) -> None:
    """Write a data set with the splits train and val; the same seed writes the same files.

    Args:
        folder: Where JPEGImages, Annotations and ImageSets are written; missing folders are made.
        train: How many images the split train has.
        val: How many images the split val has.
        seed: Decides all that is drawn.
    """
    (folder / "JPEGImages").mkdir(parents=True, exist_ok=True)
    names = [f"{number:06d}" for number in range(1, train + val + 1)]
    random = np.random.default_rng(seed)
    for name in names:
        image, boxes, labels = draw_shapes(random)
        with whole_path(folder / "JPEGImages" / f"{name}.jpg", sync=False) as partial:
            Image.fromarray(image).save(partial, "JPEG", quality=95)
        write_whole(folder / "Annotations" / f"{name}.xml", _annotation(name, boxes, labels).encode(), sync=False)
    for split, members in (("train", names[:train]), ("val", names[train:])):
        write_whole(folder / "ImageSets/Main" / f"{split}.txt", "".join(f"{name}\n" for name in members).encode())


def draw_shapes(random: np.random.Generator) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], list[str]]:
    """Return a picture of one to four shapes that do not touch, their boxes float32 (N, 4) and their classes."""
    picture = Image.fromarray(_texture(random))
    canvas = ImageDraw.Draw(picture)
    boxes: list[tuple[int, int, int, int]] = []
    labels = []
    for _ in range(random.integers(1, 5)):
        side = int(random.integers(40, 101))
        left, top = int(random.integers(0, WIDTH - side + 1)), int(random.integers(0, HEIGHT - side + 1))
        box = (left, top, left + side, top + side)
        if all(_apart(box, other) for other in boxes):
            label = CLASSES[random.integers(len(CLASSES))]
            _draw_shape(canvas, label, box, tuple(random.choice([20, 235], 3).tolist()))
            boxes.append(box)
            labels.append(label)
    return np.asarray(picture), np.array(boxes, np.float32), labels


def _texture(random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return soft blotches of two colours with grain, uint8 (HEIGHT, WIDTH, 3)."""
    blotches = Image.fromarray(random.integers(100, 156, (6, 8, 3), np.uint8)).resize(
        (WIDTH, HEIGHT), Image.Resampling.BICUBIC
    )
    grain = random.normal(0, 6, (HEIGHT, WIDTH, 1))
    return np.clip(np.asarray(blotches) + grain, 0, 255).astype(np.uint8)


def _draw_shape(
    canvas: ImageDraw.ImageDraw, label: str, box: tuple[int, int, int, int], colour: tuple[int, ...]
) -> None:
    # Pillow counts the last pixel in.
    left, top, right, bottom = box[0], box[1], box[2] - 1, box[3] - 1
    if label == "disc":
        canvas.ellipse((left, top, right, bottom), fill=colour)
    elif label == "ring":
        canvas.ellipse((left, top, right, bottom), outline=colour, width=(right - left) // 6)
    elif label == "square":
        canvas.rectangle((left, top, right, bottom), fill=colour)
    else:
        canvas.polygon(((left + right) / 2, top, right, bottom, left, bottom), fill=colour)


def _apart(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> bool:
    return (
        first[0] > second[2] + MARGIN
        or second[0] > first[2] + MARGIN
        or first[1] > second[3] + MARGIN
        or second[1] > first[3] + MARGIN
    )


def _annotation(name: str, boxes: npt.NDArray[np.float32], labels: list[str]) -> str:
    """Return VOC's XML: corners are counted from 1 and the last pixel is inside."""
    objects = "".join(
        f"<object><name>{label}</name><difficult>0</difficult><bndbox><xmin>{left + 1:.0f}</xmin>"
        f"<ymin>{top + 1:.0f}</ymin><xmax>{right:.0f}</xmax><ymax>{bottom:.0f}</ymax></bndbox></object>\n"
        for (left, top, right, bottom), label in zip(boxes.tolist(), labels, strict=True)
    )
    size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
    return f"<annotation>\n<filename>{name}.jpg</filename>\n{size}\n{objects}</annotation>\n"
