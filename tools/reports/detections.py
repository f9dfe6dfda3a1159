"""What a person sees of the objects in an image: lines of text, the image with boxes on it, and each object cut out."""

import io
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from sppnet.detector import draw

from ..command.detecting.naming import MARK
from ..command.shown import shown

JPEG_QUALITY = 92


def annotate(image: npt.NDArray[np.uint8], record: dict[str, Any], classes: Sequence[str]) -> bytes:
    """Return the image with its detections drawn on it, as the bytes of a JPEG file."""
    return jpeg(drawn(image, record, classes))


def drawn(
    image: npt.NDArray[np.uint8], record: dict[str, Any], classes: Sequence[str], *, scale: float = 1
) -> Image.Image:
    """Return the image with its detections drawn on it; the image is `scale` times as large as the record's."""
    objects = record["detections"]
    return draw(
        image,
        boxes=[[scale * side for side in thing["box"]] for thing in objects],
        captions=[f"{thing['label']} {thing['score']:.2f}" for thing in objects],
        labels=[classes.index(thing["label"]) for thing in objects],
    )


def cut_out(image: npt.NDArray[np.uint8], record: dict[str, Any], name: str) -> Iterator[tuple[str, bytes]]:
    """Yield for every object a file name, `crops/CLASS/NAME-1.jpg`, and the pixels that its box touches, as JPEG."""
    for number, thing in enumerate(record["detections"], 1):
        x1, y1, x2, y2 = thing["box"]
        left, top = min(math.floor(x1), image.shape[1] - 1), min(math.floor(y1), image.shape[0] - 1)
        pixels = image[top : max(math.ceil(y2), top + 1), left : max(math.ceil(x2), left + 1)]
        yield f"crops/{thing['label'].replace('/', '_')}/{name}-{number}.jpg", jpeg(Image.fromarray(pixels))


def summary(record: dict[str, Any]) -> str:
    """Return what a person wants to know of an image: its objects, one a line, and milliseconds per stage.

    Images are worked on side by side, so the stages of one can take longer together than `wall`, which is the time
    since the one before was done.
    """
    stages = record["milliseconds"]
    times = ", ".join(f"{stage} {milliseconds:.0f}" for stage, milliseconds in stages.items())
    objects = record["detections"]
    head = f"{shown(record['image'])} {record['width']}x{record['height']}: {len(objects)} objects, ms: {times}"
    lines = [
        f"  {shown(thing['label']):<12} {thing['score']:.2f}  " + " ".join(f"{side:7.1f}" for side in thing["box"])
        for thing in objects
    ]
    return "\n".join([head, *lines])


def jpeg(picture: Image.Image) -> bytes:
    """Return a picture as the bytes of a JPEG file that carries our mark."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=JPEG_QUALITY, comment=MARK)
    return file.getvalue()
